import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { EndpointMemory } from '../../../src/wireguard/endpoints/memory.ts';
import { keyOf } from './peers.ts';
import { record } from './sightings.ts';

const NOW = 1_700_000_000;
const HERE = '203.0.113.7:51820';
const THERE = '203.0.113.8:1024';
const everybody = (): boolean => true;
const nobody = (): boolean => false;

const seen = (number: number, endpoint: string | null = HERE, lastHandshake = NOW) => ({
  publicKey: keyOf(number),
  endpoint,
  lastHandshake,
  rx: 0,
  tx: 0,
});

/** Of a tunnel whose record has just been written, at 0 ms. */
function settled(...numbers: number[]): EndpointMemory {
  const memory = new EndpointMemory();
  for (const number of numbers) memory.note('wg0', seen(number), NOW);
  memory.take('wg0', 0);
  return memory;
}

describe('what is worth writing down', () => {
  test('is a tunnel at once when the first of its peers was seen, and not again', () => {
    const memory = new EndpointMemory();
    expect(memory.due(0, false)).toEqual([]);
    memory.note('wg0', seen(1), NOW);
    memory.note('wg1', seen(1, null), NOW);
    expect(memory.due(0, false)).toEqual(['wg0']);
    expect(memory.take('wg0', 0)?.peers.get(keyOf(1))).toEqual({ endpoint: HERE, lastHandshake: NOW });
    expect(memory.due(1e9, true)).toEqual([]);
  });

  test('is a new endpoint, 3 s after the last writing and a millisecond for each peer', () => {
    const memory = settled(1, 2);
    memory.note('wg0', seen(1, THERE), NOW);
    expect(memory.due(3001, false)).toEqual([]);
    expect(memory.due(3002, false)).toEqual(['wg0']);

    const large = settled(...Array.from({ length: 2000 }, (_, number) => number));
    large.note('wg0', seen(5, THERE), NOW);
    expect(large.due(4999, false)).toEqual([]);
    expect(large.due(5000, false)).toEqual(['wg0']);
  });

  test('is a handshake alone only a minute after the last writing', () => {
    const memory = settled(1);
    memory.note('wg0', seen(1, HERE, NOW + 120), NOW + 121);
    expect(memory.due(59_999, false)).toEqual([]);
    expect(memory.due(60_000, false)).toEqual(['wg0']);
    expect(memory.take('wg0', 60_000)).toEqual({
      writtenAt: NOW + 121,
      peers: new Map([[keyOf(1), { endpoint: HERE, lastHandshake: NOW + 120 }]]),
    });
  });

  test('is all that has changed, at the end', () => {
    const memory = settled(1);
    memory.note('wg0', seen(1, HERE, NOW + 1), NOW + 1);
    expect(memory.due(1, false)).toEqual([]);
    expect(memory.due(1, true)).toEqual(['wg0']);
  });

  test('is a tunnel that has lost a peer', () => {
    const memory = settled(1, 2);
    memory.drop('wg0', [keyOf(2), keyOf(3)]);
    expect(memory.due(3001, false)).toEqual(['wg0']);
    expect([...(memory.take('wg0', 3001)?.peers.keys() ?? [])]).toEqual([keyOf(1)]);
  });

  test('is not a peer of which there is no news', () => {
    const memory = settled(1);
    memory.note('wg0', seen(1), NOW + 5);
    memory.note('wg0', seen(1, null, 0), NOW + 6);
    memory.drop('wg0', [keyOf(9)]);
    memory.drop('wg7', [keyOf(1)]);
    memory.retain('wg0', everybody);
    expect(memory.due(1e9, true)).toEqual([]);
  });

  test('is what could not be written, after the same wait', () => {
    const memory = settled(1);
    memory.putBack('wg0');
    memory.putBack('wg7');
    expect(memory.due(3000, false)).toEqual([]);
    expect(memory.due(3001, false)).toEqual(['wg0']);
  });

  test('is nothing of a tunnel that was forgotten', () => {
    const memory = new EndpointMemory();
    memory.note('wg0', seen(1), NOW);
    memory.forget('wg0');
    expect(memory.knows('wg0')).toBe(false);
    expect(memory.due(0, true)).toEqual([]);
    expect(memory.take('wg0', 0)).toBeUndefined();
  });
});

