/** Agents of gateways ask each other: only those with the key, and only what changed. */
import { randomBytes } from 'node:crypto';
import { request } from 'node:https';
import { type GatewayAnswer, parseAnswer } from '../../../src/gateway/peers/answer.ts';
import { learn } from '../../../src/gateway/peers/peers.ts';
import { Sightings } from '../../../src/gateway/peers/sightings.ts';
import { askPeer, listenForPeers, type Speaking } from '../../../src/gateway/peers/speak.ts';
import { generateKeyPair } from '../../../src/wireguard/index.ts';

const key = randomBytes(32);
const ANSWER: GatewayAnswer = {
  formatVersion: 1,
  node: 'n1',
  epoch: 'e',
  next: 7,
  at: 1_800_000_000,
  contactAgeMs: 300,
  carried: { wg0: 5 },
  tunnels: {},
};
const signal = AbortSignal.timeout(10_000);
const seen = (publicKey: string, endpoint: string | null, lastHandshake: number) => ({
  publicKey,
  endpoint,
  lastHandshake,
  rx: 0,
  tx: 0,
});

describe('over the pod network', () => {
  let speaking: Speaking;
  const asked: unknown[] = [];
  let known: Buffer | undefined = key;
  beforeAll(async () => {
    const answer = (what: unknown) => {
      asked.push(what);
      return ANSWER;
    };
    speaking = await listenForPeers({ host: '127.0.0.1', port: 0, key: () => known, answer });
  });
  afterAll(() => speaking.close());

  test('who has the key is answered', async () => {
    expect(await askPeer(speaking.address, key, { epoch: 'x', since: 3 }, signal)).toEqual(ANSWER);
    expect(asked).toEqual([{ epoch: 'x', since: 3 }]);
  });

  test('who has another, or none, is not; nor is anybody while the key is not known', async () => {
    const asks = (with_: Buffer) => askPeer(speaking.address, with_, { epoch: '', since: 0 }, signal);
    await expect(asks(randomBytes(32))).rejects.toThrow();
    known = undefined;
    await expect(asks(key)).rejects.toThrow();
    known = key;
    const bare = new Promise((resolve, reject) => {
      request(`https://${speaking.address}/v1/gateway`, { rejectUnauthorized: false, agent: false }, resolve)
        .once('error', reject)
        .end();
    });
    await expect(bare).rejects.toThrow();
    expect(asked).toHaveLength(1);
  });

  test('one that is not there fails', async () => {
    await expect(askPeer('127.0.0.1:1', key, { epoch: '', since: 0 }, signal)).rejects.toThrow();
  });
});

test('what is no answer is none', () => {
  expect(parseAnswer(JSON.stringify(ANSWER))).toEqual(ANSWER);
  for (const [field, value] of Object.entries({
    formatVersion: 2,
    node: 1,
    next: 'x',
    contactAgeMs: 'x',
    carried: [],
    tunnels: { wg0: 3 },
  })) {
    expect([field, parseAnswer(JSON.stringify({ ...ANSWER, [field]: value }))]).toEqual([field, undefined]);
  }
  for (const text of ['', 'null', '[]', '{"formatVersion":1}']) expect(parseAnswer(text)).toBeUndefined();
});

test('only what changed is told again; another process tells all', () => {
  const [a, b] = [generateKeyPair().publicKey, generateKeyPair().publicKey];
  const sightings = new Sightings();
  sightings.note('wg0', seen(a, '203.0.113.1:1000', 100));
  sightings.note('wg0', seen(b, null, 0));
  const first = sightings.since('', 0);
  expect(first.tunnels).toEqual({ wg0: { [a]: ['203.0.113.1:1000', 100] } });
  const next = () => sightings.since(first.epoch, first.next).tunnels;
  expect(next()).toEqual({});
  // A handshake alone, at its usual pace, is not worth it each time.
  sightings.note('wg0', seen(a, '203.0.113.1:1000', 150));
  expect(next()).toEqual({});
  sightings.note('wg0', seen(b, '203.0.113.2:2000', 160));
  sightings.note('wg0', seen(a, '203.0.113.1:1000', 170));
  expect(next()).toEqual({ wg0: { [a]: ['203.0.113.1:1000', 170], [b]: ['203.0.113.2:2000', 160] } });
  expect(Object.keys(sightings.since('other', first.next).tunnels.wg0 ?? {})).toHaveLength(2);
  sightings.retain(() => false);
  expect(sightings.since('', 0).tunnels).toEqual({});
});

test('what was told of a tunnel is told on until its peers are read', () => {
  const a = generateKeyPair().publicKey;
  const sightings = new Sightings();
  sightings.adopt('wg0', { at: 1000, peers: { [a]: ['203.0.113.1:1000', 100] } });
  expect(sightings.since('', 0).tunnels).toEqual({ wg0: { [a]: ['203.0.113.1:1000', 100] } });
  // The interface is new: nobody has shaken hands yet.
  sightings.note('wg0', seen(a, '203.0.113.1:1000', 0));
  expect(sightings.since('', 0).tunnels).toEqual({ wg0: { [a]: ['203.0.113.1:1000', 100] } });
  sightings.note('wg0', seen(a, '203.0.113.1:2000', 130));
  expect(sightings.since('', 0).tunnels).toEqual({ wg0: { [a]: ['203.0.113.1:2000', 130] } });
});

test('answers add up, until the process is another one or carries a tunnel no more', () => {
  const one = {
    node: 'n1',
    address: undefined,
    renewTime: undefined,
    heardAt: 0,
    leaseMs: 0,
    answeredAt: 0,
    contactAt: 0,
    carried: new Map(),
    seen: new Map(),
    epoch: '',
    next: 0,
    failure: '',
  };
  learn(one, { ...ANSWER, tunnels: { wg0: { a: ['203.0.113.1:1', 1] } } }, 1000, 1010);
  learn(
    one,
    { ...ANSWER, at: ANSWER.at + 9, next: 8, tunnels: { wg0: { b: ['203.0.113.2:2', 2] } } },
    2000,
    2020,
  );
  expect(one.seen.get('wg0')).toEqual({
    at: ANSWER.at + 9,
    peers: { a: ['203.0.113.1:1', 1], b: ['203.0.113.2:2', 2] },
  });
  // Each time is on the safe side: it may have answered as early as it was asked, and renewed as late as it answered.
  expect(one).toMatchObject({ answeredAt: 2000, contactAt: 2020 - 300, next: 8 });
  learn(one, { ...ANSWER, epoch: 'f', tunnels: {} }, 3000, 3000);
  expect(one.seen.size).toBe(0);
});
