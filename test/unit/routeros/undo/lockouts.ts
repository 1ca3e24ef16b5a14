import type { Change } from '../../../../src/routeros/undo/index.ts';
import type { DeskRouter } from '../../../simulator/desk/router.ts';
import type { Row } from '../../../simulator/engine/index.ts';

/** Changes that cut the tunnel or us, and nothing of theirs may stay. */
export interface LockOut {
  name: string;
  changes: (router: DeskRouter) => Change[];
}

const FILTER = '/ip/firewall/filter';
const TUNNEL = 'tenant-tunnel';
let marks = 0;

const row = (router: DeskRouter, path: string, match: (row: Row) => boolean): Row => {
  const found = router.rows(path).find((candidate) => candidate.dynamic !== 'true' && match(candidate));
  if (found === undefined) throw new Error(`no such row in ${path}`);
  return found;
};

const add = (path: string, values: Record<string, string>, before?: string): Change => {
  marks += 1;
  const comment = `tenant-tunnel profile test/${marks}`;
  const place = before === undefined ? {} : { before };
  return { kind: 'add', path, values: { ...values, comment }, mark: { comment }, ...place };
};

const set = (path: string, found: Row, values: Record<string, string>): Change => ({
  kind: 'set',
  path,
  id: found['.id'] ?? '',
  values,
  was: Object.fromEntries(Object.keys(values).map((name) => [name, found[name] ?? null])),
});

const remove = (path: string, found: Row): Change => ({
  kind: 'remove',
  path,
  id: found['.id'] ?? '',
  canDisable: true,
});

/** Rules before all others. */
const onTop = (name: string, ...rules: Record<string, string>[]): LockOut => ({
  name,
  changes: (router) => {
    const first = row(router, FILTER, () => true)['.id'];
    return rules.map((rule) => add(FILTER, rule, first));
  },
});

const changing = (
  name: string,
  path: string,
  match: (row: Row) => boolean,
  values: Record<string, string>,
): LockOut => ({
  name,
  changes: (router) => [set(path, row(router, path, match), values)],
});

const removing = (name: string, path: string, match: (row: Row) => boolean): LockOut => ({
  name,
  changes: (router) => [remove(path, row(router, path, match))],
});

const adding = (name: string, path: string, values: Record<string, string>): LockOut => ({
  name,
  changes: () => [add(path, values)],
});

const apiRule = (rule: Row): boolean => rule.comment === 'tenant-tunnel: API from the server';
const ours = (name: string) => (candidate: Row) => candidate.interface === name;
const named = (name: string) => (candidate: Row) => candidate.name === name;
const input = { chain: 'input', action: 'drop' };
const output = { chain: 'output', action: 'drop' };

