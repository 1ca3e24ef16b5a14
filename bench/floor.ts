import type { Router, TenantTunnel } from '../src/api/index.ts';
import { GATEWAY_NAMESPACE } from '../test/testbed/system.ts';
import { type Bare, inParallel } from './bare.ts';
import { FLOOR_GROUP, FLOOR_VERSION, router, routersPath, tunnel, tunnelsPath } from './manifests.ts';
import type { Kept, Stage } from './stage.ts';

/** What the operator wrote for a fleet: the floor writes as many bytes. */
export interface Pattern {
  router: object;
  tunnel: object;
  /** The record, the peers and the log-ins of one full block. */
  block: Written[];
  /** What is kept of a tunnel beside its blocks. */
  handover: Written[];
}

interface Written {
  kind: 'secrets' | 'configmaps';
  data: Record<string, string>;
}

/** Routers of one /24, the spares left out. */
export const BLOCK = 254;

/** Routers of these names in each of these namespaces. */
export interface Fleet {
  namespaces: readonly string[];
  names: readonly string[];
}

/** Taken from a tunnel of index 0 with a full block. */
export async function patternOf(stage: Stage, namespace: string): Promise<Pattern> {
  const [first] = JSON.parse(await stage.bare.send('GET', `${routersPath(namespace)}?limit=1`))
    .items as Router[];
  const [made] = JSON.parse(await stage.bare.send('GET', tunnelsPath(namespace))).items as TenantTunnel[];
  const kept = async (name: RegExp): Promise<Written[]> => {
    const found = await Promise.all(
      (['secrets', 'configmaps'] as const).map(async (kind) =>
        (await stage.kept(kind)).filter((object) => name.test(object.metadata.name)).map(written(kind)),
      ),
    );
    return found.flat();
  };
  return {
    router: first?.status ?? {},
    tunnel: made?.status ?? {},
    block: await kept(/tunnel-0-(block|peers|access)-1$/),
    handover: await kept(/^tunnel-0$/),
  };
}

const written =
  (kind: Written['kind']) =>
  ({ data = {} }: Kept): Written => ({ kind, data });

const APPLY = 'application/apply-patch+yaml';
const AS_FLOOR = 'fieldManager=floor&force=true';
let serial = 0;

/**
 * The same fleet with bare requests: each Router created and its status written, each tunnel's and each block's
 * objects written once, full. Nothing is decided, watched or read. ms.
 */
export async function floor(bare: Bare, { namespaces, names }: Fleet, pattern: Pattern): Promise<number> {
  const total = namespaces.length * names.length;
  const status = (kind: string, value: object): string =>
    JSON.stringify({ apiVersion: FLOOR_VERSION, kind, status: value });
  const [routerStatus, tunnelStatus] = [
    status('Router', pattern.router),
    status('TenantTunnel', pattern.tunnel),
  ];
  const began = performance.now();
  await inParallel(total, async (index) => {
    const namespace = namespaces[index % namespaces.length] as string;
    const nth = Math.floor(index / namespaces.length);
    const name = names[nth] as string;
    const path = routersPath(namespace, FLOOR_GROUP);
    await bare.send('POST', path, router(name, namespace, FLOOR_VERSION));
    if (nth === 0) {
      const tunnels = tunnelsPath(namespace, FLOOR_GROUP);
      await bare.send('POST', tunnels, tunnel(namespace, FLOOR_VERSION));
      await bare.send('PATCH', `${tunnels}/${namespace}/status?${AS_FLOOR}`, tunnelStatus, APPLY);
      await keep(bare, pattern.handover);
    }
    if (nth % BLOCK === 0)
      await keep(
        bare,
        pattern.block.map((one) => filled(one, names.length - nth)),
      );
    await bare.send('PATCH', `${path}/${name}/status?${AS_FLOOR}`, routerStatus, APPLY);
  });
  return performance.now() - began;
}

/** A block with fewer routers has as many bytes less. */
function filled({ kind, data }: Written, routers: number): Written {
  const share = Math.min(1, routers / BLOCK);
  if (share === 1) return { kind, data };
  const entries = Object.entries(data);
  const fewer = entries.length > BLOCK / 2 ? entries.slice(0, Math.ceil(entries.length * share)) : entries;
  const cut = (text: string): string => text.slice(0, Math.ceil((text.length * share) / 4) * 4);
  const isWhole = fewer.length < entries.length;
  return { kind, data: Object.fromEntries(isWhole ? fewer : fewer.map(([key, text]) => [key, cut(text)])) };
}

async function keep(bare: Bare, objects: readonly Written[]): Promise<void> {
  for (const { kind, data } of objects) {
    await bare.send('POST', `/api/v1/namespaces/${GATEWAY_NAMESPACE}/${kind}`, {
      apiVersion: 'v1',
      kind: kind === 'secrets' ? 'Secret' : 'ConfigMap',
      metadata: { name: `floor-${++serial}` },
      data,
    });
  }
}
