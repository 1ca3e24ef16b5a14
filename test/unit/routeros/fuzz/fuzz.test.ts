import { fuzz } from './run.ts';

// `make fuzz` goes on from there.
test('hostile streams end every command with an answer or one of our errors, and close the connection', async () => {
  const seeds = Array.from({ length: 3_000 }, (_, at) => at + 1);
  const outcomes = await Promise.all(seeds.map(fuzz));
  const faults = outcomes.flatMap(({ fault }, at) =>
    fault === undefined ? [] : [`seed ${seeds[at]}: ${fault}`],
  );
  expect(faults).toEqual([]);
  // Or it would not have tried much.
  expect([...new Set(outcomes.flatMap(({ ends }) => ends))].sort()).toEqual(
    expect.arrayContaining([
      'Closed',
      'Fatal',
      'NoSuchCommand',
      'NotPermitted',
      'ProtocolViolation',
      'TooLarge',
      'Trap',
      'answered',
    ]),
  );
}, 60_000);
