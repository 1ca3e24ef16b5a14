import { type Condition, findCondition, isTrue, setCondition } from '../../../src/kube/index.ts';

const ready: Condition = {
  type: 'Ready',
  status: 'False',
  reason: 'Pending',
  message: 'Wait.',
  observedGeneration: 1,
  lastTransitionTime: '2026-01-01T00:00:00Z',
};
const later = Date.parse('2026-01-02T03:04:05.678Z');

test('a condition whose status stays keeps its transition time while all else changes', () => {
  const list = setCondition(
    [ready],
    { ...ready, reason: 'Other', message: 'Go.', observedGeneration: 2 },
    later,
  );
  expect(list).toEqual([{ ...ready, reason: 'Other', message: 'Go.', observedGeneration: 2 }]);
});

test('a condition whose status changes gets the time of the change, in whole seconds', () => {
  const list = setCondition([ready], { ...ready, status: 'True' }, later);
  expect(findCondition(list, 'Ready')?.lastTransitionTime).toBe('2026-01-02T03:04:05Z');
  expect(isTrue(list, 'Ready')).toBe(true);
});

test('a new condition goes to the end and the others keep their places', () => {
  const list = setCondition([ready], { type: 'Allocated', status: 'True', reason: 'Ok', message: '' }, later);
  expect(list.map(({ type }) => type)).toEqual(['Ready', 'Allocated']);
  const again = setCondition(list, { ...ready, status: 'True' }, later);
  expect(again.map(({ type }) => type)).toEqual(['Ready', 'Allocated']);
});

test('the list that was given stays as it was', () => {
  const list = Object.freeze([Object.freeze({ ...ready })]);
  setCondition(list, { ...ready, status: 'True' }, later);
  expect(list).toEqual([ready]);
});

test('an observedGeneration that is no longer given goes away', () => {
  const { observedGeneration: _gone, lastTransitionTime: _kept, ...rest } = ready;
  expect(setCondition([ready], rest, later)[0]).not.toHaveProperty('observedGeneration');
});