describe('what an interface made anew is told', () => {
  test('is where each of its peers was last seen', () => {
    const memory = settled(1, 2);
    memory.note('wg0', seen(2, THERE, NOW + 2), NOW + 2);
    memory.note('wg1', seen(3), NOW);
    expect(memory.recall('wg0', everybody, NOW + 2)).toEqual({
      endpoints: new Map([
        [keyOf(1), HERE],
        [keyOf(2), THERE],
      ]),
      speakers: [keyOf(2), keyOf(1)],
    });
  });

  test('is nothing of what is no peer of it any more, then or later', () => {
    const memory = settled(1, 2);
    const recalled = memory.recall('wg0', (key) => key === keyOf(2), NOW);
    expect([...recalled.endpoints.keys()]).toEqual([keyOf(2)]);
    expect(recalled.speakers).toEqual([keyOf(2)]);
    expect([...memory.recall('wg0', everybody, NOW).endpoints.keys()]).toEqual([keyOf(2)]);
    expect(memory.recall('wg0', nobody, NOW).endpoints.size).toBe(0);
  });

  test('is nothing where nothing was seen', () => {
    expect(new EndpointMemory().recall('wg0', everybody, NOW)).toEqual({
      endpoints: new Map(),
      speakers: [],
    });
  });

  test('is what was written down earlier, whole', () => {
    fc.assert(
      fc.property(record, (written) => {
        const memory = new EndpointMemory();
        memory.adopt('wg0', written);
        const { endpoints } = memory.recall('wg0', everybody, written.writtenAt);
        expect(endpoints).toEqual(new Map([...written.peers].map(([key, { endpoint }]) => [key, endpoint])));
        // It is on the disk already.
        expect(memory.due(0, true)).toEqual([]);
      }),
    );
  });

  test('addresses no peer that fell silent long before the tunnel was last looked at', () => {
    const memory = settled(1, 2);
    memory.note('wg0', seen(2, HERE, NOW + 600), NOW + 600);
    const { endpoints, speakers } = memory.recall('wg0', everybody, NOW + 601);
    expect(endpoints.size).toBe(2);
    expect(speakers).toEqual([keyOf(2)]);
  });

  test('is a handshake of before, until the new interface has made one', () => {
    const memory = settled(1);
    // A new interface knows where its peer is and has heard nothing.
    memory.note('wg0', seen(1, HERE, 0), NOW + 10);
    expect(memory.recall('wg0', everybody, NOW + 10).speakers).toEqual([keyOf(1)]);
    memory.note('wg0', seen(1, THERE, 0), NOW + 10);
    expect(memory.recall('wg0', everybody, NOW + 10)).toEqual({
      endpoints: new Map([[keyOf(1), THERE]]),
      speakers: [keyOf(1)],
    });
  });

  test('is no endpoint that could not be sent to', () => {
    const memory = new EndpointMemory();
    memory.note('wg0', seen(1, '[fe80::1%eth0]:51820'), NOW);
    memory.note('wg0', seen(2, '203.0.113.7:0'), NOW);
    expect(memory.recall('wg0', everybody, NOW).endpoints.size).toBe(0);
  });
});

test('what is remembered is no more than peers, and keeps no text that they were read from', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const memory = new EndpointMemory();
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let number = 0; number < 100; number += 1) {
    // A megabyte of `wg show dump`, of which one line is news.
    const text = `${keyOf(number)}\t${HERE}\t${String(number).repeat(1_000_000)}`;
    const [publicKey = '', endpoint = ''] = text.split('\t');
    memory.note('wg0', { ...seen(0), publicKey, endpoint }, NOW);
    memory.note('wg0', { ...seen(0), publicKey, endpoint: `${endpoint}0`.slice(0, -1) }, NOW);
  }
  collect();
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(20_000_000);
  expect(memory.take('wg0', 0)?.peers.size).toBe(100);
});
