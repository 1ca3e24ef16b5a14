import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { valuesOf, valuesReference } from '../../../deploy/values-reference.ts';
import { customResourceDefinition, KINDS } from '../../../src/api/index.ts';
import { LOG_LEVELS } from '../../../src/process/index.ts';
import { CHART, objectsIn, propertiesOf, resolved, type Schema, schema } from './schema.ts';

const REPOSITORY = join(import.meta.dirname, '..', '..', '..');
const text = readFileSync(join(CHART, 'values.yaml'), 'utf8');
const values = valuesOf(text);
test('the chart has the version of the program, and runs its image', () => {
  const { version } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8'));
  const chart = parse(readFileSync(join(CHART, 'Chart.yaml'), 'utf8'));
  expect([chart.version, chart.appVersion]).toEqual([version, version]);
});

describe('every value', () => {
  test('has a comment, alone or as part of the block that it stands in', () => {
    expect(values.filter(({ comment }) => comment === '')).toEqual([]);
    expect(values.length).toBeGreaterThan(30);
  });

  test('is in the schema, and every key of the schema is a value', () => {
    const leaves = new Set(values.filter((value) => 'default' in value).map(({ path }) => path));
    const keys = (one: Schema, prefix: string): string[] =>
      propertiesOf(one).flatMap(([name, property]) => {
        const path = `${prefix}${name}`;
        const isLeaf = leaves.has(path) || resolved(property).properties === undefined;
        return isLeaf ? [path] : keys(property, `${path}.`);
      });
    // Helm gives it to every chart.
    const known = keys(schema, '').filter((path) => path !== 'global');
    expect(known.sort()).toEqual([...leaves].sort());
  });

  test('is in docs/values.md; else run: make generate', () => {
    expect(readFileSync(join(REPOSITORY, 'docs', 'values.md'), 'utf8')).toBe(valuesReference(text));
  });
});

describe('the schema', () => {
  test('refuses unknown keys in every object whose keys are ours to say', () => {
    const open = objectsIn().filter(([, one]) => one.additionalProperties !== false);
    expect(open.map(([path]) => path)).toEqual([
      '.global',
      '.commonLabels',
      '.defaultClass.endpoint.loadBalancer.annotations',
      '.defaultClass.spec.gateway.nodeSelector',
      ...['requests', 'limits'].map((name) => `.controller.resources.${name}`),
      '.controller.nodeSelector',
      ...['nodeAffinity', 'podAffinity', 'podAntiAffinity'].map((name) => `.controller.affinity.${name}`),
      '.controller.podAnnotations',
      '.gateway.nodeSelector',
      ...['nodeAffinity', 'podAffinity', 'podAntiAffinity'].map((name) => `.gateway.affinity.${name}`),
      '.gateway.podAnnotations',
      ...['agent', 'wireguard'].flatMap((name) =>
        ['requests', 'limits'].map((one) => `.gateway.${name}.resources.${one}`),
      ),
      ...['metricsFrom', 'relayFrom'].flatMap((list) =>
        ['podSelector', 'namespaceSelector', 'ipBlock'].map((name) => `.networkPolicy.${list}[].${name}`),
      ),
      ...['serviceMonitor', 'prometheusRule', 'dashboard'].map((name) => `.metrics.${name}.labels`),
    ]);
  });

  test('has of a TunnelClass what its CRD has', () => {
    const kind = KINDS.find(({ resource }) => resource.kind === 'TunnelClass');
    if (kind === undefined) throw new Error('There is no TunnelClass.');
    const [version] = customResourceDefinition(kind).spec.versions;
    const spec = version?.schema.openAPIV3Schema.properties?.spec as Schema;
    const { endpoint, ...properties } = spec.properties ?? {};
    expect(endpoint).toBeDefined();
    const { description, ...own } = schema.definitions.tunnelClassSpec ?? {};
    expect(description).toBeDefined();
    expect(own).toEqual(asJsonSchema({ type: 'object', properties }));
  });

  test('has only levels of logging that the processes know', () => {
    expect(LOG_LEVELS).toEqual(expect.arrayContaining(schema.properties?.logLevel?.enum ?? []));
  });
});

/** What of a CRD's schema Helm can hold values against: CEL rules and defaults are the API server's. */
function asJsonSchema(one: Schema): Schema {
  const kept = [
    'type',
    'enum',
    'minimum',
    'maximum',
    'minItems',
    'maxItems',
    'maxLength',
    'maxProperties',
    'required',
  ];
  const keywords = Object.entries(one).filter(([keyword]) => kept.includes(keyword));
  const { properties, items, additionalProperties } = one;
  return {
    ...Object.fromEntries(keywords),
    ...(items && { items: asJsonSchema(items) }),
    ...(typeof additionalProperties === 'object' && {
      additionalProperties: asJsonSchema(additionalProperties),
    }),
    ...(properties && {
      additionalProperties: false,
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, property]) => [name, asJsonSchema(property)]),
      ),
    }),
  };
}
