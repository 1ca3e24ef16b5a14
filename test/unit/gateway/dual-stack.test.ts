/** IPv6 inside of tunnels, as the agent makes it out of what was handed over. */
import { desiredTunnel, TunnelMemory } from '../../../src/gateway/desired-tunnel.ts';
import { planTunnel } from '../../../src/gateway/tunnel-plan.ts';
import { objectsOf, peerAt, tunnelObject } from './fixtures.ts';

const SUBNET6 = 'fd12:3456:789a:3::/64';
const plain = peerAt(1);
const lan = peerAt(2, { allowedIPs: ['10.100.1.2/32', '192.168.88.0/24'] });
const routers = [plain, lan];
const dual = objectsOf(routers, { tunnel: tunnelObject({ subnet6: SUBNET6 }) });

test('the server and each router have an address in the /64, of the number of their others', () => {
  const desired = desiredTunnel(3, dual, new TunnelMemory());
  expect(desired.problems).toEqual([]);
  expect(desired.interface?.addresses).toEqual(['10.100.0.1/16', 'fd12:3456:789a:3::1/64']);
  expect([...desired.peers.values()].map(({ peer }) => peer.allowedIPs)).toEqual([
    ['10.100.1.1/32', 'fd12:3456:789a:3::101/128'],
    ['10.100.1.2/32', 'fd12:3456:789a:3::102/128', '192.168.88.0/24'],
  ]);
});

test('a tunnel that gets its /64 is given as a whole, once, and a router after that alone', () => {
  const memory = new TunnelMemory();
  const before = desiredTunnel(3, objectsOf(routers), memory);
  expect(before.interface?.addresses).toEqual(['10.100.0.1/16']);
  const first = planTunnel(before, undefined, false);
  if (first.call !== 'put') throw new Error(first.call);
  const after = desiredTunnel(3, { ...objectsOf(routers), tunnel: dual.tunnel }, memory);
  const second = planTunnel(after, first.given, true);
  expect(second).toMatchObject({
    call: 'put',
    state: { peers: [{ allowedIPs: ['10.100.1.1/32', 'fd12:3456:789a:3::101/128'] }, {}] },
  });
  if (second.call !== 'put') throw new Error(second.call);
  const more = { ...objectsOf([...routers, peerAt(3)]), tunnel: dual.tunnel };
  expect(planTunnel(desiredTunnel(3, more, memory), second.given, true)).toMatchObject({
    call: 'patch',
    change: { set: [{ allowedIPs: ['10.100.1.3/32', 'fd12:3456:789a:3::103/128'] }], remove: [] },
  });
});

test.each(['fe80::/64', 'fd12::/48', 'FD12::/64', 'nonsense', 7, null])(
  'a tunnel whose /64 somebody made %p of is left as it is',
  (subnet6) => {
    const edited = objectsOf(routers, { tunnel: tunnelObject({ subnet6 }) });
    const desired = desiredTunnel(3, edited, new TunnelMemory());
    expect(desired.interface).toBeUndefined();
    expect(desired.problems[0]?.message).toContain('no IPv6 network of a tunnel as subnet6');
  },
);
