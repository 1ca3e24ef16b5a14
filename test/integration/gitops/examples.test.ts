import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, matchesGlob } from 'node:path';
import { parse } from 'yaml';
import { ensureHealth } from '../../testbed/binaries.ts';
import { type ControlPlane, startControlPlane } from '../../testbed/control-plane.ts';
import { type KubeObject, objectsOf, type Plain, prepareHelm, render } from '../chart/chart.ts';
import { healthOf } from './health.ts';

const REPOSITORY = join(import.meta.dirname, '..', '..', '..');
const read = (path: string): string => readFileSync(join(REPOSITORY, path), 'utf8');
const files = globSync('examples/**/*.yaml', { cwd: REPOSITORY }).sort();
const objects = files.flatMap((file) => objectsOf(read(file)));
const spec = (one: KubeObject): Plain => one.spec as Plain;
// biome-ignore lint/suspicious/noExplicitAny: fields of kinds that are others'
const find = (group: string, kind: string, name: string): any =>
  objects.find(
    (one) => one.apiVersion.startsWith(`${group}/`) && one.kind === kind && one.metadata.name === name,
  );

const KUSTOMIZE = 'kustomize.toolkit.fluxcd.io';
const HELM = 'helm.toolkit.fluxcd.io';
const operator = find('argoproj.io', 'Application', 'tenant-tunnel-operator');
const tenants = find('argoproj.io', 'Application', 'tenants');
const appOfApps = find('argoproj.io', 'Application', 'tunnels');
const release = find(HELM, 'HelmRelease', 'tenant-tunnel-operator');
const fluxOperator = find(KUSTOMIZE, 'Kustomization', 'tenant-tunnel-operator');
const fluxTenants = find(KUSTOMIZE, 'Kustomization', 'tenants');

let cluster: ControlPlane;
beforeAll(async () => {
  await prepareHelm();
  await ensureHealth();
  cluster = await startControlPlane({ crds: true });
}, 900_000);
afterAll(() => cluster?.stop());

test('every example is YAML, of kinds in versions that are served today', () => {
  expect(files.length).toBeGreaterThan(10);
  const foreign = objects.map(({ apiVersion, kind }) => `${apiVersion} ${kind}`);
  expect([...new Set(foreign)].sort()).toEqual([
    'argoproj.io/v1alpha1 Application',
    ...['Certificate', 'Issuer'].map((kind) => `cert-manager.io/v1 ${kind}`),
    'helm.toolkit.fluxcd.io/v2 HelmRelease',
    'kustomize.config.k8s.io/v1beta1 Kustomization',
    'kustomize.toolkit.fluxcd.io/v1 Kustomization',
    'rbac.authorization.k8s.io/v1 RoleBinding',
    'source.toolkit.fluxcd.io/v1 GitRepository',
    ...['ConfigMap', 'Namespace', 'Pod', 'ServiceAccount'].map((kind) => `v1 ${kind}`),
    ...['Router', 'RouterProfile', 'TenantTunnel', 'TunnelClass'].map(
      (kind) => `vpn.traidnet.io/v1alpha1 ${kind}`,
    ),
  ]);
});

test('the API server takes every object of ours and of its own, strictly', () => {
  const known = objects.filter(({ apiVersion }) =>
    /^(v1|rbac\.authorization\.k8s\.io\/v1|vpn\.traidnet\.io\/.*)$/.test(apiVersion),
  );
  const namespaces = [...new Set(known.map(({ metadata }) => metadata.namespace ?? 'default'))];
  for (const one of namespaces.filter((name) => name !== 'default'))
    cluster.kubectl(['create', 'namespace', one]);
  const listOf = (items: KubeObject[]) => JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  // A pod of an account that is not there is not taken.
  cluster.kubectl(['create', '-f', '-'], listOf(known.filter(({ kind }) => kind === 'ServiceAccount')));
  const list = listOf(known);
  const strict = ['--dry-run=server', '--validate=strict', '--warnings-as-errors'];
  const taken = cluster
    .kubectl(['apply', '--server-side', ...strict, '-f', '-'], list)
    .trim()
    .split('\n');
  expect(taken).toHaveLength(known.length);
});

