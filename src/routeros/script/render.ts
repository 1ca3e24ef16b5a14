import type { ScriptInput } from './input.ts';
import { interfaceWithKey, interfaceWithOwnKey } from './interface.ts';
import { address6, sayingOf } from './ipv6.ts';
import { INTERFACE } from './names.ts';
import { quote } from './quote.ts';
import { sharedParts } from './shared-parts.ts';
import { address, bareHost, identity, indent, type Lines, managementUser, peer } from './steps.ts';

/** Longer than a handshake with one retry (WireGuard paper §6.1: 5 s). */
const SECONDS_TO_WAIT_FOR_HANDSHAKE = 10;

/**
 * The script that a person pastes into a router's terminal once: docs/routeros-script.md says what each part does.
 * One text for RouterOS 7.9 to 7.24; the same input gives the same text. Never throws.
 */
export function renderScript(input: ScriptInput): string {
  const { letIn, resolveAgain } = sharedParts(input);
  return `${[
    ...head(input),
    // One block: each pasted line is a scope of its own, in which variables of the line before are gone.
    '{',
    ':local ttBad ""',
    // Out here, since the last line is not in the scope of what sets it.
    ...(input.ipv6 === undefined ? [] : [':local ttSix ""']),
    ...(input.privateKey === undefined
      ? interfaceWithOwnKey(input)
      : interfaceWithKey(input.privateKey, input.mtu)),
    // Without the interface nothing else is of use: then nothing else is changed.
    ':if ([:len $ttBad] = 0) do={',
    ...address(input),
    ...address6(input),
    ...managementUser(input),
    letIn,
    ...identity(input),
    resolveAgain,
    // Last: with the peer comes the handshake, and with that the operator logs in.
    ...peer(input),
    '}',
    ...outcome(input),
    '}',
  ].join('\n')}\n`;
}

function head(input: ScriptInput): Lines {
  const { router, tenant, identity, address, prefixLength, ipv6, routerSubnets = [] } = input;
  const and6 = ipv6 === undefined ? '' : ` and ${quote(`${ipv6.address}/64`)}`;
  const lines = [
    'tenant-tunnel: connects this MikroTik router to its platform by WireGuard.',
    `Router ${quote(`${router.namespace}/${router.name}`)} of tenant ${quote(tenant)}, named ${quote(identity)},`,
    `address ${quote(`${address}/${prefixLength}`)}${and6}. For RouterOS 7.9 to 7.24.`,
  ];
  if (routerSubnets.length > 0) lines.push(`Networks behind it: ${quote(routerSubnets.join(' '))}.`);
  lines.push(
    'Paste all of it into a terminal, or /import it as a file, as a user of group full.',
    'Pasting again is harmless until the router is Online. It holds secrets: keep it to yourself.',
  );
  return lines.map((line) => `# ${line}`);
}

function outcome(input: ScriptInput): Lines {
  const { router, server, persistentKeepaliveSeconds } = input;
  const name = `${router.namespace}/${router.name}`;
  // The router goes on trying by itself, so this is no failure of the script.
  const endpoint = `${bareHost(server.endpointHost)} port ${server.endpointPort}`;
  const silent = `tenant-tunnel: ${name} is set up, but ${endpoint} does not answer yet. Is the router on the internet, and UDP let out?`;
  const worked =
    persistentKeepaliveSeconds === 0
      ? [`:put ${sayingOf(input, `tenant-tunnel: OK, ${name} is set up.`)}`]
      : [
          ...handshake(),
          ':if ([:len $ttShake] > 0) do={',
          `  :put ${sayingOf(input, `tenant-tunnel: OK, ${name} is set up and the tunnel is up.`)}`,
          `} else={ :put ${sayingOf(input, silent)} }`,
        ];
  return [
    ':if ([:len $ttBad] > 0) do={',
    `  :put (${quote(`tenant-tunnel: FAILED, ${name} is not set up`)} . $ttBad . ". Mend this and paste again.")`,
    '} else={',
    ...indent(worked),
    '}',
  ];
}

/** Waits a moment for the first handshake: the peer was made anew, so any there is belongs to it. */
function handshake(): Lines {
  const peers = `/interface/wireguard/peers/find where interface=${quote(INTERFACE)}`;
  return [
    ':local ttShake ""',
    `:for ttTry from=1 to=${SECONDS_TO_WAIT_FOR_HANDSHAKE} do={`,
    '  :if ([:len $ttShake] = 0) do={',
    '    :delay 1s',
    `    :do { :foreach ttPeer in=[${peers}] do={`,
    '      :set ttShake [:tostr [/interface/wireguard/peers/get $ttPeer last-handshake]]',
    '    } } on-error={}',
    '  }',
    '}',
  ];
}
