import { CONDITION_REASONS, CONDITION_TYPES, EVENT_REASONS } from '../../../src/api/index.ts';
import type {
  ConditionReasonDocument,
  EventReasonDocument,
  ReasonDocument,
} from '../../../src/api/reasons.ts';

const types = new Map<string, ReasonDocument>(Object.entries(CONDITION_TYPES));
const reasons = Object.entries<ConditionReasonDocument>(CONDITION_REASONS);
const events = Object.entries<EventReasonDocument>(EVENT_REASONS);

test.each([...reasons, ...events])(
  'reason %s is one word, explained in sentences',
  (reason, { meaning, remedy }) => {
    expect(reason).toMatch(/^[A-Z][A-Za-z]{1,63}$/);
    expect(meaning).toMatch(/^\S.*\.$/);
    if (remedy !== undefined) expect(remedy).toMatch(/^[A-Z].*\.$/);
  },
);

test.each(reasons)(
  'reason %s stands only on conditions that its kinds have',
  (_reason, { on, conditions }) => {
    expect(on).not.toEqual([]);
    expect(conditions).not.toEqual([]);
    for (const kind of on) {
      const known = conditions.filter((type) => types.get(type)?.on.includes(kind));
      expect(known).not.toEqual([]);
    }
  },
);

test('every Event that warns says what to do', () => {
  const without = events.filter(([, { type, remedy }]) => type === 'Warning' && remedy === undefined);
  expect(without.map(([reason]) => reason)).toEqual([]);
});
