import { customResourceDefinition, KINDS } from '../../../src/api/index.ts';
import { accepted, causes, type KindName, Server, until } from './server.ts';

let server: Server;
beforeAll(async () => {
  server = await Server.start();
}, 600_000);
afterAll(() => server?.stop());

const KEYS = ['xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=', 'TrMvSoP4jYQlY6RIzBgbssQqY3vxI2Pi+y71lOWWXX0='];

async function expectForbidden(kind: KindName, name: string, patch: object, field: string, sentence: string) {
  expect(causes(await server.merge(kind, name, patch))).toEqual([{ field, message: sentence }]);
}

const MOVES =
  'a Router cannot move to another tunnel: put back the tenant it had, or delete the Router and create it again';
const MOVES_REF =
  'a Router cannot move to another tunnel: put back the tunnelRef it had, or delete the Router and create it again';

describe('the tunnel that a Router joins', () => {
  beforeAll(async () => {
    await server.created('Router', { metadata: { name: 'by-tenant' }, spec: { tenant: 'acme' } });
    await server.created('Router', { metadata: { name: 'by-ref' }, spec: { tunnelRef: { name: 'acme' } } });
  });

  test('cannot change by another tenant', () =>
    expectForbidden('Router', 'by-tenant', { spec: { tenant: 'other' } }, 'spec.tenant', MOVES));

  test('cannot change by another tunnelRef', () =>
    expectForbidden('Router', 'by-ref', { spec: { tunnelRef: { name: 'x' } } }, 'spec.tunnelRef', MOVES_REF));

  test('cannot change by adding a namespace to the tunnelRef', () =>
    expectForbidden(
      'Router',
      'by-ref',
      { spec: { tunnelRef: { namespace: 'default' } } },
      'spec.tunnelRef',
      MOVES_REF,
    ));

  test('cannot change from tenant to tunnelRef, nor back', async () => {
    const toRef = { spec: { tenant: null, tunnelRef: { name: 'acme' } } };
    const toTenant = { spec: { tenant: 'acme', tunnelRef: null } };
    for (const [name, patch] of [
      ['by-tenant', toRef],
      ['by-ref', toTenant],
    ] as const) {
      const messages = causes(await server.merge('Router', name, patch)).map(({ message }) => message);
      expect(messages.toSorted()).toEqual([MOVES, MOVES_REF].toSorted());
    }
  });

  test('leaves all else free to change', async () => {
    const spec = {
      identity: 'Mast "North" #3; $x [y] \\z',
      publicKey: KEYS[0],
      subnets: ['192.168.88.0/24'],
      profiles: ['base'],
      autoConfiguration: { enabled: false },
      management: { user: 'platform', apiPort: 8729 },
      suspended: true,
    };
    expect(accepted(await server.merge('Router', 'by-tenant', { spec })).spec).toEqual({
      tenant: 'acme',
      ...spec,
    });
    const other = accepted(await server.merge('Router', 'by-tenant', { spec: { publicKey: KEYS[1] } }));
    expect(other.spec.publicKey).toBe(KEYS[1]);
    const nothing = Object.fromEntries(Object.keys(spec).map((name) => [name, null]));
    expect(accepted(await server.merge('Router', 'by-tenant', { spec: nothing })).spec).toEqual({
      tenant: 'acme',
      autoConfiguration: { enabled: true },
      management: {},
      suspended: false,
    });
  });
});

describe('the tenant of a TenantTunnel', () => {
  const SENTENCE =
    'the tenant of a tunnel never changes: put back what it was, or create another TenantTunnel for the other tenant';
  const forbidden = (name: string, spec: object) =>
    expectForbidden('TenantTunnel', name, { spec }, 'spec.tenant', SENTENCE);

  test('cannot be changed, added or removed', async () => {
    await server.created('TenantTunnel', { metadata: { name: 'written' }, spec: { tenant: 'acme' } });
    await server.created('TenantTunnel', { metadata: { name: 'by-name' } });
    await forbidden('written', { tenant: 'other' });
    await forbidden('written', { tenant: null });
    await forbidden('by-name', { tenant: 'acme' });
    // Even what the default means already: whoever compares spec.tenant alone would see a change.
    await forbidden('by-name', { tenant: 'by-name' });
    accepted(await server.merge('TenantTunnel', 'by-name', { spec: { mtu: 1400, className: 'edge' } }));
  });

  test('cannot be removed together with the whole spec', async () => {
    await server.created('TenantTunnel', { metadata: { name: 'whole' }, spec: { tenant: 'acme-2' } });
    await expectForbidden('TenantTunnel', 'whole', { spec: null }, 'spec.tenant', SENTENCE);
  });
});

