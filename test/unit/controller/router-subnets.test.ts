import fc from 'fast-check';
import { overlaps, parseNetwork } from '../../../src/allocation/index.ts';
import type { Router } from '../../../src/api/index.ts';
import { routedCondition } from '../../../src/controller/routed-condition.ts';
import { subnetsOf } from '../../../src/controller/router-subnets.ts';
import { SubnetIndex } from '../../../src/controller/subnet-index.ts';
import type { World } from '../../../src/controller/world.ts';
import { keyOf } from '../../../src/kube/index.ts';
import { router, tunnel, tunnelEntry } from './fixtures.ts';

const entry = tunnelEntry();
/** Of tunnels that all call by one name. */
const alone = (name: string): string[] => [name];

/** A Router of the tenant, made so many seconds after the first. */
function made(
  name: string,
  second: number,
  subnets: string[],
  more: { told?: string[]; tenant?: string; namespace?: string } = {},
): Router {
  const { told, tenant = 'acme', namespace = 'a' } = more;
  return router(
    `${namespace}/${name}`,
    { tenant, subnets },
    {
      ...(told && { status: { subnets: told } }),
      metadata: { creationTimestamp: `2026-01-01T00:00:${String(second).padStart(2, '0')}Z` },
    },
  );
}

function worldOf(routers: readonly Router[]): World {
  const byKey = new Map(routers.map((one) => [keyOf(one), one]));
  const tunnels = [tunnel('a/acme'), tunnel('c/other')];
  const subnets = new SubnetIndex();
  for (const one of routers) subnets.note(keyOf(one), one, alone);
  return {
    subnets,
    caches: {
      routers: { get: (key: string) => byKey.get(key), byIndex: () => [] },
      tunnels: {
        get: (key: string) => tunnels.find((one) => keyOf(one) === key),
        byIndex: (_: string, tenant: string) => tunnels.filter(({ metadata }) => metadata.name === tenant),
      },
    },
    ledger: { tunnelOfTenant: () => entry },
  } as unknown as World;
}

/** By name of the Router, what it is granted; with `!` before what it is refused. */
function verdicts(...routers: Router[]): Record<string, string[]> {
  const world = worldOf(routers);
  return Object.fromEntries(
    routers.map((one) => {
      const { granted, refused } = subnetsOf(world, one, entry);
      return [one.metadata.name, [...granted, ...refused.map(({ subnet, why }) => `!${subnet} ${why}`)]];
    }),
  );
}

describe('networks behind routers', () => {
  test('are granted in ascending order', () => {
    const one = made('one', 0, ['192.168.9.0/24', '10.0.0.0/24', '192.168.8.0/24']);
    expect(verdicts(one)).toEqual({ one: ['10.0.0.0/24', '192.168.8.0/24', '192.168.9.0/24'] });
  });

  test('go to the oldest of those that want them, and the others are told whose they are', () => {
    const old = made('old', 0, ['192.168.88.0/24']);
    const young = made('young', 9, ['192.168.88.0/24', '192.168.0.0/16', '192.168.99.0/24']);
    expect(verdicts(young, old)).toEqual({
      old: ['192.168.88.0/24'],
      young: [
        '192.168.99.0/24',
        '!192.168.0.0/16 overlaps 192.168.88.0/24 of Router a/old',
        '!192.168.88.0/24 belongs to Router a/old',
      ],
    });
  });

  test('stay with whom they were told to, though an older one comes to want them', () => {
    const old = made('old', 0, ['192.168.0.0/16']);
    const young = made('young', 9, ['192.168.88.0/24'], { told: ['192.168.88.0/24'] });
    expect(verdicts(old, young)).toEqual({
      old: ['!192.168.0.0/16 overlaps 192.168.88.0/24 of Router a/young'],
      young: ['192.168.88.0/24'],
    });
  });

  test('of two that were told one by two leaders, the oldest keeps it', () => {
    const told = ['192.168.88.0/24'];
    expect(verdicts(made('young', 9, told, { told }), made('old', 0, told, { told }))).toEqual({
      young: ['!192.168.88.0/24 belongs to Router a/old'],
      old: told,
    });
  });

  test('that are refused hold up nobody', () => {
    const holder = made('holder', 5, ['10.1.0.0/24'], { told: ['10.1.0.0/24'] });
    const wide = made('wide', 0, ['10.1.0.0/16', '10.96.0.0/11']);
    const young = made('young', 9, ['10.1.5.0/24', '10.97.0.0/16']);
    expect(verdicts(holder, wide, young)).toEqual({
      holder: ['10.1.0.0/24'],
      wide: [
        '!10.1.0.0/16 overlaps 10.1.0.0/24 of Router a/holder',
        "!10.96.0.0/11 overlaps the tunnel's own 10.100.0.0/16",
      ],
      young: ['10.1.5.0/24', '10.97.0.0/16'],
    });
  });

  test.each(['10.100.0.0/16', '10.100.1.9/32', '10.0.0.0/8', '10.100.0.0/24'])(
    '%s overlaps the tunnel',
    (subnet) => {
      expect(verdicts(made('one', 0, [subnet])).one).toEqual([
        `!${subnet} overlaps the tunnel's own 10.100.0.0/16`,
      ]);
    },
  );

  test('may be equal in another tunnel, and those of a Router that may not join count for nothing', () => {
    const subnets = ['192.168.88.0/24'];
    const mine = made('mine', 9, subnets);
    const others = made('others', 0, subnets, { tenant: 'other', namespace: 'c', told: subnets });
    const intruder = made('intruder', 0, subnets, { namespace: 'z', told: subnets });
    expect(verdicts(mine, others, intruder).mine).toEqual(subnets);
  });

  test('that somebody stored before the kinds refused them are refused here', () => {
    const { granted, refused } = subnetsOf(worldOf([]), made('one', 0, ['::/0', '0.0.0.0/0', 'x']), entry);
    expect(granted).toEqual([]);
    expect(refused.map(({ why }) => why)).toEqual(['is no network', 'is no network', 'is no network']);
  });

  test('never overlap those of another router, whatever statuses tell', () => {
    const subnet = fc.constantFrom(
      ...['10.0.0.0/8', '10.1.0.0/16', '10.1.0.0/24', '10.1.1.0/24', '10.2.0.0/15'],
    );
    const some = fc.uniqueArray(subnet, { maxLength: 3 });
    const routers = fc
      .array(fc.tuple(fc.integer({ min: 0, max: 3 }), some, some), { minLength: 2, maxLength: 6 })
      .map((list) => list.map(([second, wants, told], i) => made(`r${i}`, second, wants, { told })));
    fc.assert(
      fc.property(routers, (list) => {
        const world = worldOf(list);
        const all = list.flatMap((one) =>
          subnetsOf(world, one, entry).granted.map((text) => ({ one, network: parseNetwork(text) })),
        );
        for (const a of all)
          for (const b of all)
            if (a.one !== b.one && overlaps(a.network, b.network))
              throw new Error(`${keyOf(a.one)} and ${keyOf(b.one)} overlap.`);
        // Told once more what they are granted, they are granted no less.
        const after = list.map((one) => ({
          ...one,
          status: { subnets: subnetsOf(world, one, entry).granted },
        }));
        const again = worldOf(after);
        for (const one of after)
          expect(subnetsOf(again, one, entry).granted).toEqual(expect.arrayContaining(one.status.subnets));
      }),
      { numRuns: 500 },
    );
  });
});

