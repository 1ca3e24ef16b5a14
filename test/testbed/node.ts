import type { ChildProcess, SpawnOptions } from 'node:child_process';
import type { TestNetwork } from './network.ts';

/**
 * A simulated machine: a network and a mount namespace of its own, kept by a holder process. /run/netns and
 * /var/run/wireguard are private to it, so that several "nodes" may each have a `wg0`.
 */
export interface TestNode {
  readonly name: string;
  /** Its address on the test network. */
  readonly address: string;
  /** The holder: `nsenter -t PID -m -n` enters the node. */
  readonly pid: number;
  /** Starts a process in the node; killed with SIGKILL by {@link TestNode.destroy} and when this process dies. */
  spawn(
    command: string,
    args: readonly string[],
    options?: Pick<SpawnOptions, 'env' | 'stdio' | 'cwd'>,
  ): ChildProcess;
  /** Runs a command in the node to its end. @throws with its standard error if it fails. */
  exec(command: string, args: readonly string[], input?: string): Promise<string>;
  /** The same command line for a person: `nsenter -t PID -m -n …`. */
  enter(command: string, args: readonly string[]): [string, ...string[]];
  /** Ends every process inside, also daemons that left their parent, and removes it. Idempotent. */
  destroy(): Promise<void>;
}

export async function createNode(_network: TestNetwork, _name?: string): Promise<TestNode> {
  throw new Error('being written');
}
