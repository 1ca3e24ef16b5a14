import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acquireLock, NodeLock } from '../../../src/wireguard/server/lock.ts';
import { waitFor } from '../../testbed/wait.ts';

const HOLDER = new URL('lock-holder.ts', import.meta.url).pathname;

describe('the lock of a node', () => {
  let parent: string;
  let folder: string;
  const locks: NodeLock[] = [];
  const processes: ChildProcess[] = [];

  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'node-lock-'));
    folder = join(parent, 'state');
  });
  afterEach(async () => {
    for (const lock of locks.splice(0)) lock.release();
    for (const each of processes.splice(0)) each.kill('SIGKILL');
    rmSync(parent, { recursive: true });
  });

  const create = (): NodeLock => {
    const lock = new NodeLock(folder);
    locks.push(lock);
    return lock;
  };

  /** Another process that has it; resolves with the pid of its child, where it has one. */
  async function holder(...args: string[]): Promise<{ process: ChildProcess; heir: number }> {
    const child = spawn(process.execPath, [HOLDER, folder, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    processes.push(child);
    const [line] = await once(child.stdout, 'data');
    return { process: child, heir: Number(String(line).split(' ')[1]) };
  }

  async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }

  test('is had by one at a time, and by the next when that one gives it up', () => {
    const [first, second] = [create(), create()];
    expect(first.descriptor).toBeUndefined();
    expect(first.tryAcquire()).toBe(true);
    expect(first.tryAcquire()).toBe(true);
    expect(first.descriptor).toEqual(expect.any(Number));
    expect(second.tryAcquire()).toBe(false);
    expect(second.descriptor).toBeUndefined();
    first.release();
    expect(first.descriptor).toBeUndefined();
    // The file that it had opened has gone with its holder: it takes another look.
    expect(second.tryAcquire()).toBe(false);
    expect(second.tryAcquire()).toBe(true);
    expect(create().tryAcquire()).toBe(false);
  });

  test('makes its folder for root alone, and leaves nothing in it', () => {
    const lock = create();
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    lock.tryAcquire();
    expect(readdirSync(folder)).toEqual(['node.lock']);
    expect(statSync(join(folder, 'node.lock')).mode & 0o777).toBe(0o600);
    lock.release();
    lock.release();
    expect(readdirSync(folder)).toEqual([]);
    expect(lock.tryAcquire()).toBe(true);
  });

  test('leaves the file of another to that one, when it stops waiting', () => {
    const [first, second] = [create(), create()];
    first.tryAcquire();
    second.tryAcquire();
    second.release();
    expect(readdirSync(folder)).toEqual(['node.lock']);
    expect(create().tryAcquire()).toBe(false);
  });

  test('falls free when its holder is killed', async () => {
    const { process: child } = await holder();
    const lock = create();
    expect(lock.tryAcquire()).toBe(false);
    await end(child, 'SIGKILL');
    expect(existsSync(join(folder, 'node.lock'))).toBe(true);
    expect(lock.tryAcquire()).toBe(true);
  });

  test('falls free with an orderly end, and the file is removed', async () => {
    const { process: child } = await holder();
    await end(child, 'SIGTERM');
    expect(readdirSync(folder)).toEqual([]);
    expect(create().tryAcquire()).toBe(true);
  });

  test('is held on by a child that was handed its descriptor, until that one has ended', async () => {
    const { process: child, heir } = await holder('child');
    const lock = create();
    try {
      await end(child, 'SIGKILL');
      expect(lock.tryAcquire()).toBe(false);
    } finally {
      process.kill(heir, 'SIGKILL');
    }
    await waitFor('the lock falls free', () => lock.tryAcquire(), 5000);
  });

  test('of three processes is had by one after the other', async () => {
    const { process: first } = await holder();
    const waiting = [holder(), holder()];
    const held: ChildProcess[] = [];
    for (const each of waiting) void each.then(({ process: child }) => held.push(child));
    await end(first, 'SIGTERM');
    await waitFor('the second has it', () => held.length > 0, 10_000);
    expect(held).toHaveLength(1);
    await end(held[0] as ChildProcess, 'SIGKILL');
    await Promise.all(waiting);
    expect(create().tryAcquire()).toBe(false);
  });

  test('is taken anew by one who waits when somebody has removed the file', () => {
    const [first, second] = [create(), create()];
    first.tryAcquire();
    expect(second.tryAcquire()).toBe(false);
    rmSync(join(folder, 'node.lock'));
    expect(second.tryAcquire()).toBe(false);
    first.release();
    expect(second.tryAcquire()).toBe(false);
    expect(second.tryAcquire()).toBe(true);
    expect(create().tryAcquire()).toBe(false);
  });

  test('is taken anew by one who waits when somebody has removed the folder', () => {
    const [first, second] = [create(), create()];
    first.tryAcquire();
    rmSync(folder, { recursive: true });
    first.release();
    expect(second.tryAcquire()).toBe(false);
    expect(second.tryAcquire()).toBe(true);
    expect(readdirSync(folder)).toEqual(['node.lock']);
  });

  test('is not taken from another when one ends whose file somebody has removed', () => {
    const first = create();
    first.tryAcquire();
    rmSync(join(folder, 'node.lock'));
    const second = create();
    expect(second.tryAcquire()).toBe(true);
    first.release();
    expect(create().tryAcquire()).toBe(false);
  });

  test('is not hindered by what is left in the file', () => {
    mkdirSync(folder);
    writeFileSync(join(folder, 'node.lock'), 'x'.repeat(10_000), { mode: 0o444 });
    expect(create().tryAcquire()).toBe(true);
  });

  test.each<[what: string, prepare: (path: string) => void, message: RegExp]>([
    [
      'a file is its folder',
      (path) => writeFileSync(path, ''),
      /^\S+\/node\.lock cannot be written \(ENOTDIR\);.*\.$/,
    ],
    [
      'its folder has no parent',
      (path) => rmSync(join(path, '..'), { recursive: true }),
      /^The folder \S+ cannot be made \(ENOENT\);.*\.$/,
    ],
    [
      'a folder has its name',
      (path) => mkdirSync(join(path, 'node.lock'), { recursive: true }),
      /^\S+ cannot be written \(EISDIR\);.*\.$/,
    ],
  ])('cannot be where %s, which is said in one sentence', (_, prepare, message) => {
    prepare(folder);
    try {
      expect(create).toThrow(
        expect.objectContaining({ code: 'CannotStart', message: expect.stringMatching(message) }),
      );
    } finally {
      mkdirSync(parent, { recursive: true });
    }
  });

  test('a folder that the kernel keeps is refused, and not tried without end', () => {
    expect(() => new NodeLock('/proc/state')).toThrow(expect.objectContaining({ code: 'CannotStart' }));
  });
});

describe('the lock of a socket', () => {
  test('is had by one, and given up', () => {
    const folder = mkdtempSync(join(tmpdir(), 'socket-lock-'));
    const path = join(folder, 'sidecar.sock.lock');
    const release = acquireLock(path);
    expect(() => acquireLock(path)).toThrow(expect.objectContaining({ code: 'AlreadyRunning' }));
    release();
    acquireLock(path)();
    expect(() => acquireLock(join(folder, 'none', 'x.lock'))).toThrow(
      expect.objectContaining({ code: 'CannotStart' }),
    );
    rmSync(folder, { recursive: true });
  });
});
