import type { Duplex } from 'node:stream';
import type { Clock } from '../../kube/index.ts';

export interface SpliceOptions {
  /** Without a byte in either direction for so long both are closed. */
  idleMs: number;
  clock: Pick<Clock, 'monotonic' | 'after'>;
  onBytes: (direction: 'to_router' | 'from_router', count: number) => void;
}

/**
 * Joins a client and a router until both have ended, one has failed, or nothing has come for too long. Who reads slowly
 * slows the other one down; the end of one direction goes through and leaves the other open.
 */
export function splice(client: Duplex, router: Duplex, options: SpliceOptions): Promise<void> {
  const { idleMs, clock, onBytes } = options;
  let last = clock.monotonic();
  let cancel: () => void = () => undefined;
  const look = (): void => {
    const left = last + idleMs - clock.monotonic();
    if (left > 0) {
      cancel = clock.after(left, look);
      return;
    }
    client.destroy();
    router.destroy();
  };
  const done = Promise.all(
    (
      [
        ['to_router', client, router],
        ['from_router', router, client],
      ] as const
    ).map(([direction, from, to]) => {
      from.on('data', (chunk: Buffer) => {
        last = clock.monotonic();
        onBytes(direction, chunk.length);
      });
      from.pipe(to);
      from.on('error', () => to.destroy());
      return new Promise<void>((resolve) => {
        const closed = (): void => {
          // After a whole exchange the other has ended as well; otherwise it has to hear of it.
          if (!from.readableEnded || !from.writableFinished) to.destroy();
          resolve();
        };
        if (from.closed) closed();
        else from.once('close', closed);
      });
    }),
  );
  look();
  return done.then(() => cancel());
}
