import { jest } from '@jest/globals';
import { generate } from './generate/generate.ts';
import { World } from './world.ts';

jest.setTimeout(120_000);

const told = async (seed: number): Promise<string> => {
  const history = generate(seed);
  const world = new World(history, { isLoud: true });
  const { journal, events } = await world.live(history.steps);
  return [...journal, events, JSON.stringify(world.server.since(1000))].join('\n');
};

test('one seed is one history, byte for byte', async () => {
  const seeds = Array.from({ length: 20 }, (_, at) => 400_000 + at);
  const first: string[] = [];
  for (const seed of seeds) first.push(await told(seed));
  for (const seed of seeds.toReversed()) expect(await told(seed)).toBe(first[seeds.indexOf(seed)]);
  expect(new Set(first).size).toBe(seeds.length);
});

test('two histories at once know nothing of each other', async () => {
  const [alone, other] = [await told(400_100), await told(400_101)];
  expect(await Promise.all([told(400_100), told(400_101)])).toEqual([alone, other]);
});
