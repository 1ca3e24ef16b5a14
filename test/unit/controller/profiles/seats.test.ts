import fc from 'fast-check';
import { ProfileSeats } from '../../../../src/controller/profiles/seats.ts';

const PROFILES = ['a/p', 'a/q', 'b/p'];
const ROUTERS = ['a/r1', 'a/r2', 'b/r1'];

test('both ways say the same, and what has changed is told', () => {
  const step = fc.oneof(
    fc.record({ router: fc.constantFrom(...ROUTERS), profiles: fc.subarray(PROFILES) }),
    fc.record({
      router: fc.constantFrom(...ROUTERS),
      profile: fc.constantFrom(...PROFILES),
      isIn: fc.boolean(),
    }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const seats = new ProfileSeats();
      const model = new Map<string, Set<string>>(ROUTERS.map((router) => [router, new Set()]));
      for (const one of steps) {
        const before = new Set(model.get(one.router));
        if ('profiles' in one) {
          model.set(one.router, new Set(one.profiles));
          const changed = PROFILES.filter((name) => before.has(name) !== one.profiles.includes(name));
          expect([...seats.seat(one.router, one.profiles)].sort()).toEqual(changed);
        } else {
          seats.seatIn(one.router, one.profile, one.isIn);
          if (one.isIn) model.get(one.router)?.add(one.profile);
          else model.get(one.router)?.delete(one.profile);
        }
      }
      for (const router of ROUTERS)
        expect([...seats.profilesOf(router)].sort()).toEqual([...(model.get(router) ?? [])].sort());
      for (const name of PROFILES)
        expect([...seats.routersOf(name)].sort()).toEqual(
          ROUTERS.filter((router) => model.get(router)?.has(name)),
        );
    }),
  );
});
