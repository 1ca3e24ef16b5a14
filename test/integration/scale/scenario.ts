import type { RouterSpecWritten } from '../../../src/api/index.ts';
import { generateKeyPair } from '../../../src/wireguard/index.ts';
import { forEach, type ScaleCluster } from './cluster.ts';
import type { Picture } from './picture.ts';

export const NAMESPACES = ['a', 'b'] as const;
const TENANTS = 10;
const ROUTERS_EACH = 10;
/** 10.150.0.0/16 and a port, as a fleet that exists already would pin them. */
const PINNED_SUBNET = '10.150.0.0/16';
const PINNED_PORT = 51_900;

const OWN_KEY = generateKeyPair().publicKey;
const ALL = Array.from(
  { length: TENANTS * ROUTERS_EACH },
  (_, i) => `t${i % TENANTS}-r${Math.floor(i / TENANTS)}`,
);

/**
 * What people do to ten tunnels with a hundred routers, in three acts. Between two acts everything comes to rest; an act
 * may also be played while nobody serves.
 */
export const ACTS: readonly ((cluster: ScaleCluster, before: Picture) => Promise<void>)[] = [
  apply,
  change,
  leave,
];

/** t0–t4 and t9 by their Routers alone, t5–t8 by a manifest; t7 named unlike its tenant, t8 shared with namespace b. */
async function apply(cluster: ScaleCluster): Promise<void> {
  await cluster.addTunnel('a/t5');
  await cluster.addTunnel('a/t6', { subnet: PINNED_SUBNET, listenPort: PINNED_PORT });
  await cluster.addTunnel('a/seven', { tenant: 't7' });
  await cluster.addTunnel('a/t8', { allowedNamespaces: ['b'] });
  await forEach(ALL, (name) => cluster.addRouter(keyOf(name), specOf(name)));
}

const keyOf = (name: string): string => (isShared(name) ? `b/${name}` : `a/${name}`);
const isShared = (name: string): boolean => name.startsWith('t8-') && Number(name.slice(4)) % 2 === 1;

function specOf(name: string): RouterSpecWritten {
  const [tenant = ''] = name.split('-');
  const joins: RouterSpecWritten =
    tenant === 't8' ? { tunnelRef: { name: 't8', namespace: 'a' } } : { tenant };
  const pins: Record<string, Partial<RouterSpecWritten>> = {
    't6-r3': { address: '10.150.7.9' },
    't6-r4': { address: '10.150.7.10' },
    't5-r2': { publicKey: OWN_KEY },
  };
  return { ...joins, ...pins[name] };
}

/** Renames, deletions, deleted ones that come back, pins, and changes of what was there. */
async function change(cluster: ScaleCluster, { routers }: Picture): Promise<void> {
  const addressOf = (name: string): Partial<RouterSpecWritten> => {
    const address = routers.get(keyOf(name))?.status?.address;
    return address === undefined ? {} : { address };
  };
  const remove = (name: string): Promise<void> => cluster.removeRouter(keyOf(name));
  const rename = async (from: string, to: string): Promise<void> => {
    const spec = { ...specOf(from), ...addressOf(from) };
    await remove(from);
    await cluster.addRouter(keyOf(to), spec);
  };
  const work: (() => Promise<unknown>)[] = [
    () => rename('t0-r0', 't0-renamed'),
    () => rename('t5-r2', 't5-renamed'),
    () => rename('t6-r3', 't6-renamed'),
    // In this order, as pipelines prune: between two tunnels its Routers would ask for one.
    async () => {
      await cluster.addTunnel('a/siebte', { tenant: 't7' });
      await cluster.removeTunnel('a/seven');
    },
    ...['t1-r1', 't1-r2', 't2-r1', 't5-r4', 't8-r1', 't8-r2'].map((name) => () => remove(name)),
    async () => {
      await remove('t1-r3');
      await cluster.addRouter(keyOf('t1-r3'), specOf('t1-r3'));
    },
    async () => {
      await remove('t2-r5');
      await cluster.addRouter(keyOf('t2-r5'), { tenant: 't3' });
    },
    () => cluster.changeRouter(keyOf('t4-r0'), { suspended: true }),
    () => cluster.changeRouter(keyOf('t4-r1'), { identity: 'Town hall' }),
    () => cluster.changeRouter(keyOf('t4-r2'), { management: { user: 'watch' } }),
    () => cluster.changeRouter(keyOf('t4-r3'), addressOf('t4-r3')),
    () => cluster.addRouter('a/late', { tenant: 't4' }),
    () => cluster.addRouter('a/first', { tenant: 'newcomer' }),
    // A whole tenant goes, the tunnel first.
    async () => {
      await cluster.removeTunnel('a/t9');
      await forEach(
        ALL.filter((name) => name.startsWith('t9-')),
        remove,
      );
      await cluster.removeTunnel('a/t9');
    },
  ];
  await forEach(work, (one) => one());
}

/** Everybody goes. */
async function leave(cluster: ScaleCluster, { routers, tunnels }: Picture): Promise<void> {
  await forEach([...routers.keys()], (key) => cluster.removeRouter(key));
  await forEach([...tunnels.keys()], (key) => cluster.removeTunnel(key));
}
