import { type Duplex, duplexPair } from 'node:stream';
import { jest } from '@jest/globals';
import { RouterOsApi } from '../../../../src/routeros/index.ts';
import { type Change, type UndoOutcome, underUndo } from '../../../../src/routeros/undo/index.ts';
import { SentenceReader } from '../../../simulator/machine/api/words.ts';
import { Random } from '../fuzz/random.ts';
import { sentence } from '../wire.ts';
import { holdTime, never, pass } from './desk.ts';

beforeEach(holdTime);
afterEach(() => {
  jest.useRealTimers();
});

const CHANGES: Change[] = [
  { kind: 'set', path: '/ip/service', id: '*1', values: { disabled: 'yes' }, was: { disabled: 'false' } },
  { kind: 'remove', path: '/ip/address', id: '*2', canDisable: true },
];
const ROWS = [
  ['=uptime=1h'],
  ['=uptime=soon'],
  ['=enabled=true', '=user=u', '=current=false'],
  ['=enabled=true', '=user=u', '=current=true'],
  ['=enabled=false'],
  ['=.id=*1', '=comment=tenant-tunnel: undo of abcdefgh'],
  ['=.id=*1', '=comment=tenant-tunnel: kept abcdefgh'],
  ['=.id=*1', '=disabled=true'],
  ['=.id=*9]; /quit', '=comment=tenant-tunnel: undo of $x'],
  [],
];
const TRAPS = [
  'no such command',
  'no such item',
  'not enough permissions (9)',
  'failure: already have such',
  '',
];

/** What one in its right mind says. */
const RIGHT: Readonly<Record<string, string[]>> = {
  '/system/resource/print': ['=uptime=1h'],
  '/safe-mode/print': ['=enabled=true', '=user=', '=current=true'],
  '/system/script/job/print': ['=.id=*1'],
  '/ip/address/print': ['=.id=*2', '=disabled=true'],
  '/system/identity/print': ['=name=router'],
};

/** A router that says anything, or for a while what it should. */
function say(random: Random, far: Duplex): void {
  const sanity = random.pick([0, 0.9, 0.97, 1]);
  let watches = 0;
  const reader = new SentenceReader({ wordBytes: 1e6, sentenceBytes: 1e6 });
  far.on('error', () => {});
  far.on('data', (chunk: Buffer) => {
    for (const words of reader.push(chunk)) {
      const tag = words.find((word) => word.startsWith('.tag='));
      const tags = tag === undefined ? [] : [tag];
      if (tag === undefined) far.write(sentence('!done'));
      else if (random.chance(sanity)) {
        const path = words[0] ?? '';
        if (path === '/tool/netwatch/add') watches += 1;
        const watch = ['=.id=*1', '=comment=tenant-tunnel: undo of abcdefgh'];
        const row = path === '/tool/netwatch/print' ? (watches > 0 ? watch : undefined) : RIGHT[path];
        if (row !== undefined) far.write(sentence('!re', ...tags, ...row));
        far.write(sentence('!done', ...tags, '=ret=*1'));
      } else if (random.chance(0.02)) far.destroy();
      else if (random.chance(0.97)) {
        for (let rows = random.upTo(3); rows > 0; rows -= 1)
          far.write(sentence('!re', ...tags, ...random.pick(ROWS)));
        if (random.chance(0.15)) far.write(sentence('!trap', ...tags, `=message=${random.pick(TRAPS)}`));
        far.write(sentence('!done', ...tags, ...(random.chance(0.7) ? ['=ret=*1'] : [])));
      }
    }
  });
}

async function open(random: Random): Promise<RouterOsApi> {
  if (random.chance(0.1)) throw new Error('it does not answer');
  const [near, far] = duplexPair();
  say(random, far);
  const api = new RouterOsApi(near);
  await api.login('u', 'p');
  return api;
}

test('whatever a router says, an undo ends, with one of its outcomes, within three minutes', async () => {
  const ends: Record<string, number> = {};
  for (let seed = 1; seed <= 300; seed += 1) {
    const random = new Random(seed);
    const began = Date.now();
    const outcome: UndoOutcome = await pass(
      (async () => {
        const [near, far] = duplexPair();
        say(random, far);
        const api = new RouterOsApi(near);
        await api.login('u', 'p');
        const made = await underUndo({
          api,
          openAnother: () => open(random),
          changes: CHANGES,
          signal: never,
          nonce: () => 'abcdefgh',
        });
        api.close();
        return made;
      })(),
      180_000,
      1_000,
    );
    expect(Date.now() - began).toBeLessThanOrEqual(180_000);
    ends[outcome.state] = (ends[outcome.state] ?? 0) + 1;
  }
  // Or not much would have been tried.
  process.stdout.write(`hostile routers: ${JSON.stringify(ends)}\n`);
  expect(Object.keys(ends).sort()).toEqual(['Kept', 'Refused', 'Undoing', 'Undone']);
}, 120_000);
