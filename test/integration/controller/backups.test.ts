/** Which copies of configurations are kept, on a real API server and under the operator's own rights. */
import { KubeConfig } from '@kubernetes/client-node';
import {
  ANNOTATION_BACKUP_OF,
  ANNOTATION_ROUTER_GONE,
  backupLabels,
  backupName,
  DEFAULT_BACKUP_NAMESPACE,
} from '../../../src/api/index.ts';
import { GONE_MS } from '../../../src/controller/backups/plan-backups.ts';
import { KubeClient, secrets } from '../../../src/kube/index.ts';
import { AGENT_USER } from '../../testbed/control-plane.ts';
import { ControllerHarness, until } from './harness.ts';

const NAMESPACE = DEFAULT_BACKUP_NAMESPACE;

let harness: ControllerHarness;
let agent: KubeClient;
beforeAll(async () => {
  harness = await ControllerHarness.start();
  const config = new KubeConfig();
  config.loadFromFile(harness.plane.kubeconfig(AGENT_USER));
  agent = new KubeClient(config);
  await harness.addNamespace('a');
  await harness.addNode('node-1');
  await harness.addClass('standard', { router: { backup: { keep: 2 } } });
  await harness.startController();
}, 900_000);
afterAll(async () => {
  await agent?.close();
  await harness?.stop();
});

/** As the agent makes them. */
async function backup(name: string, content: string): Promise<void> {
  const router = { namespace: 'a', name };
  const annotations = { [ANNOTATION_BACKUP_OF]: `a/${name}` };
  await agent.create(secrets, {
    metadata: {
      namespace: NAMESPACE,
      name: backupName(router, content),
      labels: backupLabels(router),
      annotations,
    },
    data: { 'export.rsc.gz': 'H4sI' },
  });
}

const objects = async (): Promise<{ name: string; annotations: Record<string, string> }[]> =>
  (await harness.plane.request('GET', `/api/v1/namespaces/${NAMESPACE}/secrets`))
    .json()
    .items.map(({ metadata }: { metadata: { name: string; annotations?: object } }) => ({
      name: metadata.name,
      annotations: metadata.annotations ?? {},
    }));

const countOf = async (name: string): Promise<number> =>
  (await objects()).filter(({ annotations }) => annotations[ANNOTATION_BACKUP_OF] === `a/${name}`).length;

/** A change of the class brings a look. */
const look = (keep: number) =>
  harness.patch(harness.classPath('standard'), { spec: { router: { backup: { keep } } } });

test('as many as the class keeps stay, those of a Router that is gone stay for a month, and others are left alone', async () => {
  await harness.addRouter('a/one', { tenant: 'acme' });
  await harness.granted('a/one');
  for (const content of ['v1', 'v2', 'v3', 'v4', 'v5']) await backup('one', content);
  await backup('gone', 'v1');
  await harness.create(`/api/v1/namespaces/${NAMESPACE}/secrets`, { metadata: { name: 'somebodys' } });
  await look(3);
  await until('three', async () => (await countOf('one')) === 3);
  await look(1);
  await until('one', async () => (await countOf('one')) === 1);

  const gone = async () =>
    (await objects()).find(({ name }) => name === backupName({ namespace: 'a', name: 'gone' }, 'v1'));
  await until('noted', async () => (await gone())?.annotations[ANNOTATION_ROUTER_GONE] !== undefined);
  const past = new Date(Date.now() - GONE_MS - 60_000).toISOString();
  await harness.patch(`/api/v1/namespaces/${NAMESPACE}/secrets/${(await gone())?.name}`, {
    metadata: { annotations: { [ANNOTATION_ROUTER_GONE]: past } },
  });
  await look(2);
  await until('deleted', async () => (await gone()) === undefined);
  expect((await objects()).map(({ name }) => name)).toContain('somebodys');
  expect(await countOf('one')).toBe(1);
});
