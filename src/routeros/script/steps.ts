import type { ScriptInput, SharedInput } from './input.ts';
import { COMMENT, INTERFACE, POLICIES, USER_GROUP } from './names.ts';
import { quote } from './quote.ts';

/**
 * The parts of the script that are the same in every variant. Each is one `:do { } on-error={ }`, so that a part
 * that fails is named at the end and does not keep the others from running. All arguments outside of `:parse` exist
 * in every version from 7.9 on: one unknown word could keep the whole block from loading.
 *
 * Rules for what is written here: variables are called `tt…`, since one named like a property would match every
 * row in a `find`; `get` only sees rows that a `foreach` or a length check has found, since an empty or ambiguous
 * row is an error that on-error does not catch; nothing later than 7.9 outside of `:parse`.
 */
export type Lines = readonly string[];

/** One part; `remedy` is what the last line says if it fails. */
export function step(remedy: string, lines: Lines): Lines {
  return [':do {', ...indent(lines), `} on-error={ ${blame(remedy)} }`];
}

/** Records a failure for the script's last line. */
export const blame = (remedy: string): string => `:set ttBad ($ttBad . ${quote(` - ${remedy}`)})`;

export const indent = (lines: Lines): Lines => lines.map((line) => `  ${line}`);

export const OWN_INTERFACE = `[find where name=${quote(INTERFACE)}]`;

/**
 * Peers of our interface are ours, whatever their key: they go, and the one that is right comes. Making it anew
 * also resets what versions differ in (name, responder, …), and makes no use of how each of them unsets a value.
 */
export function peer(input: ScriptInput): Lines {
  const { server, persistentKeepaliveSeconds, address, prefixLength, ipv6 } = input;
  const psk = server.presharedKey;
  const allowed = networkOf(address, prefixLength);
  const add = (networks: string): string =>
    [
      `/interface/wireguard/peers/add interface=${quote(INTERFACE)} public-key=$ttKey`,
      ...(psk === undefined ? [] : ['preshared-key=$ttShared']),
      `endpoint-address=${quote(bareHost(server.endpointHost))} endpoint-port=${quote(String(server.endpointPort))}`,
      `allowed-address=${quote(networks)}`,
      `persistent-keepalive=${quote(`${persistentKeepaliveSeconds}s`)} comment=${quote(COMMENT.interface)}`,
    ].join(' ');
  return step('peer: see whether another interface has it, /interface/wireguard/peers/print', [
    `:local ttKey ${quote(server.publicKey)}`,
    ...(psk === undefined ? [] : [`:local ttShared ${quote(psk)}`]),
    `/interface/wireguard/peers/remove [find where interface=${quote(INTERFACE)}]`,
    // A router without IPv6 may refuse a network of it, and needs the peer all the same.
    ...(ipv6 === undefined
      ? [add(allowed)]
      : [`:do { ${add(`${allowed},${ipv6.subnet}`)}`, `} on-error={ ${add(allowed)} }`]),
  ]);
}

/** The address with its length is also the route to the tunnel's subnet. */
export function address({ address, prefixLength }: ScriptInput): Lines {
  const own = quote(`${address}/${prefixLength}`);
  const ours = `interface=${quote(INTERFACE)}`;
  return step('address: see whether another interface has it, /ip/address/print', [
    `:if ([:len [/ip/address/find where ${ours} and address=${own}]] = 0) do={`,
    `  /ip/address/add ${ours} address=${own} comment=${quote(COMMENT.interface)}`,
    `} else={ /ip/address/set [find where ${ours} and address=${own}] disabled=no }`,
    `/ip/address/remove [find where ${ours} and address!=${own}]`,
  ]);
}

