/** What the chart renders, held against a real API server, which takes no field that it does not know. */
import { stringify } from 'yaml';
import { ensureHelm } from '../../testbed/binaries.ts';
import { run } from '../../testbed/command.ts';
import { type ControlPlane, startControlPlane } from '../../testbed/control-plane.ts';
import {
  CHART,
  type KubeObject,
  LEAST,
  NAMESPACE,
  type Plain,
  prepareHelm,
  RELEASE,
  render,
} from './chart.ts';
import { EVERYTHING, NOTHING, SETTINGS } from './extremes.ts';
import { SERVICE_MONITORS } from './service-monitors.ts';

let cluster: ControlPlane;

beforeAll(async () => {
  await prepareHelm();
  cluster = await startControlPlane({ crds: true });
  cluster.kubectl(['apply', '--server-side', '-f', '-'], JSON.stringify(SERVICE_MONITORS));
  cluster.kubectl(['wait', '--for=condition=Established', 'crd', SERVICE_MONITORS.metadata.name]);
  cluster.kubectl(['create', 'namespace', NAMESPACE]);
  cluster.kubectl(['label', 'namespace', NAMESPACE, 'pod-security.kubernetes.io/enforce=privileged']);
  for (const name of ['tenant-tunnel-gateways', 'edge']) cluster.kubectl(['create', 'namespace', name]);
  // A pod of an account that is not there is not taken.
  const accounts = (await render()).filter(({ kind }) => kind === 'ServiceAccount');
  cluster.kubectl(['create', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: accounts }));
  const important = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', value: 1 };
  const priorityClass = { ...important, metadata: { name: 'important' } };
  cluster.kubectl(['create', '-f', '-'], JSON.stringify(priorityClass));
}, 900_000);
afterAll(() => cluster?.stop());

/** What the API server would make of them; warnings are errors. */
function dryRun(objects: readonly KubeObject[]): string[] {
  const strict = ['--dry-run=server', '--validate=strict', '--warnings-as-errors'];
  const manifests = objects.map((one) => stringify(one)).join('---\n');
  return cluster
    .kubectl(['apply', '--server-side', ...strict, '-f', '-'], manifests)
    .trim()
    .split('\n');
}

test.each(SETTINGS)(
  'every object with %s is taken, strictly and without a warning',
  async (_name, values) => {
    const objects = await render(values);
    expect(dryRun(objects)).toHaveLength(objects.length);
  },
);

test('the server would say so if a field was wrong', async () => {
  const [deployment] = (await render()).filter(({ kind }) => kind === 'Deployment');
  const wrong = { ...deployment, spec: { ...(deployment?.spec as Plain), replica: 2 } } as KubeObject;
  expect(() => dryRun([wrong])).toThrow(/replica/);
});

test('every name that is bound or mounted is there', async () => {
  const objects = await render(EVERYTHING);
  const names = (kind: string): string[] =>
    objects.filter((one) => one.kind === kind).map(({ metadata }) => metadata.name);
  const accounts = objects.flatMap((one) => {
    const text = JSON.stringify(one.spec ?? {});
    return text.match(/(?<="serviceAccountName":")[^"]+/g) ?? [];
  });
  expect(accounts.length).toBeGreaterThan(4);
  for (const account of accounts) expect(names('ServiceAccount')).toContain(account);
});

describe('the notes', () => {
  const notes = async (values: Plain): Promise<string> => {
    const args = [
      'install',
      RELEASE,
      CHART,
      '-n',
      NAMESPACE,
      '--dry-run=server',
      '--take-ownership',
      '-f',
      '-',
    ];
    const environment = { KUBECONFIG: cluster.adminKubeconfig };
    const said = await run(await ensureHelm(), args, { input: JSON.stringify(values), environment });
    return said.split('\nNOTES:\n')[1] ?? '';
  };

  test('say how to come to a script, and how to look when something is amiss', async () => {
    const text = await notes(LEAST);
    for (const part of ['kubectl apply', '.status.script', '--for=condition=Ready', 'helm test'])
      expect(text).toContain(part);
    expect(text).not.toContain('No TunnelClass was made');
  });

  test('say that a TunnelClass is still missing, and nothing of a test that is switched off', async () => {
    const text = await notes(NOTHING);
    expect(text).toContain('No TunnelClass was made');
    expect(text).not.toContain('helm test');
  });
});
