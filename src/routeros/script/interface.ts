import type { ScriptInput } from './input.ts';
import { COMMENT, INTERFACE } from './names.ts';
import { quote } from './quote.ts';
import { blame, indent, type Lines, OWN_INTERFACE, step } from './steps.ts';

const EXISTS = `[:len [/interface/wireguard/find where name=${quote(INTERFACE)}]]`;
const SEE = 'see /interface/wireguard/print';

/** The first port tried for a new interface: not the default, which a customer's own WireGuard may have. */
const FIRST_LISTEN_PORT = 13871;

/** The interface with the key that the operator made. Its port, once it has one, stays. */
export function interfaceWithKey(privateKey: string, mtu: number): Lines {
  const settings = [
    `private-key=$ttKey mtu=${quote(String(mtu))} comment=${quote(COMMENT.interface)}`,
    'disabled=no',
  ].join(' ');
  return step(`interface: ${SEE}`, [
    `:local ttKey ${quote(privateKey)}`,
    `:if (${EXISTS} = 0) do={`,
    `  :local ttPort ${FIRST_LISTEN_PORT}`,
    '  :while ([:len [/interface/wireguard/find where listen-port=$ttPort]] > 0) do={ :set ttPort ($ttPort + 1) }',
    `  /interface/wireguard/add name=${quote(INTERFACE)} listen-port=$ttPort ${settings}`,
    `} else={ /interface/wireguard/set ${OWN_INTERFACE} ${settings} }`,
  ]);
}

/** The interface whose key only the router knows: never made here, since making it would make a key. */
export function interfaceWithOwnKey({ mtu, publicKey }: Pick<ScriptInput, 'mtu' | 'publicKey'>): Lines {
  const set = `/interface/wireguard/set ${OWN_INTERFACE} mtu=${quote(String(mtu))} disabled=no`;
  const missing = [
    `interface: this router is to have its own key, and there is no interface ${INTERFACE}.`,
    `Make it with /interface/wireguard/add name=${INTERFACE}, put its public key into the Router's spec.publicKey`,
  ].join(' ');
  const checked =
    publicKey === undefined
      ? [set]
      : [
          `:if ([/interface/wireguard/get ${OWN_INTERFACE} public-key] != ${quote(publicKey)}) do={`,
          `  ${blame(`interface: its public key is not the one in the Router's spec.publicKey, ${publicKey}`)}`,
          `} else={ ${set} }`,
        ];
  return step(`interface: ${SEE}`, [
    `:if (${EXISTS} = 0) do={`,
    `  ${blame(missing)}`,
    '} else={',
    ...indent(checked),
    '}',
  ]);
}
