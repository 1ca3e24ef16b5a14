import { findCondition, keyOf } from '../kube/index.ts';
import { BULK, type World } from './world.ts';

/**
 * Tunnels that were refused what they pin: it has gone to another or come free. What is said of them must be what a
 * process that starts anew would say.
 */
export function wakeRefusedPins({ caches, controllers }: World): void {
  for (const tunnel of caches.tunnels.list()) {
    const { subnet, listenPort } = tunnel.spec;
    if (subnet === undefined && listenPort === undefined) continue;
    const allocated = findCondition(tunnel.status?.conditions, 'Allocated');
    if (allocated?.status === 'False') controllers.tunnels.enqueue(keyOf(tunnel), BULK);
  }
}
