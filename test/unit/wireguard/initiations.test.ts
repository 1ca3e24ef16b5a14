import { parseRefused } from '../../../src/wireguard/client/observations.ts';
import { ArrivalBoard } from '../../../src/wireguard/initiations/arrivals.ts';
import { RefusedPeers } from '../../../src/wireguard/initiations/refused.ts';
import { Sources } from '../../../src/wireguard/initiations/sources.ts';

const KEY = 'a'.repeat(43);
const stampOf = (seconds: number): string =>
  (0x400000000000000an + BigInt(seconds)).toString(16).padEnd(24, '0');
const observation = (rx: number) => ({ publicKey: KEY, lastHandshake: 1, rx, tx: 0, endpoint: null });

describe('a handshake, by where it comes from', () => {
  test('is the first, or one more soon after, or one of those that come every two minutes', () => {
    const sources = new Sources();
    expect(sources.hear('a', 0)).toBe('first');
    expect(sources.hear('a', 100)).toBe('usual');
    expect(sources.hear('a', 5_000)).toBe('repeat');
    expect(sources.hear('b', 5_000)).toBe('first');
    for (let at = 125_000; at < 900_000; at += 120_000) expect(sources.hear('a', at)).toBe('usual');
    expect(sources.hear('a', 2_000_000)).toBe('first');
  });

  test('is the first again when very many others came since', () => {
    const sources = new Sources();
    sources.hear('first', 0);
    for (let index = 0; index < 70_000; index += 1) sources.hear(`other-${index}`, 1_000);
    expect(sources.hear('other-69999', 5_000)).toBe('repeat');
    expect(sources.hear('first', 5_000)).toBe('first');
  });
});

describe('who waits for somebody to come', () => {
  const arrival = (publicKey: string | null) => ({ interfaceName: 'wg0', publicKey });

  test('is answered at once when he begins to, and then when there is somebody, of nobody twice', async () => {
    const board = new ArrivalBoard();
    expect(await board.after(0, 60_000)).toEqual({ sequence: 1, arrivals: [] });
    const waiting = board.after(1, 60_000);
    board.add(arrival('a'));
    expect(await waiting).toEqual({ sequence: 2, arrivals: [arrival('a')] });
    board.add(arrival('b'));
    board.add(arrival(null));
    expect(await board.after(2, 60_000)).toEqual({ sequence: 4, arrivals: [arrival('b'), arrival(null)] });
    expect((await board.after(0, 60_000)).arrivals).toHaveLength(3);
  });

  test('is answered with nothing after a while, or when it ends', async () => {
    const board = new ArrivalBoard();
    expect(await board.after(1, 5)).toEqual({ sequence: 1, arrivals: [] });
    const waiting = board.after(1, 60_000);
    board.wake();
    expect(await waiting).toEqual({ sequence: 1, arrivals: [] });
  });

  test('with a number of another sidecar is told of all that are kept', async () => {
    const board = new ArrivalBoard();
    for (let index = 0; index < 1_500; index += 1) board.add(arrival(`${index}`));
    const { sequence, arrivals } = await board.after(99_999, 60_000);
    expect(sequence).toBe(1_501);
    expect(arrivals).toHaveLength(1_000);
    expect(arrivals.at(-1)).toEqual(arrival('1499'));
  });
});

