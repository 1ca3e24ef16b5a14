/** What the API server itself refuses to take from under the tunnels of a class, by what its status tells. */
import { accepted, causes, Server } from './server.ts';

let server: Server;
beforeAll(async () => {
  server = await Server.start();
}, 600_000);
afterAll(() => server?.stop());

const pool = (cidr: string, prefixLength = 16) => ({ cidr, prefixLength });
const row = (cidr: string, tunnels: number, range: object = {}, prefixLength = 16) => ({
  ...pool(cidr, prefixLength),
  subnets: 4,
  free: 1,
  tunnels,
  ...range,
});
const change = (name: string, spec: object) => server.merge('TunnelClass', name, { spec });
const observe = async (name: string, status: object) =>
  accepted(await server.merge('TunnelClass', name, { status }, '/status'));
const made = (name: string, spec: object = {}) =>
  server.created('TunnelClass', {
    metadata: { name },
    spec: { endpoint: { host: 'vpn.example.com' }, ...spec },
  });

const SENTENCE =
  'pool 10.100.0.0/14 is in use (tunnels: 3, subnets: 10.101.0.0/16 to 10.102.0.0/16): keep one pool with prefixLength 16 that holds these; spec.exclude keeps new tunnels off them, and when the last is deleted and its quarantine over, the pool can go';

describe('a pool in which tunnels live', () => {
  const pools = [pool('10.100.0.0/14'), pool('10.104.0.0/14')];

  beforeAll(async () => {
    await made('lived-in', { pools });
    await observe('lived-in', {
      pools: [
        row('10.100.0.0/14', 3, { first: '10.101.0.0/16', last: '10.102.0.0/16' }),
        row('10.104.0.0/14', 0),
      ],
    });
  });

  test.each([
    ['is taken out', [pool('10.104.0.0/14')]],
    ['is cut below one of them', [pool('10.100.0.0/15'), pool('10.104.0.0/14')]],
    ['is cut in two between them', [pool('10.100.0.0/15'), pool('10.102.0.0/15')]],
    ['gets subnets of another length', [pool('10.100.0.0/14', 20), pool('10.104.0.0/14')]],
  ])('is not shrunk: it %s', async (_how, wanted) => {
    expect(causes(await change('lived-in', { pools: wanted }))).toEqual([
      { field: 'spec.pools', message: SENTENCE },
    ]);
  });

  test.each([
    ['another is added before it', [pool('10.200.0.0/16'), ...pools]],
    ['it changes places with the other', pools.toReversed()],
    ['the other, in which none lives, is taken out', [pool('10.100.0.0/14')]],
    ['it grows', [pool('10.96.0.0/12')]],
    ['it shrinks to where they live', [pool('10.100.0.0/14')]],
    ['all as it was', pools],
  ])('may stay while %s', async (_how, wanted) => {
    accepted(await change('lived-in', { pools: wanted }));
  });

  test('is closed to new tunnels by an exclusion, over whatever lives there', async () => {
    accepted(await change('lived-in', { exclude: ['10.100.0.0/14'] }));
  });

  test('may go once the status says that nothing lives there any more', async () => {
    await observe('lived-in', { pools: [row('10.100.0.0/14', 0), row('10.104.0.0/14', 0)] });
    accepted(await change('lived-in', { pools: [pool('10.104.0.0/14')] }));
  });
});

describe('the range of ports', () => {
  test('may grow at both ends and shrink to what tunnels have, and no further', async () => {
    await made('ports', { ports: { first: 50_000, last: 60_000 } });
    const wanted = (first: number, last: number) => change('ports', { ports: { first, last } });
    accepted(await wanted(51_000, 60_000));
    await observe('ports', { ports: { total: 9001, free: 8990, first: 51_820, last: 51_830 } });
    for (const [first, last] of [
      [51_821, 60_000],
      [51_000, 51_829],
      [1, 100],
    ] as const) {
      expect(causes(await wanted(first, last))).toEqual([
        {
          field: 'spec.ports',
          message:
            'ports 51820 to 51830 are in use by tunnels: keep these inside of the range, which may grow at both ends',
        },
      ]);
    }
    accepted(await wanted(51_820, 51_830));
    accepted(await wanted(1, 65_535));
  });
});

describe('subnets that tunnels share', () => {
  test('are not made distinct while there are any; distinct ones may become equal', async () => {
    await made('sharing', { pools: [pool('10.100.0.0/14')] });
    const lives = { first: '10.100.0.0/16', last: '10.100.0.0/16' };
    await observe('sharing', { pools: [row('10.100.0.0/14', 2, lives)] });
    accepted(await change('sharing', { subnetAssignment: 'Equal' }));
    expect(causes(await change('sharing', { subnetAssignment: 'Distinct' }))).toEqual([
      {
        field: 'spec.subnetAssignment',
        message:
          'keep Equal while the class has tunnels: they keep the subnets that they share; create another class for tunnels with subnets of their own',
      },
    ]);
    await observe('sharing', { pools: [row('10.100.0.0/14', 0)] });
    accepted(await change('sharing', { subnetAssignment: 'Distinct' }));
  });
});

describe('what is judged', () => {
  test('is a change alone: any status can be written, and all else be changed, whatever lives outside', async () => {
    await made('drifted', { pools: [pool('10.0.0.0/16')], ports: { first: 1000, last: 1009 } });
    const lives = { first: '10.100.0.0/16', last: '10.103.0.0/16' };
    const status = {
      pools: [row('10.100.0.0/14', 4, lives)],
      ports: { total: 10, free: 0, first: 51_820, last: 51_823 },
    };
    await observe('drifted', status);
    await observe('drifted', { ...status, tunnels: 5 });
    accepted(await change('drifted', { mtu: 1400, exclude: ['10.0.0.0/16'] }));
    accepted(await server.merge('TunnelClass', 'drifted', { metadata: { labels: { a: 'b' } } }));
  });

  test('is nothing without a status, nor by one that is nonsense', async () => {
    await made('silent', { pools: [pool('10.100.0.0/14')] });
    accepted(await change('silent', { pools: [pool('10.104.0.0/14')], ports: { first: 1, last: 2 } }));
    await observe('silent', { pools: [row('10.104.0.0/14', 4)], ports: { total: 2, free: 2 } });
    accepted(await change('silent', { pools: [pool('10.108.0.0/14')], ports: { first: 3, last: 4 } }));
  });

  test('costs no more than the server allows, with as much of all as the schema does', async () => {
    const many = (prefixLength: number) =>
      Array.from({ length: 16 }, (_, n) => pool(`10.${n * 16}.0.0/12`, prefixLength));
    await made('large', { pools: many(28) });
    const rows = many(28).map(({ cidr }, n) =>
      row(cidr, 2 ** 31 - 1, { first: `10.${n * 16}.0.0/28`, last: `10.${n * 16 + 15}.255.240/28` }, 28),
    );
    await observe('large', { pools: rows });
    accepted(await change('large', { pools: many(28).toReversed() }));
    const [cause] = causes(await change('large', { pools: many(27) }));
    expect(cause?.message).toMatch(
      /^pool 10\.0\.0\.0\/12 is in use \(tunnels: 2147483647, subnets: 10\.0\.0\.0\/28 to 10\.15\./,
    );
  });
});
