import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { valuesOf } from '../../../deploy/values-reference.ts';
import { changes } from './changes.ts';
import { CHART, LEAST, merged, nested, prepareHelm, render } from './chart.ts';
import { EFFECTS } from './effects.ts';

beforeAll(prepareHelm, 900_000);

test('every value has its line in the table of what it changes', () => {
  const values = valuesOf(readFileSync(join(CHART, 'values.yaml'), 'utf8'));
  const leaves = values.filter((value) => 'default' in value).map(({ path }) => path);
  expect(Object.keys(EFFECTS)).toEqual(leaves);
});

test.each(Object.entries(EFFECTS))('%s', async (path, { set, given = {}, changes: expected }) => {
  const around = merged(LEAST, given);
  const before = await render(around);
  const after = await render(merged(around, nested(path, set)));
  const told = typeof expected === 'function' ? expected(before) : expected;
  expect(changes(before, after)).toEqual([...told].sort());
});

describe('values that bear on others', () => {
  const without = async (values: object) =>
    changes(await render(), await render(merged(LEAST, { ...values })));

  test('a single controller has no disruption budget, which would block every drain', async () => {
    expect(await without({ controller: { replicas: 1 } })).toEqual([
      '- PodDisruptionBudget controller',
      'Deployment controller spec.replicas = 1',
    ]);
  });

  test('a digest wins over a tag', async () => {
    const digest = `sha256:${'f'.repeat(64)}`;
    const lines = await without({ image: { tag: 'v9', digest } });
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(line).toMatch(/image = ".*operator@sha256:f+"$/);
  });

  test('no priority class is written where none is named', async () => {
    const none = { priorityClassName: '' };
    expect(await without({ controller: none, gateway: none })).toEqual([
      'DaemonSet gateway spec.template.spec.priorityClassName gone',
      'Deployment controller spec.template.spec.priorityClassName gone',
    ]);
  });

  test('the class keeps the endpoint of its own value, whatever its further fields are', async () => {
    const spec = { ports: { first: 4000 } };
    expect(await without({ defaultClass: { ...(LEAST.defaultClass as object), spec } })).toEqual([
      'TunnelClass default spec.ports.first = 4000',
    ]);
  });

  test('an annotation of one’s own may say which container kubectl logs shows', async () => {
    const podAnnotations = { 'kubectl.kubernetes.io/default-container': 'wireguard' };
    expect(await without({ gateway: { podAnnotations } })).toEqual([
      'DaemonSet gateway spec.template.metadata.annotations.kubectl.kubernetes.io/default-container = "wireguard"',
    ]);
  });
});
