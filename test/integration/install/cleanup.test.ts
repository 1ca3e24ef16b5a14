import { jest } from '@jest/globals';
import {
  ANNOTATION_TUNNELS,
  ENDPOINT_PART,
  LABEL_GATEWAY,
  LABEL_PART,
  PEER_KEY_PART,
  PEER_KEY_SECRET,
} from '../../../src/api/index.ts';
import { type CleanupOptions, cleanup } from '../../../src/install/index.ts';
import { GATEWAYS, Installation, SYSTEM, until } from './installation.ts';

jest.setTimeout(60_000);

const CORE = '/api/v1/namespaces';
const LEASES = `/apis/coordination.k8s.io/v1/namespaces/${GATEWAYS}/leases`;
const DEPLOYMENTS = `/apis/apps/v1/namespaces/${SYSTEM}/deployments`;
const SLICES = `/apis/discovery.k8s.io/v1/namespaces/${GATEWAYS}/endpointslices`;
const LABELS = {
  'app.kubernetes.io/name': 'tenant-tunnel-operator',
  'app.kubernetes.io/component': 'controller',
};
const POD = { containers: [{ name: 'controller', image: 'none' }] };

let installation: Installation;

beforeAll(async () => {
  installation = await Installation.start();
}, 900_000);
afterAll(() => installation?.stop());

afterEach(async () => {
  for (const { metadata } of (await installation.get(LEASES)).items) {
    await installation.delete(`${LEASES}/${metadata.name}`);
  }
});

/** The hook before an uninstall, with the rights that it has. */
function begin(options: Partial<CleanupOptions> = {}): { lines: string[]; done: Promise<void> } {
  const lines: string[] = [];
  const done = cleanup({
    client: installation.client('cleanup'),
    namespace: SYSTEM,
    gatewayNamespace: GATEWAYS,
    timeoutMs: 30_000,
    say: (line) => lines.push(line),
    now: Date.now,
    ...options,
  });
  done.catch(() => undefined);
  return { lines, done };
}
const carrying = (tunnels: number, secondsAgo = 0) => ({
  secondsAgo,
  annotations: { [ANNOTATION_TUNNELS]: String(tunnels) },
});
const names = async (path: string): Promise<string[]> =>
  (await installation.get(path)).items.map(({ metadata }: { metadata: { name: string } }) => metadata.name);

const STOPPED = 'No controller runs.';
const TAKEN_BACK = 'What was handed to the gateways is taken back; the ledger stays.';
const END = 'No node that answers carries a tunnel.';

test('where nothing was ever installed there is nothing to do', async () => {
  const { lines, done } = begin();
  await done;
  expect(lines).toEqual([STOPPED, TAKEN_BACK, END]);
});

test('takes back what was handed over, and nothing else', async () => {
  const handed = { name: 'tunnel-0', labels: { [LABEL_GATEWAY]: 'edge-1' } };
  for (const kind of ['configmaps', 'secrets']) {
    await installation.create(`${CORE}/${GATEWAYS}/${kind}`, { metadata: handed });
    await installation.create(`${CORE}/${GATEWAYS}/${kind}`, { metadata: { name: 'somebodys' } });
  }
  await installation.create(`${CORE}/${GATEWAYS}/secrets`, {
    metadata: { name: PEER_KEY_SECRET, labels: { [LABEL_PART]: PEER_KEY_PART } },
  });
  await installation.create(`${CORE}/${SYSTEM}/secrets`, { metadata: { ...handed, name: 'ledger-tunnels' } });
  const endpoint = { [LABEL_PART]: ENDPOINT_PART };
  const spec = { type: 'LoadBalancer', ports: [{ port: 51_820, protocol: 'UDP' }] };
  for (const [name, labels] of [
    ['tunnel-0-lb', endpoint],
    ['somebodys', {}],
  ] as const) {
    const metadata = { name, labels };
    await installation.create(`${CORE}/${GATEWAYS}/services`, { metadata, spec });
    await installation.create(SLICES, { metadata, addressType: 'IPv4', endpoints: [] });
  }
  await begin().done;
  expect(await names(`${CORE}/${GATEWAYS}/services`)).toEqual(['somebodys']);
  expect(await names(SLICES)).toEqual(['somebodys']);
  for (const kind of ['configmaps', 'secrets']) {
    const left = await names(`${CORE}/${GATEWAYS}/${kind}`);
    expect(left).toContain('somebodys');
    expect(left).not.toContain('tunnel-0');
    expect(left).not.toContain(PEER_KEY_SECRET);
  }
  expect(await names(`${CORE}/${SYSTEM}/secrets`)).toContain('ledger-tunnels');
});

