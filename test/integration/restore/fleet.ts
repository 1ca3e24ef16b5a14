/** A fleet in the field: what is restored in the drills. */
import type { RouterPhase } from '../../../src/api/index.ts';
import { generateKeyPair } from '../../../src/wireguard/index.ts';
import { type ControllerHarness, until } from '../controller/harness.ts';

export const NAMESPACES = ['isp', 'hotspots', 'msp'];

/** Routers that somebody deleted before, and whose addresses are in quarantine. */
const DELETED = ['isp/left-1', 'isp/left-2', 'hotspots/left-3'];

type Spec = Record<string, unknown>;

const many = (count: number, name: (i: number) => string, spec: (i: number) => Spec): [string, Spec][] =>
  Array.from({ length: count }, (_, i) => [name(i), spec(i)]);

/** 86 routers, and two more that come first, in four tunnels and eight blocks of addresses. */
export function routersOfFleet(): Map<string, Spec> {
  return new Map([
    // A tenant whose tunnel was made by itself.
    ...many(
      30,
      (i) => `isp/r${i}`,
      () => ({ tenant: 'isp' }),
    ),
    ...many(
      8,
      (i) => `isp/own-${i}`,
      () => ({ tenant: 'isp', publicKey: generateKeyPair().publicKey }),
    ),
    ...many(
      4,
      (i) => `isp/cut-${i}`,
      () => ({ tenant: 'isp', suspended: true }),
    ),
    // A person's tunnel, with Routers of two namespaces, some with addresses of an older fleet.
    ...many(
      15,
      (i) => `hotspots/h${i}`,
      () => ({ tunnelRef: { name: 'town' } }),
    ),
    ...many(
      6,
      (i) => `hotspots/old-${i}`,
      (i) => ({ tunnelRef: { name: 'town' }, address: `10.120.7.${i + 10}` }),
    ),
    ...many(
      5,
      (i) => `msp/guest-${i}`,
      () => ({ tunnelRef: { name: 'town', namespace: 'hotspots' } }),
    ),
    ...many(
      4,
      (i) => `msp/named-${i}`,
      () => ({ tenant: 'town-networks' }),
    ),
    ...many(
      8,
      (i) => `msp/m${i}`,
      () => ({ tenant: 'msp' }),
    ),
    ...many(
      3,
      (i) => `msp/far-${i}`,
      (i) => ({ tenant: 'msp', address: `10.102.${i + 2}.9` }),
    ),
    // A tunnel of another class, with pre-shared keys.
    ...many(
      3,
      (i) => `msp/q${i}`,
      (i) => ({ tunnelRef: { name: 'quantum' }, ...(i === 0 ? { suspended: true } : {}) }),
    ),
  ]);
}

export async function prepare(harness: ControllerHarness, node: string): Promise<void> {
  for (const namespace of NAMESPACES) await harness.addNamespace(namespace);
  await harness.addNode(node);
}

/** All of it served: addresses in statuses, peers handed over, some routers Online, some gone. */
export async function buildFleet(harness: ControllerHarness): Promise<void> {
  await prepare(harness, 'node-1');
  await harness.addClass('standard');
  await harness.addClass(
    'quantum',
    { router: { presharedKeys: true }, ports: { first: 40_000, last: 40_100 } },
    false,
  );
  await harness.startController();
  // First, so that the numbers of the others are not those of an empty ledger.
  await harness.addRouter('isp/first', { tenant: 'isp' });
  await harness.granted('isp/first');
  const pins = { subnet: '10.120.0.0/16', listenPort: 60_120, allowedNamespaces: ['msp'], mtu: 1400 };
  await harness.addTunnel('hotspots/town', { tenant: 'town-networks', ...pins });
  await harness.allocated('hotspots/town');
  await harness.addRouter('msp/first', { tenant: 'msp' });
  await harness.granted('msp/first');
  await harness.addTunnel('msp/quantum', { className: 'quantum' });
  const specs = new Map([
    ...DELETED.map((key): [string, Spec] => [
      key,
      key.startsWith('isp') ? { tenant: 'isp' } : { tunnelRef: { name: 'town' } },
    ]),
    ...routersOfFleet(),
  ]);
  await Promise.all([...specs].map(([key, spec]) => harness.addRouter(key, spec)));
  await until('all have their addresses', async () => {
    const all = await routersIn(harness);
    return all.length === specs.size + 2 && all.every(({ status }) => status?.address !== undefined);
  });
  for (const key of DELETED) await harness.delete(harness.path('routers', key));
  for (let i = 0; i < 10; i++) await say(harness, `isp/r${i}`, i % 2 === 0 ? 'Online' : 'Offline');
  await quiet(harness);
}

export async function routersIn(harness: ControllerHarness) {
  return (await Promise.all(NAMESPACES.map((namespace) => harness.routers(namespace)))).flat();
}

/** What the agent says of a router that has connected. */
export async function say(harness: ControllerHarness, key: string, phase: RouterPhase): Promise<void> {
  const [namespace, name] = key.split('/');
  const time = `${new Date().toISOString().slice(0, 19)}Z`;
  const connected = {
    type: 'Connected',
    status: phase === 'Online' ? 'True' : 'False',
    reason: 'Drill',
    message: '',
  };
  const body = {
    apiVersion: 'vpn.traidnet.io/v1alpha1',
    kind: 'Router',
    metadata: { namespace, name },
    status: { phase, lastHandshakeTime: time, conditions: [{ ...connected, lastTransitionTime: time }] },
  };
  const path = `${harness.path('routers', key)}/status?fieldManager=tenant-tunnel-gateway&force=true`;
  const answer = await harness.plane.request('PATCH', path, body, 'application/apply-patch+yaml');
  if (answer.status !== 200) throw new Error(answer.text);
}

/** Waits until nothing is written any more: for longer than renderings of a block wait for each other. */
export async function quiet(harness: ControllerHarness): Promise<void> {
  let before = '';
  await until('nothing is written any more', async () => {
    const now = JSON.stringify(await harness.writes());
    const same = now === before;
    before = now;
    if (!same) await new Promise((resolve) => setTimeout(resolve, 1_300));
    return same;
  });
}
