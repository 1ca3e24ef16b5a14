import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { customResourceDefinition, GROUP, KINDS } from '../../../src/api/index.ts';
import { MINIMUM_KUBERNETES, obstacle } from '../../../src/install/index.ts';
import { fieldsOf, missingFields } from '../../../src/install/schema-fields.ts';
import { KubeApiError } from '../../../src/kube/index.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');

/** What a server of this version publishes, with our kinds unless told otherwise. */
function server(version: unknown, kinds: (() => unknown) | undefined = published) {
  return {
    document: async (path: string) => {
      if (path === '/version') return version;
      return kinds();
    },
  };
}
const published = () => ({
  components: {
    schemas: Object.fromEntries(
      KINDS.map((kind) => [
        kind.resource.kind,
        {
          ...customResourceDefinition(kind).spec.versions[0]?.schema.openAPIV3Schema,
          'x-kubernetes-group-version-kind': [{ group: GROUP, kind: kind.resource.kind }],
        },
      ]),
    ),
  },
});

test('the oldest Kubernetes is the same for the program as for the chart', () => {
  const chart = parse(readFileSync(join(ROOT, 'charts/tenant-tunnel-operator/Chart.yaml'), 'utf8'));
  expect(chart.kubeVersion).toBe(`>=${MINIMUM_KUBERNETES}.0-0`);
});

test.each([
  ['1', '30', false],
  ['1', '30+', false],
  ['0', '99', false],
  ['1', '31', true],
  ['1', '31+', true],
  ['1', '40', true],
  ['2', '0', true],
])('an API server %s.%s is new enough: %s', async (major, minor, isEnough) => {
  const why = await obstacle(server({ major, minor }));
  if (isEnough) expect(why).toBeUndefined();
  else
    expect(why).toBe(
      `The API server is Kubernetes ${major}.${minor}, older than 1.31, which this program needs: upgrade the cluster.`,
    );
});

test('a server that does not say how old it is, or keeps to itself what it serves, is given the benefit', async () => {
  expect(await obstacle(server({}))).toBeUndefined();
  const forbidden = () => {
    throw new KubeApiError('Forbidden', 'No.', { status: 403 });
  };
  expect(await obstacle(server({ major: '1', minor: '36' }, forbidden))).toBeUndefined();
});

test('nonsense from the server is an obstacle, and never a crash', async () => {
  for (const nonsense of [null, 7, {}, { components: 1 }, { components: { schemas: { a: 1, b: [] } } }]) {
    expect(await obstacle(server({ major: '1', minor: '36' }, () => nonsense))).toMatch(/are not installed/);
  }
});

test('fields are named by their paths, those inside a list or a map too, and those lacking whole by their outermost', () => {
  const leaf = { type: 'string' };
  const schema = (properties: object) => ({
    properties: { spec: { properties }, metadata: { properties: { x: leaf } } },
  });
  const whole = fieldsOf(
    schema({
      list: { items: { properties: { a: leaf } } },
      map: { additionalProperties: { properties: { b: leaf } } },
    }),
  );
  expect([...whole]).toEqual(['spec', 'spec.list', 'spec.list[].a', 'spec.map', 'spec.map.*.b']);
  expect(missingFields(whole, fieldsOf(schema({ list: {} })))).toEqual(['spec.list[].a', 'spec.map']);
  expect(missingFields(new Set(['spec', 'spec.a', 'spec.ab']), new Set(['spec']))).toEqual([
    'spec.a',
    'spec.ab',
  ]);
});
