import { type ChildProcess, spawn } from 'node:child_process';
import { run } from '../command.ts';
import type { NodeSpawnOptions } from '../node.ts';
import { enterMachine } from './boot.ts';
import type { KubernetesNode } from './types.ts';

/** What can be done on a machine whose pid 1 is a process of this one, whoever booted it. */
export abstract class EnteredMachine implements Pick<KubernetesNode, 'enter' | 'exec' | 'spawn'> {
  abstract readonly pid: number;

  enter(command: string, args: readonly string[]): [string, ...string[]] {
    return enterMachine(this.pid, command, args);
  }

  exec(command: string, args: readonly string[], input?: string): Promise<string> {
    const [first, ...rest] = this.enter(command, args);
    return run(first, rest, input === undefined ? {} : { input });
  }

  spawn(
    command: string,
    args: readonly string[],
    { cwd = '/', ...options }: NodeSpawnOptions = {},
  ): ChildProcess {
    // Who enters a pid namespace is the parent of who runs in it: both end with this process.
    const inner = ['-C', String(cwd), 'setpriv', '--pdeathsig', 'KILL', '--', command, ...args];
    return spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...this.enter('env', inner)], options);
  }
}
