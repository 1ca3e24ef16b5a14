import type { Server as HttpServer } from 'node:http';
import type { ListenOptions, Server } from 'node:net';

/**
 * Resolves once the server listens; rejects with the system's error (EADDRINUSE …). `onError` hears of what goes wrong later, as
 * when there is no descriptor left for a connection: that one is not taken, and the process goes on.
 */
export const listenOn = (
  server: Server,
  where: ListenOptions,
  onError: (error: Error) => void = () => {},
): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => {
      server.off('error', reject);
      server.on('error', onError);
      resolve();
    });
  });

/** Ends all connections, whatever they are at, and resolves when nobody listens any more. */
export const closeNow = (server: HttpServer): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