describe('what is said of them', () => {
  const one = made('one', 0, []);
  test('is nothing without any', () =>
    expect(routedCondition(one, '10.100.1.1', { granted: [], refused: [] })).toBeUndefined());

  test('names what is routed', () =>
    expect(routedCondition(one, '10.100.1.1', { granted: ['10.1.0.0/24'], refused: [] })).toEqual({
      type: 'Routed',
      status: 'True',
      reason: 'Routed',
      message: 'Through 10.100.1.1: 10.1.0.0/24.',
    }));

  test('names a few of those refused, and what works all the same', () => {
    const refused = [1, 2, 3, 4, 5].map((n) => ({
      subnet: `10.${n}.0.0/24`,
      why: 'belongs to Router a/other',
    }));
    expect(routedCondition(one, '10.100.1.1', { granted: ['10.9.0.0/24'], refused })).toMatchObject({
      status: 'False',
      reason: 'SubnetOverlap',
      message:
        'Not routed: 10.1.0.0/24 belongs to Router a/other; 10.2.0.0/24 belongs to Router a/other; 10.3.0.0/24 belongs to Router a/other, and 2 more. Write other networks in spec.subnets, or take it from the one that has it. Routed: 10.9.0.0/24.',
    });
  });
});

describe('the index', () => {
  const subnets = ['192.168.88.0/24'];
  const told = { told: subnets };
  let index: SubnetIndex;
  const note = (key: string, one: Router | undefined, aliasesOf = alone): string[] =>
    index.note(key, one, aliasesOf);
  beforeEach(() => {
    index = new SubnetIndex();
  });

  test('wakes those that ask for what went or came, and not for what is as it was', () => {
    expect(note('a/old', made('old', 0, subnets))).toEqual([]);
    expect(note('a/young', made('young', 9, ['192.168.0.0/16']))).toEqual([]);
    // It was told it: who asks for it looks again.
    expect(note('a/old', made('old', 0, subnets, told))).toEqual(['a/young']);
    expect(note('a/old', made('old', 0, subnets, told))).toEqual([]);
    expect(note('a/old', made('old', 0, [...subnets, '10.1.0.0/24'], told))).toEqual([]);
    expect(note('a/old', made('old', 0, ['10.1.0.0/24'], told))).toEqual(['a/young']);
    expect(note('a/young', undefined)).toEqual([]);
  });

  test('finds them by all names of their tunnel', () => {
    const guest = router('a/guest', { tunnelRef: { name: 'acme' }, subnets });
    expect(note('a/guest', guest)).toEqual([]);
    expect(note('a/old', made('old', 0, subnets, told))).toEqual([]);
    const both = (name: string): string[] => [name, 'tunnel a/acme'];
    expect(note('a/old', undefined, both)).toEqual(['a/guest']);
  });

  test('forgets a Router that is gone, and one that was made again for another tenant', () => {
    note('a/young', made('young', 9, subnets));
    note('a/old', made('old', 0, subnets, told));
    expect(note('a/old', made('old', 0, subnets, { tenant: 'other', ...told }))).toEqual(['a/young']);
    note('a/old', undefined);
    for (const table of [index.wanted, index.told])
      expect([...table.overlapping('tenant other', parseNetwork('192.0.0.0/8'))]).toEqual([]);
  });
});
