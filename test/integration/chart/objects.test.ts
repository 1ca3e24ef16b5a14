/** What the chart renders, held against a real API server, which takes no field that it does not know. */
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
import { PROMETHEUS_OPERATOR } from './prometheus-operator.ts';

let cluster: ControlPlane;

beforeAll(async () => {
  await prepareHelm();
  cluster = await startControlPlane({ crds: true });
  for (const definition of PROMETHEUS_OPERATOR) {
    cluster.kubectl(['apply', '--server-side', '-f', '-'], JSON.stringify(definition));
    cluster.kubectl(['wait', '--for=condition=Established', 'crd', definition.metadata.name]);
  }
  cluster.kubectl(['create', 'namespace', NAMESPACE]);
  cluster.kubectl(['label', 'namespace', NAMESPACE, 'pod-security.kubernetes.io/enforce=privileged']);
  for (const name of [
    'tenant-tunnel-gateways',
    'tenant-tunnel-backups',
    'copies',
    'edge',
    'network-team',
    'customers',
  ])
    cluster.kubectl(['create', 'namespace', name]);
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
  const manifests = objects.map((one) => JSON.stringify(one)).join('\n---\n');
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

/** What Helm says of an install into the cluster, and does not do. */
async function installDryRun(values: Plain): Promise<string> {
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
  return run(await ensureHelm(), args, { input: JSON.stringify(values), environment });
}

describe('the notes', () => {
  const notes = async (values: Plain): Promise<string> =>
    (await installDryRun(values)).split('\nNOTES:\n')[1] ?? '';

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

describe('a cluster without the Prometheus operator', () => {
  const using = (name: string): Plain => ({ ...LEAST, metrics: { [name]: { enabled: true } } });

  test.each([
    ['serviceMonitor', 'ServiceMonitor'],
    ['prometheusRule', 'PrometheusRule'],
  ])('is told to install it for metrics.%s; one with it takes all', async (value, kind) => {
    expect(await installDryRun(using(value))).toContain(`kind: ${kind}`);
    const definition = PROMETHEUS_OPERATOR.find(({ spec }) => spec.names.kind === kind);
    cluster.kubectl(['delete', 'crd', definition?.metadata.name ?? '']);
    await expect(installDryRun(using(value))).rejects.toThrow(
      `metrics.${value}.enabled is true, but this cluster has no ${kind} (monitoring.coreos.com/v1): install the Prometheus operator first, or set it to false.`,
    );
    // Without a cluster nobody can say so.
    expect(await render(using(value))).toContainEqual(expect.objectContaining({ kind }));
  });

  test('takes the dashboard, which needs nothing', async () => {
    expect(await installDryRun(using('dashboard'))).toContain('grafana_dashboard: "1"');
  });
});