describe.each([
  ['Router', 'address', 'router', '10.100.1.7', '10.100.1.8', { tenant: 'acme' }],
  ['TenantTunnel', 'subnet', 'tunnel', '10.117.0.0/16', '10.118.0.0/16', {}],
  ['TenantTunnel', 'listenPort', 'tunnel', 51837, 51838, {}],
] as const)('the pin of a %s: %s', (kind, field, what, pin, other, required) => {
  const sentence = `this ${what} was given ${field} ${pin}, which never changes: write that, or delete the ${what} and create it again`;
  const created = (name: string, pinned: object = {}) =>
    server.created(kind, {
      metadata: { name: `${field.toLowerCase()}-${name}` },
      spec: { ...required, ...pinned },
    });
  const change = (name: string, value: unknown) =>
    server.merge(kind, `${field.toLowerCase()}-${name}`, { spec: { [field]: value } });
  const give = async (name: string, value: unknown) =>
    accepted(
      await server.merge(kind, `${field.toLowerCase()}-${name}`, { status: { [field]: value } }, '/status'),
    );
  const refused = async (name: string, value: unknown) =>
    expect(causes(await change(name, value))).toEqual([{ field: `spec.${field}`, message: sentence }]);

  test('may be added, corrected and removed until something was given', async () => {
    await created('early');
    for (const value of [pin, other, null, pin]) accepted(await change('early', value));
  });

  test('can be neither changed nor removed once it was given', async () => {
    await created('given', { [field]: pin });
    await give('given', pin);
    await refused('given', other);
    await refused('given', null);
    accepted(await change('given', pin));
  });

  test('may be added later only as what was given', async () => {
    await created('late');
    await give('late', pin);
    await refused('late', other);
    accepted(await change('late', pin));
  });

  test('never keeps a status from being written, and may be corrected to what was given', async () => {
    await created('differs', { [field]: other });
    await give('differs', pin);
    accepted(
      await server.merge(kind, `${field.toLowerCase()}-differs`, { metadata: { labels: { a: 'b' } } }),
    );
    accepted(await change('differs', pin));
    await refused('differs', other);
  });
});

test('an object from before a rule can be changed elsewhere, and its own field only into what the rule allows', async () => {
  const definition = KINDS.find(({ resource }) => resource.kind === 'Router');
  if (definition === undefined) throw new TypeError('There is no kind Router.');
  const strict = customResourceDefinition(definition);
  const lax = JSON.parse(JSON.stringify(strict), (name, value) =>
    name === 'x-kubernetes-validations' ? undefined : value,
  );
  const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${strict.metadata.name}`;
  // A merge patch replaces the list of versions, and with it the schema, as a whole.
  const use = async (crd: typeof strict) =>
    accepted(await server.controlPlane.request('PATCH', path, crd, 'application/merge-patch+json'));
  const create = (metadata: object) =>
    server.create('Router', { metadata, spec: { tenant: 'acme', identity: 'two\nlines' } });

  // The server takes a schema into use some time after it has stored it.
  await use(lax);
  await until(async () => (await create({ name: 'ratchet' })).status === 201);
  await use(strict);
  await until(async () => (await create({ generateName: 'ratchet-' })).status === 422);

  accepted(await server.merge('Router', 'ratchet', { spec: { suspended: true } }));
  const [cause] = causes(await server.merge('Router', 'ratchet', { spec: { identity: 'still\ntwo' } }));
  expect(cause?.field).toBe('spec.identity');
  accepted(await server.merge('Router', 'ratchet', { spec: { identity: 'one line' } }));
});