test('stops the controllers first, and waits until the last is gone', async () => {
  await installation.create(DEPLOYMENTS, {
    metadata: { name: 'tenant-tunnel-controller' },
    spec: {
      replicas: 2,
      selector: { matchLabels: LABELS },
      template: { metadata: { labels: LABELS }, spec: POD },
    },
  });
  const pod = { metadata: { name: 'controller-1', labels: LABELS }, spec: POD };
  await installation.create(`${CORE}/${SYSTEM}/serviceaccounts`, { metadata: { name: 'default' } });
  await installation.create(`${CORE}/${SYSTEM}/pods`, pod);
  const { lines, done } = begin();
  await until('it waits', () => lines.length > 0);
  expect(lines).toEqual(['Waiting for the end of controller-1.']);
  expect((await installation.get(`${DEPLOYMENTS}/tenant-tunnel-controller`)).spec.replicas).toBe(0);
  await installation.delete(`${CORE}/${SYSTEM}/pods/controller-1?gracePeriodSeconds=0`);
  await done;
  expect(lines.slice(1)).toEqual([STOPPED, TAKEN_BACK, END]);
});

test('believes a gateway only what it says afterwards', async () => {
  await installation.lease('gateway-edge-1', carrying(2));
  await installation.lease('gateway-edge-2', carrying(0));
  const { lines, done } = begin();
  const waits = (what: string) => until(what, () => lines.includes(`Waiting for the tunnels on ${what}.`));
  await waits('edge-1 (2), edge-2 (0)');
  await installation.lease('gateway-edge-2', carrying(0));
  await waits('edge-1 (2)');
  await installation.lease('gateway-edge-1', carrying(1));
  await waits('edge-1 (1)');
  await installation.lease('gateway-edge-1', carrying(0));
  await done;
  expect(lines.at(-1)).toBe(END);
  expect(lines.filter((line) => line === 'edge-2 carries no tunnel.')).toHaveLength(1);
});

test('waits for no node that is silent, and says what becomes of its tunnels', async () => {
  await installation.lease('gateway-lost', carrying(7, 10_800));
  await installation.lease('gateway-idle', carrying(0, 10_800));
  const { lines, done } = begin();
  await done;
  expect(lines).toEqual([
    STOPPED,
    TAKEN_BACK,
    'idle was not heard of for 3 h and is not waited for: it carried no tunnel.',
    'lost was not heard of for 3 h and is not waited for: its tunnels end when it is booted again.',
    END,
  ]);
});

test('gives up in time, and says which nodes and how to clean them by hand', async () => {
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) {
    await installation.lease(`gateway-${name}`, carrying(1));
  }
  const { done } = begin({ timeoutMs: 1_000 });
  await expect(done).rejects.toThrow(
    /^Gave up after 1 s, waiting for the tunnels on a \(1\), b \(1\), c \(1\), d \(1\), e \(1\) and 2 more: restart the gateway pod there, or remove them by hand on each of these nodes: for n in /,
  );
});

test('that is told to stop says what it was waiting for', async () => {
  await installation.lease('gateway-edge-1', carrying(1));
  const stop = new AbortController();
  const { lines, done } = begin({ signal: stop.signal });
  await until('it waits', () => lines.some((line) => line.startsWith('Waiting for the tunnels')));
  stop.abort();
  await expect(done).rejects.toThrow(/^Was stopped, waiting for the tunnels on edge-1 \(1\): /);
});