export const LOCK_OUTS: readonly LockOut[] = [
  onTop('drop everything that comes in', input),
  onTop('drop the API', { ...input, protocol: 'tcp', 'dst-port': '8728' }),
  onTop('drop what comes out of the tunnel', { ...input, 'in-interface': TUNNEL }),
  onTop('drop the tunnel’s network', { ...input, 'src-address': '10.100.0.0/16' }),
  onTop('drop the server', { ...input, 'src-address': '10.100.0.1' }),
  onTop('reject all TCP', { chain: 'input', action: 'reject', protocol: 'tcp' }),
  onTop('drop all UDP', { ...input, protocol: 'udp' }),
  onTop('drop WireGuard by its port', { ...input, protocol: 'udp', 'src-port': '51900-51910' }),
  onTop('drop the uplink', { ...input, 'in-interface': 'ether1' }),
  onTop('drop the WAN list', { ...input, 'in-interface-list': 'WAN' }),
  onTop('drop all that is not LAN', { ...input, 'in-interface-list': '!LAN' }),
  onTop('drop everything that goes out', output),
  onTop('drop what goes into the tunnel', { ...output, 'out-interface': TUNNEL }),
  onTop('drop UDP that goes out', { ...output, protocol: 'udp' }),
  onTop('drop answers of the API', { ...output, protocol: 'tcp', 'src-port': '8728' }),
  onTop('drop what is established', { ...input, 'connection-state': 'established' }),
  onTop('drop new TCP', { ...input, protocol: 'tcp', 'connection-state': 'new' }),
  onTop('drop all but a network', { ...input, 'src-address': '!192.168.88.0/24' }),
  onTop(
    'jump into a chain that drops',
    { chain: 'guard', action: 'drop' },
    { chain: 'input', action: 'jump', 'jump-target': 'guard' },
  ),
  onTop('tarpit the API', { chain: 'input', action: 'tarpit', protocol: 'tcp', 'dst-port': '8000-9000' }),
  changing('disable our rule', FILTER, apiRule, { disabled: 'true' }),
  removing('remove our rule', FILTER, apiRule),
  {
    name: 'move our rule to the end',
    changes: (router) => {
      const rules = router.rows(FILTER);
      const at = rules.findIndex(apiRule);
      const place = rules[at + 1]?.['.id'];
      return [
        {
          kind: 'move',
          path: FILTER,
          id: rules[at]?.['.id'] ?? '',
          ...(place === undefined ? {} : { wasBefore: place }),
        },
      ];
    },
  },
  changing('another source in our rule', FILTER, apiRule, { 'src-address': '10.9.9.9' }),
  changing('another port in our rule', FILTER, apiRule, { 'dst-port': '8729' }),
  changing('our rule drops', FILTER, apiRule, { action: 'drop' }),
  changing(
    'the default rule for what is established drops',
    FILTER,
    (rule) => rule['connection-state'] === 'established,related,untracked',
    { action: 'drop' },
  ),
  changing('disable the API', '/ip/service', named('api'), { disabled: 'true' }),
  changing('move the API to another port', '/ip/service', named('api'), { port: '9999' }),
  {
    name: 'close the API to the server',
    changes: (router) => {
      const api = row(router, '/ip/service', named('api'));
      const property = 'available-from' in api ? 'available-from' : 'address';
      return [set('/ip/service', api, { [property]: '192.168.88.0/24' })];
    },
  },
  removing('remove our user', '/user', named(TUNNEL)),
  changing('take reading from our group', '/user/group', named(TUNNEL), { policy: 'api,write,policy,test' }),
  changing('take our user’s rights', '/user', named(TUNNEL), { group: 'read' }),
  changing('take the API from our group', '/user/group', named(TUNNEL), { policy: 'read,write,policy,test' }),
  changing('another name for our user', '/user', named(TUNNEL), { name: 'somebody' }),
  changing('our user from elsewhere alone', '/user', named(TUNNEL), { address: '192.168.88.0/24' }),
  changing('disable our address', '/ip/address', ours(TUNNEL), { disabled: 'true' }),
  changing('another address', '/ip/address', ours(TUNNEL), { address: '10.100.1.99/16' }),
  removing('remove our address', '/ip/address', ours(TUNNEL)),
  changing('our address on another interface', '/ip/address', ours(TUNNEL), { interface: 'bridge' }),
  changing('disable the DHCP client', '/ip/dhcp-client', ours('ether1'), { disabled: 'true' }),
  adding('another way to the server', '/ip/route', {
    'dst-address': '10.100.0.1/32',
    gateway: '192.168.88.99',
  }),
  adding('another way to half of the internet', '/ip/route', {
    'dst-address': '128.0.0.0/1',
    gateway: '192.168.88.99',
  }),
  adding('another way to the server outside', '/ip/route', {
    'dst-address': '198.51.100.7/32',
    gateway: 'bridge',
  }),
  changing('disable the tunnel', '/interface/wireguard', named(TUNNEL), { disabled: 'true' }),
  changing('disable the uplink', '/interface/ethernet', named('ether1'), { disabled: 'true' }),
  changing('another port of the endpoint', '/interface/wireguard/peers', ours(TUNNEL), {
    'endpoint-port': '51821',
  }),
  removing('remove the peer', '/interface/wireguard/peers', ours(TUNNEL)),
  adding('send the API elsewhere', '/ip/firewall/nat', {
    chain: 'dstnat',
    action: 'redirect',
    protocol: 'tcp',
    'dst-port': '8728',
    'to-ports': '1',
  }),
  {
    name: 'ninety rules, and then a drop',
    changes: (router) => {
      const first = row(router, FILTER, () => true)['.id'];
      const harmless = Array.from({ length: 90 }, (_, at) =>
        add(FILTER, { chain: 'forward', action: 'accept', 'src-address': `192.168.${at}.0/24` }),
      );
      return [...harmless, add(FILTER, input, first)];
    },
  },
];