describe('a peer whose handshakes lead to nothing', () => {
  /** Three attempts within ten seconds, its bytes read before and after. */
  const refused = (): RefusedPeers => {
    const peers = new RefusedPeers();
    for (const [index, at] of [0, 5_000, 10_000].entries()) {
      peers.attempt('wg0', { publicKey: KEY, stamp: stampOf(100 + index) }, `192.0.2.${index}:1`, at);
      peers.note('wg0', observation(500), at + 1_000);
    }
    return peers;
  };

  test('is told with its clock, and since when nothing else came from it', () => {
    expect(refused().list(12_000)).toEqual([
      { interfaceName: 'wg0', publicKey: KEY, clock: 102, attempts: 3, quietMs: 10_000, agoMs: 2_000 },
    ]);
    expect(refused().endpointOf('wg0', KEY, 12_000)).toBe('192.0.2.2:1');
  });

  test('is none as soon as something that only it can send is received', () => {
    const peers = refused();
    peers.note('wg0', observation(532), 12_000);
    expect(peers.list(12_000)).toEqual([]);
    expect(peers.endpointOf('wg0', KEY, 12_000)).toBeUndefined();
  });

  test('is none with a single attempt, however often that is sent again, nor with older ones', () => {
    const peers = new RefusedPeers();
    for (const at of [0, 5_000, 10_000]) peers.attempt('wg0', { publicKey: KEY, stamp: stampOf(9) }, 'a', at);
    peers.attempt('wg0', { publicKey: KEY, stamp: stampOf(8) }, 'b', 15_000);
    expect(peers.list(15_000)).toEqual([]);
    expect(peers.endpointOf('wg0', KEY, 15_000)).toBeUndefined();
  });

  test('is one of its own tunnel, and is forgotten when it is removed, with the tunnel, and after a minute', () => {
    const others = refused();
    others.note('wg1', observation(900), 12_000);
    others.drop('wg1', [KEY]);
    others.forget('wg1');
    expect(others.list(12_000)).toHaveLength(1);
    expect(others.list(80_000)).toEqual([]);
    const dropped = refused();
    dropped.drop('wg0', [KEY]);
    const gone = refused();
    gone.forget('wg0');
    for (const peers of [dropped, gone]) expect(peers.list(12_000)).toEqual([]);
  });

  test('fills the memory up to a bound', () => {
    const peers = new RefusedPeers();
    for (let index = 0; index < 5_000; index += 1) {
      for (const stamp of [stampOf(1), stampOf(2)])
        peers.attempt('wg0', { publicKey: `${index}`, stamp }, 'a', 0);
    }
    expect(peers.list(0)).toHaveLength(4_096);
    peers.attempt('wg0', { publicKey: KEY, stamp: stampOf(1) }, 'a', 61_000);
    peers.attempt('wg0', { publicKey: KEY, stamp: stampOf(2) }, 'a', 66_000);
    expect(peers.list(66_000).map(({ publicKey }) => publicKey)).toEqual([KEY]);
  });
});

describe('a peer that is spoken to', () => {
  test('is left alone when it has said nothing for three minutes, once', () => {
    const peers = new RefusedPeers();
    peers.called('wg0', KEY, 0);
    peers.note('wg0', observation(500), 5_000);
    peers.note('wg0', observation(500), 170_000);
    expect(peers.takeSilent(179_000)).toEqual([]);
    expect(peers.takeSilent(180_000)).toEqual([{ interfaceName: 'wg0', publicKey: KEY }]);
    expect(peers.takeSilent(999_000)).toEqual([]);
  });

  test('is spoken to for as long as it answers', () => {
    const peers = new RefusedPeers();
    peers.called('wg0', KEY, 0);
    for (let at = 5_000; at <= 600_000; at += 5_000) {
      peers.note('wg0', observation(at), at);
      expect(peers.takeSilent(at)).toEqual([]);
    }
    expect(peers.takeSilent(780_000)).toHaveLength(1);
  });
});

describe('the list of those that are refused', () => {
  const ENTRY = {
    interfaceName: 'wg0',
    publicKey: `${'a'.repeat(42)}A=`,
    clock: -5,
    attempts: 2,
    quietMs: 0,
    agoMs: 1,
  };

  test('is read as it was written', () => {
    expect(parseRefused({ refused: [] })).toEqual([]);
    expect(parseRefused({ refused: [ENTRY] })).toEqual([ENTRY]);
  });

  test.each([
    null,
    [],
    { refused: {} },
    { refused: [null] },
    { refused: [{ ...ENTRY, publicKey: 'x' }] },
    { refused: [{ ...ENTRY, interfaceName: 5 }] },
    { refused: [{ ...ENTRY, clock: 'now' }] },
    { refused: [{ ...ENTRY, attempts: -1 }] },
    { refused: [{ ...ENTRY, quietMs: null }] },
  ])('is nothing else: %j', (reply) => {
    expect(() => parseRefused(reply)).toThrow(/list of peers that are refused/);
  });
});
