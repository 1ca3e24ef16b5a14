/** What Flux, and others that use kstatus, and Argo CD make of statuses as controller and agent write them. */
import { jest } from '@jest/globals';
import { DEFAULT_CLASS_ANNOTATION, ROUTERS, TENANT_TUNNELS, TUNNEL_CLASSES } from '../../../src/api/index.ts';
import type { KubeClient } from '../../../src/kube/index.ts';
import { ensureHealth } from '../../testbed/binaries.ts';
import { CONTROLLER_USER } from '../../testbed/control-plane.ts';
import { RunningController } from '../controller/running-controller.ts';
import { FakeRouter } from '../gateway/fake-router.ts';
import { Cluster, type GatewayNode, until } from '../gateway/harness.ts';
import { type Health, healthOf } from './health.ts';

jest.setTimeout(120_000);

const NAMESPACE = 'acme';
/** A router that is silent for so long is Offline. */
const OFFLINE_AFTER_SECONDS = 180;

let cluster: Cluster;
let node: GatewayNode;
let controller: RunningController | undefined;
let admin: KubeClient;

beforeAll(async () => {
  await ensureHealth();
  cluster = await Cluster.start();
  ({ admin } = cluster);
  await cluster.plane.request('POST', '/api/v1/namespaces', { metadata: { name: NAMESPACE } });
}, 900_000);
afterAll(async () => {
  await node?.stopAgent();
  await controller?.stop();
  await cluster?.stop();
});

type Kind = typeof ROUTERS | typeof TENANT_TUNNELS | typeof TUNNEL_CLASSES;

const where = (kind: Kind, name: string) =>
  kind === TUNNEL_CLASSES ? { name } : { name, namespace: NAMESPACE };

async function create(kind: Kind, name: string, spec: object, annotations = {}): Promise<void> {
  const metadata = { ...where(kind, name), annotations };
  await admin.create(kind as typeof ROUTERS, { metadata, spec } as never);
}

interface Found {
  apiVersion: string;
  kind: string;
  metadata: Record<string, unknown>;
  status?: Partial<Record<'phase' | 'address' | 'publicKey' | 'script', string>> & {
    observedGeneration?: number;
  };
}

async function object(kind: Kind, name: string): Promise<Found> {
  const found = await admin.get(kind as typeof ROUTERS, where(kind, name));
  if (found === undefined) throw new Error(`There is no ${kind.kind} ${name}.`);
  return found as unknown as Found;
}

/** `InProgress, Progressing`: kstatus, then Argo CD. */
const summary = ({ kstatus, argo }: Health): string => `${kstatus.status}, ${argo.status}`;

async function health(kind: Kind, name: string): Promise<Health> {
  const [one] = await healthOf(await object(kind, name));
  return one as Health;
}

/** Waits for a phase, and tells the health of what has it. */
async function healthIn(phase: string, name: string): Promise<Health> {
  await until(`${name} is ${phase}`, async () => (await object(ROUTERS, name)).status?.phase === phase);
  return health(ROUTERS, name);
}

test('new objects, which nobody has looked at, are in progress', async () => {
  await create(
    TUNNEL_CLASSES,
    'default',
    { endpoint: { host: 'vpn.example.com' } },
    { [DEFAULT_CLASS_ANNOTATION]: 'true' },
  );
  await create(TENANT_TUNNELS, 'acme', {});
  await create(ROUTERS, 'branch-1', { tenant: 'acme' });
  for (const [kind, name] of [
    [TUNNEL_CLASSES, 'default'],
    [TENANT_TUNNELS, 'acme'],
    [ROUTERS, 'branch-1'],
  ] as const) {
    const { kstatus, argo } = await health(kind, name);
    expect(kstatus).toEqual({
      status: 'InProgress',
      message: `${kind.kind} generation is 1, but latest observed generation is -1`,
    });
    expect(argo.status).toBe('Progressing');
  }
});

