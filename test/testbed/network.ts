import type { TestNetwork } from './network-types.ts';

export type { Link, NattedHost, NetworkHost, TestNetwork } from './network-types.ts';

/**
 * An internet of its own: a bridge in a network namespace, to which hosts are attached.
 * What processes that are dead left behind is removed first.
 * @throws if the process is not root.
 */
export async function createTestNetwork(_name: string): Promise<TestNetwork> {
  throw new Error('being written');
}
