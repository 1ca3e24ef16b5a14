/**
 * A router gets a key of its own. At each sentence of that the link is cut (before it is sent; after it, before the reply),
 * the agent is killed, or the router loses power. Whatever comes of it, the server lets in only what was said before.
 */
import { jest } from '@jest/globals';
import { changeKey } from '../../../../src/gateway/keys/key-session.ts';
import type { KeySaying, KeyStep } from '../../../../src/gateway/keys/key-step.ts';
import { ROUTER_ACTS_WITHIN_MS, type RouterOsApi } from '../../../../src/routeros/index.ts';
import type { DeskOptions, DeskRouter } from '../../../simulator/desk/router.ts';
import { connect, holdTime, never, pass, provision, reconnect, wait } from '../../routeros/undo/desk.ts';

beforeEach(holdTime);
afterEach(() => {
  jest.useRealTimers();
});

const KINDS = [
  'the link is cut for 20 s',
  'the link is cut for 100 s',
  'the agent is killed',
  'the router loses power',
] as const;
type Kind = (typeof KINDS)[number];
const WIREGUARD = '/interface/wireguard';

const keysOn = (router: DeskRouter): (string | undefined)[] =>
  router.rows(WIREGUARD).map((row) => row['public-key']);

/** What the cluster has of a router: the key of its peer, and one that is let in beside it. */
class Known {
  readonly router: DeskRouter;
  saying: KeySaying | undefined;

  constructor(router: DeskRouter) {
    this.router = router;
  }

  get way() {
    if (this.router.way === undefined) throw new Error('no way');
    return this.router.way;
  }

  /** As the controller does: noted first, and let in by the gateway after that. */
  note(saying: KeySaying): void {
    this.saying = saying;
    if (saying.after !== this.way.routerKey) return;
    if (saying.inUse === true) Object.assign(this.way, { routerKey: saying.publicKey, nextKey: undefined });
    else this.way.nextKey = saying.publicKey;
  }

  get isDone(): boolean {
    return this.saying?.inUse === true;
  }

  get step(): Exclude<KeyStep, { step: 'none' }> {
    const { nextKey } = this.way;
    return nextKey === undefined ? { step: 'make' } : { step: 'use', next: nextKey };
  }

  /** One conversation. */
  async converse(open: (signal: AbortSignal) => Promise<RouterOsApi>): Promise<void> {
    const { way, step } = this;
    const saying = await changeKey({
      step,
      publicKey: way.routerKey,
      server: way.server,
      logIn: async (signal) => ({ api: await open(signal), revision: 1 }),
      stillHolds: () => {
        if (step.step === 'use' && way.nextKey !== step.next) throw new Error('another key');
      },
      signal: never,
    });
    this.note(saying);
  }
}

/** Runs it, and lets `kind` happen when the sentence `at` is sent, or its answer. */
async function attempt(options: DeskOptions, kind?: Kind, at = -1, side: 'client' | 'server' = 'client') {
  const router = provision(options);
  await wait(40_000);
  const known = new Known(router);
  const former = known.way.routerKey;
  let isKilled = false;
  let sentences = 0;
  let cutAt = 0;
  const sessions = new Set<RouterOsApi>();
  const open = async (signal: AbortSignal): Promise<RouterOsApi> => {
    if (isKilled) throw new Error('the agent is gone');
    const api = await connect(router, signal);
    sessions.add(api);
    return api;
  };
  const strike = (): void => {
    cutAt = Date.now();
    if (kind === 'the router loses power') void router.reboot();
    else {
      router.isCut = true;
      isKilled = kind === 'the agent is killed';
      if (isKilled) for (const api of sessions) api.close();
      const ms =
        { 'the link is cut for 20 s': 20_000, 'the link is cut for 100 s': 100_000 }[kind as string] ?? 1_000;
      setTimeout(() => {
        router.isCut = false;
      }, ms);
    }
  };
  router.onWrite = (from) => {
    if (from === 'client') sentences += 1;
    if (kind !== undefined && cutAt === 0 && from === side && sentences === at + 1) strike();
  };
  let error: unknown;
  try {
    await pass(known.converse(open));
    await pass(known.converse(open));
  } catch (caught) {
    error = caught;
  }
  router.onWrite = undefined;
  for (const session of sessions) session.close();
  return { router, known, former, sentences, cutAt, error };
}

/** `make unit` tries some of the sentences; CUTS=all each of them. */
const isWhole = process.env.CUTS === 'all';
const ROUTERS: readonly (DeskOptions & { name: string; every: number })[] = [
  { name: '7.9.2', version: '7.9.2', every: 8 },
  { name: '7.16.2 with device-mode home', version: '7.16.2', deviceMode: 'home', every: 12 },
  { name: '7.24', version: '7.24', every: 8 },
];

describe.each(ROUTERS)('on RouterOS $name', (options) => {
  test('a router has a key that only it knows, and nothing of the one before', async () => {
    const { router, known, former, error } = await attempt(options);
    expect(error).toBeUndefined();
    expect(known.isDone).toBe(true);
    expect(known.way.routerKey).not.toBe(former);
    expect(keysOn(router)).toEqual([known.way.routerKey]);
    expect(router.rows('/tool/netwatch')).toEqual([]);
    expect(router.obstacle()).toBeUndefined();
    await pass(router.stop());
  });

  test.each(KINDS)(
    '%s at any sentence: reached again within three minutes, and one key in the end',
    async (kind) => {
      const whole = await attempt(options);
      await pass(whole.router.stop());
      let cases = 0;
      const ends: Record<string, number> = {};
      for (let at = 0; at < whole.sentences; at += isWhole ? 1 : options.every) {
        for (const side of ['client', 'server'] as const) {
          const { router, known, former, cutAt } = await attempt(options, kind, at, side);
          if (cutAt === 0) continue;
          cases += 1;
          const where = `${kind}, sentence ${at}, ${side}`;
          const again = await pass(reconnect(router), ROUTER_ACTS_WITHIN_MS);
          expect([where, Date.now() - cutAt <= ROUTER_ACTS_WITHIN_MS]).toEqual([where, true]);
          again.close();
          const end = `${known.isDone ? 'done' : 'cut'}, ${keysOn(router).includes(former) ? 'former' : 'next'} key`;
          ends[end] = (ends[end] ?? 0) + 1;
          // Another agent, which knows what was said; a router still at its undo is come back to.
          for (let tries = 0; !known.isDone && tries < 20; tries += 1) {
            await pass(known.converse((signal) => connect(router, signal))).catch(() => undefined);
            if (!known.isDone) await wait(60_000);
          }
          expect([where, known.isDone]).toEqual([where, true]);
          expect([where, keysOn(router)]).toEqual([where, [known.way.routerKey]]);
          expect(known.way.routerKey).not.toBe(former);
          // Nothing that was left takes it back.
          await wait(ROUTER_ACTS_WITHIN_MS);
          expect([where, router.obstacle()]).toEqual([where, undefined]);
          await pass(router.stop());
        }
      }
      process.stdout.write(
        `key change, ${options.name}, ${kind}: ${cases} cases, ${cases} reached again with one key; ${JSON.stringify(ends)}\n`,
      );
      expect(cases).toBeGreaterThanOrEqual(isWhole ? 30 : 4);
    },
    600_000,
  );
});
