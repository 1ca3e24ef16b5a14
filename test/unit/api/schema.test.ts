import {
  customResourceDefinition,
  DEFAULT_POOLS,
  KINDS,
  type Router,
  TENANT_TUNNELS,
  type TenantTunnelManifest,
} from '../../../src/api/index.ts';
import { s } from '../../../src/api/schema/builder.ts';
import { withDefaults } from '../../../src/api/schema/defaults.ts';
import type { Infer, InferWritten, OpenApi, Rule } from '../../../src/api/schema/schema.ts';
import { tunnelClassSpec } from '../../../src/api/v1alpha1/tunnel-class.ts';
import type { Created, KubeObject, ResourceType } from '../../../src/kube/index.ts';

/** Every node of a schema with its path. */
function nodes(path: string, openapi: OpenApi): [string, OpenApi][] {
  return [
    [path, openapi],
    ...Object.entries(openapi.properties ?? {}).flatMap(([name, child]) => nodes(`${path}.${name}`, child)),
    ...(openapi.items ? nodes(`${path}[]`, openapi.items) : []),
    ...(openapi.additionalProperties ? nodes(`${path}.*`, openapi.additionalProperties) : []),
  ];
}

const ofKinds = KINDS.flatMap((kind) => [
  ...nodes(`${kind.resource.kind}.spec`, kind.spec.openapi),
  ...nodes(`${kind.resource.kind}.status`, kind.status.openapi),
]);

describe('every field of every kind', () => {
  test('has a description that ends as a sentence does', () => {
    const without = ofKinds.filter(([, { description }]) => !/[.)]$/.test(description ?? ''));
    expect(without.map(([path]) => path)).toEqual([]);
  });

  test('is bounded, so that the server can tell what its rules cost at most', () => {
    const isBounded = (openapi: OpenApi) =>
      openapi.type === 'string'
        ? (openapi.maxLength ?? openapi.enum ?? openapi.format) !== undefined
        : openapi.type === 'array'
          ? openapi.maxItems !== undefined
          : openapi.type === 'integer'
            ? openapi.minimum !== undefined && openapi.maximum !== undefined
            : openapi.additionalProperties === undefined || openapi.maxProperties !== undefined;
    expect(ofKinds.filter(([, openapi]) => !isBounded(openapi)).map(([path]) => path)).toEqual([]);
  });

  test('is refused with one line that starts like a sentence going on and ends without a full stop', () => {
    const rules: Rule[] = [
      ...KINDS.flatMap((kind) => kind.rules),
      ...ofKinds.flatMap(([, openapi]) => openapi['x-kubernetes-validations'] ?? []),
    ];
    expect(rules.length).toBeGreaterThan(30);
    for (const { message } of rules) expect(message).toMatch(/^(?:[a-z].*|a Router .*)[^.\s]$/);
  });
});

test('a kind is in category vpn under its short names, with a status of its own', () => {
  const definitions = KINDS.map((kind) => customResourceDefinition(kind));
  expect(
    definitions.map(({ metadata, spec: { scope, names } }) => [metadata.name, scope, names.shortNames]),
  ).toEqual([
    ['tunnelclasses.vpn.traidnet.io', 'Cluster', ['tuncls']],
    ['tenanttunnels.vpn.traidnet.io', 'Namespaced', ['tt']],
    ['routers.vpn.traidnet.io', 'Namespaced', ['rtr']],
    ['routerprofiles.vpn.traidnet.io', 'Namespaced', ['rprof']],
  ]);
  for (const { spec } of definitions) {
    expect(spec.names.categories).toEqual(['vpn']);
    expect(spec.versions.map(({ name, subresources }) => [name, subresources])).toEqual([
      ['v1alpha1', { status: {} }],
    ]);
  }
});

test('the default pools cut into the 156 subnets 10.100.0.0/16 to 10.255.0.0/16, with no gap', () => {
  const subnets = DEFAULT_POOLS.flatMap(({ cidr, prefixLength }) => {
    const [address = '', length] = cidr.split('/');
    const first = Number(address.split('.')[1]);
    expect(prefixLength).toBe(16);
    return Array.from({ length: 2 ** (16 - Number(length)) }, (_, index) => first + index);
  });
  expect(subnets).toEqual(Array.from({ length: 156 }, (_, index) => 100 + index));
});

describe('defaults', () => {
  const written = { endpoint: { host: 'vpn.example.com' }, pools: [{ cidr: '10.9.0.0/16' }] };

  test('are filled in at every depth, in items of lists too, and leave what was written alone', () => {
    const before = structuredClone(written);
    const filled = withDefaults(tunnelClassSpec, written);
    expect(filled.pools).toEqual([{ cidr: '10.9.0.0/16', prefixLength: 16 }]);
    expect(filled.endpoint).toEqual({ host: 'vpn.example.com', mode: 'Static' });
    expect(filled.ports).toEqual({ first: 51820, last: 65535 });
    expect(written).toEqual(before);
    expect(withDefaults(tunnelClassSpec, filled)).toEqual(filled);
  });

  test('are not shared between the objects that get them', () => {
    const [one, other] = [withDefaults(tunnelClassSpec, written), withDefaults(tunnelClassSpec, written)];
    one.exclude.push('10.9.1.0/24');
    one.router.apiPort = 1;
    expect(other.exclude).toEqual([]);
    expect(other.router.apiPort).toBe(8728);
  });

  test('stand in for null, which the server takes for absent where there is a default', () => {
    const unset = { ...written, mtu: null } as unknown as typeof written;
    expect(withDefaults(tunnelClassSpec, unset).mtu).toBe(1420);
  });
});

test('types follow from the schema: what compiles here is what they say', () => {
  const text = { description: 'Some text.', maxLength: 10 };
  const schema = s.object(
    {
      must: s.string(text),
      may: s.optional(s.string(text)),
      filled: s.withDefault(s.choice(['A', 'B'], { description: 'A or B.' }), 'A'),
    },
    { description: 'An object.' },
  );
  const written: InferWritten<typeof schema> = { must: 'x' };
  const read: Infer<typeof schema> = { must: 'x', filled: 'A' };
  // @ts-expect-error a property with a default is there when read
  const unfilled: Infer<typeof schema> = { must: 'x' };
  // @ts-expect-error an absent property is absent, not undefined
  const undefinedText: Infer<typeof schema> = { must: 'x', filled: 'A', may: undefined };
  // @ts-expect-error not one of the words
  const word: InferWritten<typeof schema> = { must: 'x', filled: 'C' };
  expect([written, unfilled, undefinedText, word].map((value) => value.must)).toEqual(['x', 'x', 'x', 'x']);
  expect(withDefaults(schema, written)).toEqual(read);
  expect(schema.openapi.required).toEqual(['must']);
});

test('our kinds are objects to the runtime, and a tunnel can be created from what one writes', () => {
  const router = (object: Router): KubeObject => object;
  const type: ResourceType<TenantTunnelManifest> = TENANT_TUNNELS;
  const made: Created<TenantTunnelManifest> = { metadata: { name: 'acme', namespace: 'default' }, spec: {} };
  expect([router.length, type.kind, made.spec]).toEqual([1, 'TenantTunnel', {}]);
});
