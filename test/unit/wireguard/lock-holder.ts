/**
 * A process that takes the lock of a node: `node lock-holder.ts FOLDER [child]`. Says `held` when it has it; with
 * `child`, a process that it hands the descriptor to and does not wait for, and that one's pid.
 */
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { NodeLock } from '../../../src/wireguard/server/lock.ts';

const [folder = '', child] = process.argv.slice(2);
const lock = new NodeLock(folder);
while (!lock.tryAcquire()) await sleep(5);
let pid: number | undefined;
if (child !== undefined) {
  const heir = spawn('sleep', ['60'], {
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', lock.descriptor ?? 'ignore'],
  });
  heir.unref();
  pid = heir.pid;
}
process.once('SIGTERM', () => {
  lock.release();
  process.exit(0);
});
setInterval(() => undefined, 60_000);
process.stdout.write(`held ${pid}\n`);
