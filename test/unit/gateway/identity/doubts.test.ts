import { Doubts } from '../../../../src/gateway/identity/doubts.ts';
import { clonedMessage } from '../../../../src/gateway/identity/finding.ts';

const S = 1_000;
const MIN = 60 * S;
const HOUR = 60 * MIN;
const KEY = 'wg0 key';
const HOME = '192.0.2.1:13231';
const ELSEWHERE = '198.51.100.7:1024';

/** Back and forth every `everyS`, with a handshake each time if `restless`. */
function flap(doubts: Doubts, fromMs: number, toMs: number, { everyS = 20, restless = true } = {}): void {
  let place = HOME;
  for (let at = fromMs; at <= toMs; at += everyS * S) {
    const from = place;
    place = place === HOME ? ELSEWHERE : HOME;
    const lastHandshake = restless ? Math.floor(at / 1000) : Math.floor(at / 120_000) * 120;
    doubts.sighted(KEY, { endpoint: place, lastHandshake }, from, at);
  }
}

/** As the watch does it: a look every 5 s, with a log-in where one is needed. */
function inquire(
  doubts: Doubts,
  fromMs: number,
  toMs: number,
  answer: (endpoint: string) => string | 'refused',
) {
  let asked = 0;
  for (let at = fromMs; at <= toMs; at += 5 * S) {
    if (Math.floor(at / (20 * S)) !== Math.floor((at - 5 * S) / (20 * S))) {
      const from = doubts.get(KEY)?.trail?.endpoint;
      const endpoint = from === HOME ? ELSEWHERE : HOME;
      doubts.sighted(KEY, { endpoint, lastHandshake: Math.floor(at / 1000) }, from, at);
    }
    if (doubts.need(KEY, true, at) !== 'ask') continue;
    asked += 1;
    doubts.asking(KEY, at);
    const endpoint = doubts.get(KEY)?.trail?.endpoint ?? '';
    const said = answer(endpoint);
    if (said === 'refused') doubts.refused(KEY, endpoint);
    else doubts.answered(KEY, endpoint, said === '' ? undefined : said);
    doubts.need(KEY, true, at);
  }
  return asked;
}

test('a peer that stays where it is, or roams, costs nothing', () => {
  const doubts = new Doubts();
  doubts.sighted(KEY, { endpoint: HOME, lastHandshake: 1 }, undefined, 0);
  expect([...doubts.keys()]).toEqual([]);
  for (let step = 0; step < 100; step += 1) {
    doubts.sighted(
      KEY,
      { endpoint: `100.64.0.${step + 1}:1`, lastHandshake: step },
      `100.64.0.${step}:1`,
      step * 5 * S,
    );
    expect(doubts.need(KEY, true, step * 5 * S)).toBe('none');
  }
  expect(doubts.get(KEY)?.finding).toBeUndefined();
});

test('two serial numbers from two places are two routers, named with both', () => {
  const doubts = new Doubts();
  flap(doubts, 0, 2 * MIN);
  const asked = inquire(doubts, 2 * MIN, 4 * MIN, (endpoint) => (endpoint === HOME ? 'AAA111' : 'BBB222'));
  const finding = doubts.get(KEY)?.finding;
  expect(finding).toMatchObject({ kind: 'Cloned', by: 'serials' });
  expect(asked).toBeLessThanOrEqual(4);
  const message = finding?.kind === 'Cloned' ? clonedMessage(finding) : '';
  for (const part of ['AAA111', 'BBB222', HOME, ELSEWHERE]) expect(message).toContain(part);
});

test('one serial number from two places is one router, which is then left alone for an hour, and longer', () => {
  const doubts = new Doubts();
  flap(doubts, 0, 2 * MIN);
  const once = () => 'AAA111';
  expect(inquire(doubts, 2 * MIN, 4 * MIN, once)).toBe(2);
  expect(doubts.get(KEY)?.finding).toEqual({ kind: 'Roaming' });
  expect(inquire(doubts, 4 * MIN, 61 * MIN, once)).toBe(0);
  expect(inquire(doubts, 62 * MIN, 2 * HOUR, once)).toBe(2);
  expect(inquire(doubts, 2 * HOUR, 3 * HOUR, once)).toBe(0);
});