/** A user of that name without our comment is the customer's: it is left alone, and the script says so. */
export function managementUser({ management, server }: ScriptInput): Lines {
  const name = quote(management.user);
  const group = quote(USER_GROUP);
  const policy = quote(POLICIES.join(','));
  const ours = quote(COMMENT.user);
  const access = `group=${group} password=$ttPass address=${quote(`${server.address}/32`)}`;
  return step('user: log in as a user of group full; a user of this name that is not ours is not changed', [
    `:if ([:len [/user/group/find where name=${group}]] = 0) do={`,
    `  /user/group/add name=${group} policy=${policy}`,
    `} else={ /user/group/set [find where name=${group}] policy=${policy} }`,
    `:local ttPass ${quote(management.password)}`,
    `:if ([:len [/user/find where name=${name}]] = 0) do={`,
    `  /user/add name=${name} ${access} comment=${ours}`,
    '} else={',
    `  :if ([:len [/user/find where name=${name} and comment=${ours}]] = 0) do={ :error "user" }`,
    `  /user/set [find where name=${name}] ${access} disabled=no`,
    '}',
    `/user/remove [find where comment=${ours} and name!=${name}]`,
  ]);
}

/**
 * Who may connect to the API: what the customer has listed, and the server; not a server of an earlier script, which
 * our own rule still names. 7.24 calls the list `available-from`, before it was `address`: each is tried in text
 * of its own. A list that cannot be read is never written.
 */
export function apiService({ management, server }: SharedInput): Lines {
  const own = quote(server.address);
  const ownNetwork = quote(`${server.address}/32`);
  return step('API service: see /ip/service/print', [
    ':local ttWas ""',
    `:foreach ttRule in=[/ip/firewall/filter/find where comment=${quote(COMMENT.apiRule)}] do={`,
    '  :set ttWas [:tostr [/ip/firewall/filter/get $ttRule src-address]]',
    '}',
    ':local ttRead 0',
    ':local ttList ""',
    ':foreach ttText in={":return [/ip/service/get api available-from]";":return [/ip/service/get api address]"} do={',
    '  :if ([:len $ttList] = 0) do={',
    '    :do {',
    '      :local ttGet [:parse $ttText]',
    '      :foreach ttItem in=[:toarray [$ttGet]] do={',
    '        :local ttHost [:tostr $ttItem]',
    `        :if ($ttHost != ${own} and $ttHost != ${ownNetwork} and $ttHost != $ttWas and $ttHost != ($ttWas . "/32")) do={`,
    '          :set ttList ($ttList . $ttHost . ",")',
    '        }',
    '      }',
    '      :set ttRead 1',
    '    } on-error={}',
    '  }',
    '}',
    ':if ($ttRead = 0) do={ :error "list" }',
    `:set ttList ($ttList . ${ownNetwork})`,
    // The list first: the service is never on without it.
    ':do {',
    '  :local ttSet [:parse ("/ip/service/set api available-from=\\"" . $ttList . "\\"")]',
    '  $ttSet',
    '} on-error={',
    '  :local ttSet [:parse ("/ip/service/set api address=\\"" . $ttList . "\\"")]',
    '  $ttSet',
    '}',
    `/ip/service/set api disabled=no port=${quote(String(management.apiPort))}`,
  ]);
}

export function identity({ identity }: ScriptInput): Lines {
  return step('identity: see /system/identity/print', [`/system/identity/set name=${quote(identity)}`]);
}

/** `[2001:db8::1]` as people write it in an endpoint, without the brackets. */
export const bareHost = (host: string): string => host.replace(/^\[(.*)\]$/, '$1');

/** The network of an IPv4 address: `10.100.1.1`, 16 → `10.100.0.0/16`. Text that is no IPv4 address is kept. */
export function networkOf(address: string, prefixLength: number): string {
  const octets = address.split('.').map(Number);
  if (octets.length !== 4 || octets.some((octet) => !(octet >= 0 && octet <= 255)))
    return `${address}/${prefixLength}`;
  const bits = octets.map((octet, index) => {
    const kept = Math.min(8, Math.max(0, prefixLength - 8 * index));
    return octet & (0xff00 >> kept) & 0xff;
  });
  return `${bits.join('.')}/${prefixLength}`;
}