describe('once the operator works', () => {
  beforeAll(async () => {
    controller = new RunningController(cluster.plane.kubeconfig(CONTROLLER_USER));
    node = cluster.node();
    await cluster.plane.request('POST', '/api/v1/nodes', { metadata: { name: node.name } });
    await node.startAgent({ offlineAfterSeconds: OFFLINE_AFTER_SECONDS });
  });

  test('a class that can be used is current', async () => {
    await until(
      'it is seen',
      async () => (await object(TUNNEL_CLASSES, 'default')).status?.observedGeneration === 1,
    );
    expect(summary(await health(TUNNEL_CLASSES, 'default'))).toBe('Current, Healthy');
  });

  test('a tunnel is current when a gateway carries it, with no router connected', async () => {
    await until(
      'it is carried',
      async () => (await object(TENANT_TUNNELS, 'acme')).status?.phase === 'Inactive',
    );
    expect(summary(await health(TENANT_TUNNELS, 'acme'))).toBe('Current, Healthy');
  });

  test('a router whose script waits to be pasted is in progress, and says what to do', async () => {
    const { kstatus, argo } = await healthIn('AwaitingConnection', 'branch-1');
    expect([kstatus.status, argo.status]).toEqual(['InProgress', 'Suspended']);
    for (const { message } of [kstatus, argo]) expect(message).toMatch(/paste status\.script/);
  });

  test('a router that is Online is current', async () => {
    const { status } = await object(ROUTERS, 'branch-1');
    const { address = '', publicKey = '' } = status ?? {};
    const password = /:local ttPass "([^"]+)"/.exec(status?.script ?? '')?.[1] ?? '';
    node.sidecar.listeners.set(`${address}:8728`, new FakeRouter(password).listen);
    node.sidecar.shakeHands(publicKey);
    expect(summary(await healthIn('Online', 'branch-1'))).toBe('Current, Healthy');
  });

  test('a router whose spec has changed is in progress until the operator has seen it', async () => {
    await controller?.stop();
    controller = undefined;
    await admin.patch(ROUTERS, where(ROUTERS, 'branch-1') as never, { spec: { identity: 'Branch 1' } });
    const { kstatus, argo } = await health(ROUTERS, 'branch-1');
    expect(kstatus.message).toBe('Router generation is 2, but latest observed generation is 1');
    expect([kstatus.status, argo.status]).toEqual(['InProgress', 'Progressing']);
    controller = new RunningController(cluster.plane.kubeconfig(CONTROLLER_USER));
    await until(
      'it is seen',
      async () => (await object(ROUTERS, 'branch-1')).status?.observedGeneration === 2,
    );
    expect(summary(await healthIn('Online', 'branch-1'))).toBe('Current, Healthy');
  });

  test('a router that has gone silent is in progress, for Argo CD degraded', async () => {
    const { publicKey = '' } = (await object(ROUTERS, 'branch-1')).status ?? {};
    await node.stopAgent();
    node.sidecar.shakeHands(publicKey, OFFLINE_AFTER_SECONDS + 60);
    await node.startAgent({ offlineAfterSeconds: OFFLINE_AFTER_SECONDS });
    expect(summary(await healthIn('Offline', 'branch-1'))).toBe('InProgress, Degraded');
  });

  test('a router that is suspended waits for somebody to lift that', async () => {
    await create(ROUTERS, 'branch-2', { tenant: 'acme', suspended: true });
    expect(summary(await healthIn('Suspended', 'branch-2'))).toBe('InProgress, Suspended');
  });

  test('what is refused is in progress, since it goes on by itself, for Argo CD degraded', async () => {
    await create(ROUTERS, 'branch-3', { tunnelRef: { name: 'nowhere' } });
    const { kstatus, argo } = await healthIn('Error', 'branch-3');
    expect([kstatus.status, argo.status]).toEqual(['InProgress', 'Degraded']);
    expect(kstatus.message).toMatch(/nowhere/);
  });

  test('what is being deleted is terminating', async () => {
    const gone = await object(ROUTERS, 'branch-3');
    const metadata = { ...gone.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' };
    const [one] = await healthOf({ ...gone, metadata });
    expect(one?.kstatus.status).toBe('Terminating');
  });
});