describe('what the examples point to is there', () => {
  test('paths', () => {
    const paths = [
      ...[operator, tenants, appOfApps].map((one) => one.spec.source.path),
      ...[fluxOperator, fluxTenants].map((one) => one.spec.path),
      release.spec.chart.spec.chart,
    ];
    expect(paths.filter((path) => !existsSync(join(REPOSITORY, path)))).toEqual([]);
    const { path, directory } = appOfApps.spec.source;
    const included = globSync('*.yaml', { cwd: join(REPOSITORY, path) }).filter((file) =>
      matchesGlob(file, directory.include),
    );
    expect(included.sort()).toEqual(['operator.yaml', 'tenants.yaml']);
  });

  test('the chart, which takes the values of both and renders the same of them', async () => {
    const { valuesObject, releaseName } = operator.spec.source.helm;
    expect(release.spec.values).toEqual(valuesObject);
    expect(release.spec.releaseName).toBe(releaseName);
    expect(valuesObject).toEqual({
      ...parse(read('deploy/overlays/example/values.yaml')),
      crds: { upgrade: false },
    });
    const hooks = (await render(valuesObject)).filter(({ metadata }) =>
      /install|upgrade/.test(metadata.annotations?.['helm.sh/hook'] ?? ''),
    );
    expect(hooks).toEqual([]);
  });

  test('the namespace, with the right label, before the chart', () => {
    const label = { 'pod-security.kubernetes.io/enforce': 'privileged' };
    expect(operator.spec.syncPolicy.managedNamespaceMetadata.labels).toEqual(label);
    expect(operator.spec.syncPolicy.syncOptions).toContain('CreateNamespace=true');
    const built = objectsOf(cluster.kubectl(['kustomize', join(REPOSITORY, fluxOperator.spec.path)]));
    const [namespace] = built.filter(({ kind }) => kind === 'Namespace');
    expect(namespace?.metadata.name).toBe(release.spec.targetNamespace);
    expect(namespace?.metadata.labels).toMatchObject(label);
    expect(built.map(({ kind }) => kind)).toContain('HelmRelease');
  });

  test('sources and dependencies', () => {
    const source = objects.find(({ kind }) => kind === 'GitRepository');
    for (const { spec } of [fluxOperator, fluxTenants])
      expect(spec.sourceRef).toEqual({ kind: 'GitRepository', name: source?.metadata.name });
    expect(release.spec.chart.spec.sourceRef.name).toBe(source?.metadata.name);
    const urls = [operator, tenants, appOfApps].map((one) => one.spec.source.repoURL);
    expect(new Set(urls)).toEqual(new Set([spec(source as KubeObject).url]));
    expect(fluxTenants.spec.dependsOn).toEqual([{ name: fluxOperator.metadata.name }]);
    const [first, second] = [operator, tenants].map((one) =>
      Number(one.metadata.annotations['argocd.argoproj.io/sync-wave']),
    );
    expect(second).toBeGreaterThan(first ?? 0);
  });

  test('what Flux waits for among the tenants’ objects', () => {
    for (const { apiVersion, kind, name, namespace } of fluxTenants.spec.healthChecks) {
      const found = objects.some(
        (one) =>
          one.apiVersion === apiVersion &&
          one.kind === kind &&
          one.metadata.name === name &&
          one.metadata.namespace === namespace,
      );
      expect([kind, name, found]).toEqual([kind, name, true]);
    }
  });
});

test('an Application is as healthy for Argo CD as it says itself', async () => {
  const status = { health: { status: 'Degraded', message: 'One is away.' } };
  const verdicts = await healthOf({ ...operator, status }, operator);
  expect(verdicts.map(({ argo }) => argo)).toEqual([
    { status: 'Degraded', message: 'One is away.' },
    { status: 'Progressing', message: '' },
  ]);
});