test('one that refuses the log-in while the other answers is a second router', () => {
  const doubts = new Doubts();
  flap(doubts, 0, 2 * MIN);
  inquire(doubts, 2 * MIN, 6 * MIN, (endpoint) => (endpoint === HOME ? 'AAA111' : 'refused'));
  const finding = doubts.get(KEY)?.finding;
  expect(finding).toMatchObject({ kind: 'Cloned', by: 'refusal' });
  expect(finding?.kind === 'Cloned' && clonedMessage(finding)).toContain(ELSEWHERE);
});

test('a single refusal proves nothing', () => {
  const doubts = new Doubts();
  flap(doubts, 0, 2 * MIN);
  doubts.need(KEY, true, 2 * MIN);
  doubts.answered(KEY, HOME, 'AAA111');
  doubts.refused(KEY, ELSEWHERE);
  doubts.need(KEY, true, 2 * MIN);
  expect(doubts.get(KEY)?.finding).toBeUndefined();
});

test('without serial numbers, places and too many handshakes must do, after five minutes', () => {
  const doubts = new Doubts();
  flap(doubts, 0, 4 * MIN);
  expect(doubts.need(KEY, false, 4 * MIN)).toBe('none');
  expect(doubts.get(KEY)?.finding).toBeUndefined();
  flap(doubts, 4 * MIN, 10 * MIN);
  doubts.need(KEY, false, 10 * MIN);
  expect(doubts.get(KEY)?.finding).toMatchObject({ kind: 'Cloned', by: 'places' });
});

test('and with no more handshakes than one router makes, it is one with two uplinks', () => {
  const doubts = new Doubts();
  flap(doubts, 0, 10 * MIN, { restless: false });
  doubts.need(KEY, false, 10 * MIN);
  expect(doubts.get(KEY)?.finding).toEqual({ kind: 'Roaming' });
});

test('log-ins of one doubt are few, even where nobody says a serial number', () => {
  const doubts = new Doubts();
  flap(doubts, 0, 2 * MIN);
  expect(inquire(doubts, 2 * MIN, 50 * MIN, () => '')).toBeLessThanOrEqual(12);
});

test('half an hour after the last change of place it is asked once, and alone again', () => {
  const doubts = new Doubts();
  flap(doubts, 0, 2 * MIN);
  inquire(doubts, 2 * MIN, 4 * MIN, (endpoint) => (endpoint === HOME ? 'AAA111' : 'BBB222'));
  doubts.said(KEY, true, 4 * MIN);
  const movedAt = doubts.get(KEY)?.trail?.movedAt ?? 0;
  expect(doubts.need(KEY, true, movedAt + 29 * MIN)).toBe('none');
  expect(doubts.need(KEY, true, movedAt + 31 * MIN)).toBe('ask');
  doubts.asking(KEY, movedAt + 31 * MIN);
  expect(doubts.need(KEY, true, movedAt + 32 * MIN)).toBe('none');
  doubts.answered(KEY, HOME, 'AAA111');
  expect(doubts.get(KEY)?.finding).toEqual({ kind: 'Alone', serial: 'AAA111' });
  doubts.said(KEY, false, movedAt + 33 * MIN);
  expect(doubts.get(KEY)).toBeUndefined();
});

test('a process that starts while the status says cloned waits just as long', () => {
  const doubts = new Doubts();
  doubts.said(KEY, true, 7 * MIN);
  expect(doubts.need(KEY, false, 30 * MIN)).toBe('none');
  expect(doubts.isIdle(KEY, 30 * MIN)).toBe(false);
  doubts.need(KEY, false, 38 * MIN);
  expect(doubts.get(KEY)?.finding).toEqual({ kind: 'Alone', serial: undefined });
});

test('what nobody needs is forgotten', () => {
  const doubts = new Doubts();
  flap(doubts, 0, 40 * S);
  expect(doubts.isIdle(KEY, 10 * MIN)).toBe(false);
  expect(doubts.isIdle(KEY, 2 * HOUR)).toBe(true);
});
