import { EventEmitter } from 'node:events';
import { type ProcessHost, type RunOptions, runUntilSignal } from '../../../src/process/run.ts';

/** A process that notes what it would exit with; `exited` resolves with the first code. */
class FakeHost extends EventEmitter {
  readonly codes: number[] = [];
  readonly exited: Promise<number>;
  #resolve: (code: number) => void = () => {};

  constructor() {
    super();
    this.exited = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  exit(code: number): void {
    this.codes.push(code);
    this.#resolve(code);
  }
}

function setUp() {
  const host = new FakeHost();
  const lines: string[] = [];
  const line = (_fields: object, message: string) => lines.push(message);
  const timers: { ms: number; callback: () => void; cancelled: boolean }[] = [];
  const clock = {
    after(ms: number, callback: () => void) {
      const timer = { ms, callback, cancelled: false };
      timers.push(timer);
      return () => {
        timer.cancelled = true;
      };
    },
  };
  const logger = { info: line, error: line, fatal: line } as unknown as RunOptions['logger'];
  const start = (work: (signal: AbortSignal) => Promise<void>) => {
    void runUntilSignal(work, { logger, clock, host: host as unknown as ProcessHost });
  };
  return { host, lines, timers, start };
}

const untilAborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
const forEver = () => new Promise<void>(() => {});

test.each(['SIGTERM', 'SIGINT'])('%s aborts the work, which ends in order: exit code 0', async (signal) => {
  const { host, lines, timers, start } = setUp();
  start(untilAborted);
  host.emit(signal);
  expect(await host.exited).toBe(0);
  expect(lines).toEqual(['Stopping', 'Stopped']);
  expect(timers).toMatchObject([{ ms: 5_000, cancelled: true }]);
  expect(host.eventNames()).toEqual([]);
});

test('work that does not end in time is ended: exit code 1', async () => {
  const { host, lines, timers, start } = setUp();
  start(forEver);
  host.emit('SIGTERM');
  expect(host.codes).toEqual([]);
  timers[0]?.callback();
  expect(await host.exited).toBe(1);
  expect(lines).toContain('Did not stop in time: ending at once');
});

test.each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
])('a second signal, %s, ends at once: exit code %d', async (signal, code) => {
  const { host, start } = setUp();
  start(forEver);
  host.emit('SIGTERM');
  host.emit(signal);
  expect(await host.exited).toBe(code);
});

test('work that fails is logged: exit code 1', async () => {
  const { host, lines, start } = setUp();
  start(() => Promise.reject(new Error('lost the lease')));
  expect(await host.exited).toBe(1);
  expect(lines).toEqual(['Ending because of an error']);
});

test('work that ends by itself: exit code 0', async () => {
  const { host, start } = setUp();
  start(async () => {});
  expect(await host.exited).toBe(0);
});

test.each(['unhandledRejection', 'uncaughtException'])('an %s is logged: exit code 1', async (event) => {
  const { host, lines, start } = setUp();
  start(forEver);
  host.emit(event, new Error('stray'));
  expect(await host.exited).toBe(1);
  expect(lines).toEqual([`Ending because of an ${event}`]);
});
