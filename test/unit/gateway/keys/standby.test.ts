import { newLink } from '../../../../src/gateway/connectivity.ts';
import { desiredTunnel, TunnelMemory } from '../../../../src/gateway/desired-tunnel.ts';
import { Fleet } from '../../../../src/gateway/fleet.ts';
import { observeStandbys } from '../../../../src/gateway/keys/standby.ts';
import { type Given, planTunnel } from '../../../../src/gateway/tunnel-plan.ts';
import type { Peer } from '../../../../src/wireguard/index.ts';
import { generateKeyPair } from '../../../../src/wireguard/index.ts';
import { accessObject, objectsOf, peerAt, peersObject } from '../fixtures.ts';

const a = peerAt(1);
const b = peerAt(2);
const next = generateKeyPair().publicKey;

/** An agent and the node's WireGuard, with two routers of which the first has made a key. */
function gateway() {
  const fleet = new Fleet();
  const memory = new TunnelMemory();
  const tunnel = fleet.ensure('wg3');
  const device = new Map<string, readonly string[]>();
  let given: Given | undefined;
  const set = ({ publicKey, allowedIPs }: Peer): void => {
    for (const [key, networks] of device)
      device.set(
        key,
        networks.filter((network) => !allowedIPs.includes(network)),
      );
    device.set(publicKey, allowedIPs);
  };
  const take = (routers = [a, b], nexts: Record<string, string> = {}) => {
    const peers = peersObject(routers);
    const access = accessObject(routers, undefined, undefined, nexts);
    const reading = desiredTunnel(
      3,
      objectsOf(routers, { peers: new Map([[1, peers]]), access: new Map([[1, access]]) }),
      memory,
    );
    expect(reading.problems).toEqual([]);
    fleet.update(tunnel, reading, () => newLink({ wall: 0, monotonic: 0 }));
    const step = planTunnel({ ...reading, peers: tunnel.desired.peers }, given, true, tunnel.turned);
    if (step.call === 'none') return 'none';
    if (step.call === 'put') {
      device.clear();
      step.state.peers.forEach(set);
    } else {
      for (const key of step.change.remove) device.delete(key);
      step.change.set.forEach(set);
    }
    given = step.given;
    tunnel.given = step.given;
    return step.call;
  };
  return { fleet, tunnel, device, take };
}

describe('a key that a router has made', () => {
  test('is let in without networks, gets them with its handshake, and is the only one in the end', () => {
    const { fleet, tunnel, device, take } = gateway();
    take();
    const link = { ...newLink({ wall: 0, monotonic: 0 }), state: 'Connected' as const, arrivals: 3 };
    tunnel.links.set(a.publicKey, link);
    expect(take([a, b], { [a.address]: next })).toBe('patch');
    expect(Object.fromEntries(device)).toEqual({
      [a.publicKey]: a.allowedIPs,
      [b.publicKey]: b.allowedIPs,
      [next]: [],
    });
    expect([...tunnel.links.keys()].sort()).toEqual([a.publicKey, b.publicKey].sort());
    expect(observeStandbys(tunnel, new Map([[a.publicKey, 100]]))).toBe(false);
    expect(observeStandbys(tunnel, new Map([[next, 100]]))).toBe(true);
    expect(take([a, b], { [a.address]: next })).toBe('patch');
    expect(device.get(next)).toEqual(a.allowedIPs);
    expect(device.get(a.publicKey)).toEqual([]);
    expect(observeStandbys(tunnel, new Map([[next, 160]]))).toBe(false);
    expect(take([a, b], { [a.address]: next })).toBe('none');

    const own = { ...a, publicKey: next };
    expect(take([own, b])).toBe('patch');
    expect(Object.fromEntries(device)).toEqual({ [next]: a.allowedIPs, [b.publicKey]: b.allowedIPs });
    // The same router as before, and as connected.
    expect(tunnel.links.get(next)).toBe(link);
    expect(fleet.place(`${a.namespace}/${a.name}`)?.peer.router.publicKey).toBe(next);
    expect(fleet.hasDeparted(`${a.namespace}/${a.name}`, a.uid)).toBe(false);
    observeStandbys(tunnel, new Map());
    expect(tunnel.turned.size).toBe(0);
    expect(take([own, b])).toBe('none');
  });

  test('loses the networks again where the router is back at the one before', () => {
    const { tunnel, device, take } = gateway();
    take([a, b], { [a.address]: next });
    observeStandbys(tunnel, new Map([[next, 100]]));
    take([a, b], { [a.address]: next });
    expect(observeStandbys(tunnel, new Map([[a.publicKey, 130]]))).toBe(true);
    take([a, b], { [a.address]: next });
    expect(device.get(a.publicKey)).toEqual(a.allowedIPs);
    expect(device.get(next)).toEqual([]);
  });

  test('goes for another, or with the key that it was to follow, and not before', () => {
    const { device, take, tunnel } = gateway();
    const keys = (): string[] => [...device.keys()].sort();
    take([a, b], { [a.address]: next });
    const other = generateKeyPair().publicKey;
    take([a, b], { [a.address]: other });
    expect(keys()).toEqual([a.publicKey, b.publicKey, other].sort());
    observeStandbys(tunnel, new Map([[other, 100]]));
    take([a, b], { [a.address]: other });
    // The Secret without it is there before the ConfigMap with it as the peer's key.
    expect(take([a, b])).toBe('none');
    expect(device.get(other)).toEqual(a.allowedIPs);
    expect(take([{ ...a, publicKey: other }, b])).toBe('patch');
    expect(keys()).toEqual([b.publicKey, other].sort());
    expect(tunnel.standbys.size).toBe(0);
  });

  test('is let in no more once its Router has a key of a fresh script', () => {
    const { device, take, tunnel } = gateway();
    take([a, b], { [a.address]: next });
    const fresh = generateKeyPair().publicKey;
    take([{ ...a, publicKey: fresh }, b]);
    expect([...device.keys()].sort()).toEqual([b.publicKey, fresh].sort());
    expect(tunnel.standbys.size).toBe(0);
  });

  test("and that is another router's is not let in a second time", () => {
    const { device, take } = gateway();
    take([a, b], { [a.address]: b.publicKey });
    expect(device.get(b.publicKey)).toEqual(b.allowedIPs);
    expect(device.get(a.publicKey)).toEqual(a.allowedIPs);
  });
});
