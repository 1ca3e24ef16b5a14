import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../../src/wireguard/command.ts';
import { startDaemon } from '../../../src/wireguard/namespace/start-program.ts';

const sh = (script: string, options = {}) => run('sh', ['-c', script], options);

describe('a program that is run', () => {
  test('reads its input and is heard to its end', async () => {
    expect(await run('cat', [], { input: 'a line\n' })).toEqual({ code: 0, stdout: 'a line\n' });
    expect((await run('cat', ['/dev/stdin'], { input: 'by its name' })).stdout).toBe('by its name');
    expect((await run('cat', [])).stdout).toBe('');
    expect((await run('seq', ['1', '200000'])).stdout).toHaveLength(1_288_895);
  });

  test('has an environment and a folder of its own', async () => {
    process.env.TTO_SECRET = 'x';
    const { stdout } = await sh('pwd; env');
    delete process.env.TTO_SECRET;
    const lines = stdout.trim().split('\n');
    expect(lines[0]).toBe('/');
    expect(lines).toContain('LC_ALL=C');
    expect(stdout).not.toContain('TTO_SECRET');
  });

  test('ends of a pipe that nobody reads, as others do', async () => {
    expect((await sh('yes | head -n 1; echo done')).stdout).toBe('y\ndone\n');
    const { stdout } = await sh('grep SigIgn /proc/self/status');
    const SIGPIPE = 1n << 12n;
    expect(BigInt(`0x${stdout.split(/\s+/)[1]}`) & SIGPIPE).toBe(0n);
  });

  test('may say by its exit code what is no failure', async () => {
    expect(await sh('echo no; exit 1', { accept: [0, 1] })).toEqual({ code: 1, stdout: 'no\n' });
  });

  test.each([
    ['is not there', () => run('no-such-program', []), '"no-such-program" is not installed on this node.'],
    ['is none', () => run('/etc/hostname', []), '"/etc/hostname" could not be started (E'],
    ['fails', () => sh('echo well; echo why >&2; exit 7'), 'failed with exit code 7: why.'],
    ['is killed', () => sh('kill -9 $$'), 'was ended by SIGKILL.'],
  ])('that %s is told with the reason', async (_what, action, message) => {
    await expect(action()).rejects.toMatchObject({
      code: 'CommandFailed',
      message: expect.stringContaining(message),
    });
  });

  test('whose input is secret is not quoted', async () => {
    const failing = sh('cat >&2; exit 1', { input: 'the key', secret: true });
    await expect(failing).rejects.toMatchObject({ message: expect.not.stringContaining('the key') });
  });

  test('leaves neither descriptors nor processes behind, many at once', async () => {
    const children = () => readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim();
    const before = children();
    const all = await Promise.all(Array.from({ length: 50 }, (_, number) => sh(`echo ${number}`)));
    expect(all.map(({ stdout }) => Number(stdout))).toEqual(
      Array.from({ length: 50 }, (_, number) => number),
    );
    expect(children()).toBe(before);
  });
});

describe('a program that is to run on by itself', () => {
  test('has a session of its own, the descriptor that it is given, and is seen to end', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'daemon-'));
    const lock = openSync(join(folder, 'lock'), 'w');
    const script = `ls -l /proc/self/fd/3 > said; cut -d ' ' -f 6 /proc/$$/stat >> said; echo $$ >> said; exit 7`;
    const program = startDaemon('sh', ['-c', `cd ${folder}; ${script}`], {
      inherited: lock,
      env: { PATH: process.env.PATH ?? '' },
    });
    expect(await program.ended).toEqual({ code: 7, signal: null });
    const [descriptor, session, pid] = readFileSync(join(folder, 'said'), 'utf8').trim().split('\n');
    expect(descriptor).toMatch(/\/lock$/);
    expect(session).toBe(pid);
    expect(pid).toBe(String(program.pid));
    closeSync(lock);
    rmSync(folder, { recursive: true });
  });

  test('is told by the signal that ended it', async () => {
    const program = startDaemon('sleep', ['100'], { env: { PATH: process.env.PATH ?? '' } });
    process.kill(program.pid, 'SIGKILL');
    expect(await program.ended).toEqual({ code: null, signal: 'SIGKILL' });
  });

  test('that is not there is an error with its code', () => {
    expect(() => startDaemon('no-such-program', [], { env: { PATH: '/nowhere' } })).toThrow(
      expect.objectContaining({ code: 'ENOENT' }),
    );
  });
});
