import type { HandoverPeer, Router, TenantTunnel } from '../../../../src/api/index.ts';
import { Fleet } from '../../../../src/gateway/fleet.ts';
import { type Known, locate } from '../../../../src/gateway/relay/locate.ts';
import { parseAuthority } from '../../../../src/gateway/relay/target.ts';
import { handover, peerAt } from '../fixtures.ts';

/** A tunnel wg3 of TenantTunnel acme/acme with these routers on this node, as far as the fleet goes. */
function fleetWith(peers: readonly HandoverPeer[]): Fleet {
  const fleet = new Fleet();
  const desired = {
    handover,
    interface: undefined,
    peers: new Map(
      peers.map((router) => [
        router.publicKey,
        { peer: { publicKey: router.publicKey, allowedIPs: router.allowedIPs }, router, block: 1 },
      ]),
    ),
    problems: [],
  };
  fleet.update(fleet.ensure('wg3'), desired, () => ({}) as never);
  return fleet;
}

const tunnel = (name: string, status: object, namespace = name): TenantTunnel =>
  ({ metadata: { namespace, name }, spec: {}, status }) as never;

function knows({
  peers = [] as HandoverPeer[],
  isCarrier = true,
  tunnels = [] as TenantTunnel[],
  routers = {},
} = {}): Known {
  const fleet = fleetWith(peers);
  return {
    place: (key) => fleet.place(key),
    ownedBy: (key) => fleet.ownedBy(key),
    router: (key) => (routers as Record<string, Router>)[key],
    tenantTunnel: (key) => tunnels.find(({ metadata }) => `${metadata.namespace}/${metadata.name}` === key),
    tunnelsOfTenant: (tenant) => tunnels.filter(({ metadata }) => metadata.name === tenant),
    isCarrier,
  };
}

const acme = tunnel('acme', { interfaceName: 'wg3', gateway: 'edge-1' });
const first = peerAt(1);
const wide = peerAt(2, { allowedIPs: ['10.100.1.2/32', '192.168.0.0/16'] });
const narrow = peerAt(3, { allowedIPs: ['10.100.1.3/32', '192.168.7.0/24'] });
const find = (text: string, known: Known) => locate(parseAuthority(text), known);

describe('by name', () => {
  test('a router of a tunnel on this node is here', () => {
    expect(find('router-1.acme.router:22', knows({ peers: [first] }))).toEqual({
      at: 'here',
      interfaceName: 'wg3',
      address: '10.100.1.1',
      router: first,
    });
  });

  const status = { tunnel: 'acme/acme', phase: 'Online' };
  const routers = { 'acme/router-1': { status } };

  test('one of another node is there; so is one of this node whose tunnels another pod has in hand', () => {
    const there = { at: 'node', node: 'edge-1', tenantTunnel: 'acme/acme' };
    expect(find('router-1.acme.router:22', knows({ routers, tunnels: [acme] }))).toEqual(there);
    const standby = knows({ peers: [first], isCarrier: false, routers, tunnels: [acme] });
    expect(find('router-1.acme.router:22', standby)).toEqual(there);
  });

  test.each([
    ['there is none', {}, 'nowhere', /There is no Router acme\/router-1/],
    ['it is suspended', { status: { ...status, phase: 'Suspended' } }, 'unreachable', /suspended/],
    ['it has no tunnel', { status: {} }, 'unreachable', /no tunnel yet/],
    ['it has no status', {}, 'unreachable', /no tunnel yet/],
    ['its tunnel is gone', { status: { ...status, tunnel: 'acme/gone' } }, 'unreachable', /on no node yet/],
  ])('where %s, that is said', (what, router, at, why) => {
    const some = what === 'there is none' ? {} : { 'acme/router-1': router };
    expect(find('router-1.acme.router:22', knows({ routers: some, tunnels: [acme] }))).toMatchObject({
      at,
      why: expect.stringMatching(why),
    });
  });
});

describe('by address and tenant', () => {
  const known = knows({ peers: [first, wide, narrow], tunnels: [acme] });

  test.each([
    ['10.100.1.1', first],
    ['10.100.1.3', narrow],
    ['192.168.1.1', wide],
    ['192.168.7.20', narrow],
  ])('%s is told with the router that it belongs to, the narrowest network first', (address, router) => {
    expect(find(`${address}.acme.tenant:80`, known)).toEqual({
      at: 'here',
      interfaceName: 'wg3',
      address,
      router,
    });
  });

  test('what no router has is nowhere, in the namespace of the tunnel', () => {
    // The server itself, its neighbours, the node, the cloud.
    for (const address of ['10.100.0.1', '10.100.1.4', '127.0.0.1', '169.254.169.254', '10.96.0.1']) {
      expect(find(`${address}.acme.tenant:80`, known)).toMatchObject({ at: 'nowhere', namespace: 'acme' });
    }
  });

  test('another tenant with the very same address has it elsewhere', () => {
    const globex = tunnel('globex', { interfaceName: 'wg9', gateway: 'edge-2' });
    const both = knows({ peers: [first], tunnels: [acme, globex] });
    expect(find('10.100.1.1.acme.tenant:80', both)).toMatchObject({ at: 'here', router: first });
    expect(find('10.100.1.1.globex.tenant:80', both)).toEqual({
      at: 'node',
      node: 'edge-2',
      tenantTunnel: 'globex/globex',
    });
    expect(find('10.100.1.1.initech.tenant:80', both)).toMatchObject({ at: 'nowhere', namespace: '' });
  });

  test('of two that claim a tenant, the one with a tunnel counts', () => {
    const thief = tunnel('acme', {}, 'elsewhere');
    for (const tunnels of [
      [thief, acme],
      [acme, thief],
    ]) {
      expect(find('10.100.1.1.acme.tenant:80', knows({ peers: [first], tunnels }))).toMatchObject({
        at: 'here',
      });
    }
    expect(find('10.100.1.1.acme.tenant:80', knows({ tunnels: [thief] }))).toMatchObject({
      at: 'unreachable',
    });
  });
});
