import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { parse } from 'yaml';
import { renderedFiles } from '../../../deploy/render.ts';
import { outdated } from '../../../src/api/written-files.ts';
import { type ControlPlane, startControlPlane } from '../../testbed/control-plane.ts';
import {
  isHook,
  type KubeObject,
  NAMESPACE,
  nameOf,
  objectsOf,
  type Plain,
  prepareHelm,
  render,
} from '../chart/chart.ts';

jest.setTimeout(60_000);

const REPOSITORY = join(import.meta.dirname, '..', '..', '..');
const DEPLOY = join(REPOSITORY, 'deploy');
const EXAMPLE = join(DEPLOY, 'overlays', 'example');
/** The operator's namespace, which Helm is told and kustomize makes. */
const SYSTEM = `Namespace ${NAMESPACE}`;
const BACKUPS = 'Namespace tenant-tunnel-backups';

let cluster: ControlPlane;

beforeAll(async () => {
  await prepareHelm();
  cluster = await startControlPlane();
}, 900_000);
afterAll(() => cluster?.stop());

const kustomize = (directory: string): KubeObject[] =>
  objectsOf(cluster.kubectl(['kustomize', join(DEPLOY, directory)]));
const exampleValues = (): Plain => parse(readFileSync(join(EXAMPLE, 'values.yaml'), 'utf8'));

/** Two labels say by what an object came, and are not compared; a hook's annotations mean nothing to kustomize. */
function comparable(objects: readonly KubeObject[]): Map<string, unknown> {
  const ignored = /^(helm\.sh\/(chart|hook.*|resource-policy)|app\.kubernetes\.io\/managed-by)$/;
  const bare = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(bare);
    if (value === null || typeof value !== 'object') return value;
    const kept = Object.entries(value).filter(([key]) => !ignored.test(key));
    const isEmptied = kept.length === 0 && Object.keys(value).length > 0;
    return isEmptied ? undefined : Object.fromEntries(kept.map(([key, inner]) => [key, bare(inner)]));
  };
  return new Map(objects.map((one) => [nameOf(one), bare(one)]));
}

test('what is written from the chart is as the chart renders it; else run: make generate', async () => {
  expect(outdated(REPOSITORY, await renderedFiles())).toEqual([]);
});

describe('object by object the same as helm template', () => {
  test('deploy/base, with the operator’s namespace beside it', async () => {
    const { [SYSTEM]: namespace, ...rest } = Object.fromEntries(comparable(kustomize('base')));
    expect(namespace).toMatchObject({
      metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } },
    });
    const chart = await render({ defaultClass: { create: false } }, ['--no-hooks']);
    expect(rest).toEqual(Object.fromEntries(comparable(chart)));
  });

  test('deploy/overlays/example and its values.yaml, with the operator’s namespace beside it', async () => {
    const { [SYSTEM]: namespace, ...rest } = Object.fromEntries(comparable(kustomize('overlays/example')));
    expect(namespace).toBeDefined();
    expect(rest).toEqual(Object.fromEntries(comparable(await render(exampleValues(), ['--no-hooks']))));
  });

  test('deploy/overlays/example-monitored and all of the chart that is for monitoring', async () => {
    const { [SYSTEM]: namespace, ...rest } = Object.fromEntries(
      comparable(kustomize('overlays/example-monitored')),
    );
    expect(namespace).toBeDefined();
    const switches = ['serviceMonitor', 'prometheusRule', 'dashboard'];
    const metrics = Object.fromEntries(switches.map((name) => [name, { enabled: true }]));
    const chart = await render({ ...exampleValues(), metrics }, ['--no-hooks']);
    expect(rest).toEqual(Object.fromEntries(comparable(chart)));
    expect(chart.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['ServiceMonitor', 'PrometheusRule', 'ConfigMap']),
    );
  });

  test.each([
    ['cleanup', 'pre-delete'],
    ['check', 'test'],
  ])('deploy/%s and the hook %s, also with the overlay’s image', async (directory, hook) => {
    expect(kustomize(directory)).not.toEqual([]);
    for (const [name, values] of [
      [directory, { defaultClass: { create: false } }],
      [`overlays/example/${directory}`, exampleValues()],
    ] as const) {
      const hooks = (await render(values)).filter((one) => isHook(one, hook));
      expect(Object.fromEntries(comparable(kustomize(name)))).toEqual(Object.fromEntries(comparable(hooks)));
    }
  });
});

test('kustomize names itself as what manages the objects', () => {
  for (const directory of ['base', 'cleanup', 'check', 'overlays/example-monitored']) {
    const objects = kustomize(directory).filter((one) => nameOf(one) !== SYSTEM);
    const managers = objects.map(({ metadata }) => metadata.labels?.['app.kubernetes.io/managed-by']);
    expect(new Set(managers)).toEqual(new Set(['kustomize']));
    expect(JSON.stringify(objects)).not.toMatch(/helm\.sh/);
  }
});

describe('on a cluster', () => {
  /** The commands of a page that begin so, run with the paths of this repository. */
  function runAsWritten(page: string, start: string, more: readonly string[] = []): string[] {
    const text = readFileSync(join(REPOSITORY, 'docs', page), 'utf8');
    const commands = text.split('\n').filter((line) => line.startsWith(`kubectl ${start}`));
    expect(commands.length).toBeGreaterThan(0);
    return commands.map((command) => {
      const args = command.split(' ').slice(1);
      const at = args.findIndex((arg) => arg === '-k' || arg === '-f') + 1;
      return cluster.kubectl([...args.with(at, join(REPOSITORY, args[at] ?? '')), ...more]);
    });
  }
  const versions = (): string[] =>
    objectsOf(cluster.kubectl(['get', '-k', EXAMPLE, '-o', 'yaml'])).flatMap(({ items }) =>
      (items as KubeObject[]).map((one) => `${nameOf(one)} ${(one.metadata as Plain).resourceVersion}`),
    );

  test('the two commands of docs/install.md install all of it, and given again change nothing', () => {
    const apply = () => runAsWritten('install.md', 'apply --server-side');
    const [, lines = ''] = apply();
    expect(lines.trim().split('\n')).toHaveLength(kustomize('overlays/example').length);
    // The API server leaves the default of a status out of what it stores first, and stores it with the next write.
    apply();
    const before = versions();
    expect(before).toHaveLength(kustomize('overlays/example').length);
    apply();
    expect(versions()).toEqual(before);
  });

  test('check and cleanup can be applied beside it', () => {
    for (const directory of ['check', 'cleanup'])
      cluster.kubectl(['apply', '--server-side', '-k', join(EXAMPLE, directory)]);
  });

  test('removed as docs/upgrade.md says, it leaves the namespaces with the ledger and with backups', () => {
    runAsWritten('upgrade.md', 'delete -k', ['--wait=false']);
    const left = objectsOf(
      cluster.kubectl(['get', '-k', EXAMPLE, '--ignore-not-found', '-o', 'yaml']),
    ).flatMap((one) => (one.kind === 'List' ? (one.items as KubeObject[]) : [one]));
    const standing = left.filter(({ metadata }) => (metadata as Plain).deletionTimestamp === undefined);
    expect(standing.map(nameOf).toSorted()).toEqual([BACKUPS, SYSTEM]);
  });
});
