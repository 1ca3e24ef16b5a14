import { request } from 'node:http';
import { createConnection, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { SidecarError } from '../errors.ts';
import { errorOf, type Target, timeoutError, transportError } from './request.ts';

/** The body of a refused CONNECT: node's parser leaves it on the socket. */
async function readRefusal(socket: Socket, head: Buffer): Promise<string> {
  const parts = [head];
  let length = head.length;
  for await (const chunk of socket) {
    parts.push(chunk as Buffer);
    length += (chunk as Buffer).length;
    if (length > 64 * 1024) break;
  }
  return Buffer.concat(parts).toString('utf8');
}

/**
 * Opens a TCP connection from inside a tunnel's namespace: HTTP CONNECT, and then a byte pipe. `end()` on this side
 * leaves the other direction open; the router's end ends both, since a Unix socket cannot tell a half-closed stream
 * from one that was cut. `signal` only stops the opening.
 */
export async function openStream(
  target: Target,
  interfaceName: string,
  destination: string,
  signal?: AbortSignal,
): Promise<Duplex> {
  const limit = AbortSignal.timeout(target.timeoutMs);
  const opening = signal === undefined ? limit : AbortSignal.any([signal, limit]);
  try {
    opening.throwIfAborted();
    const { status, socket, head } = await new Promise<{ status: number; socket: Socket; head: Buffer }>(
      (resolve, reject) => {
        const outgoing = request({
          method: 'CONNECT',
          path: destination,
          headers: { Host: destination, Tunnel: interfaceName },
          createConnection: () => createConnection({ path: target.socketPath }),
        });
        const abort = (): void => void outgoing.destroy(opening.reason as Error);
        opening.addEventListener('abort', abort, { once: true });
        outgoing.on('close', () => opening.removeEventListener('abort', abort));
        outgoing.on('connect', (response, stream, first) => {
          opening.removeEventListener('abort', abort);
          resolve({ status: response.statusCode ?? 0, socket: stream as Socket, head: first });
        });
        outgoing.on('response', () =>
          reject(new SidecarError('BadReply', 'The sidecar answered CONNECT with an ordinary response.')),
        );
        outgoing.on('error', reject);
        outgoing.end();
      },
    );
    if (status === 200) {
      if (head.length > 0) socket.unshift(head);
      return socket;
    }
    socket.setTimeout(5000, () => socket.destroy());
    const refusal = errorOf(status, await readRefusal(socket, head));
    socket.destroy();
    throw refusal;
  } catch (cause) {
    if (limit.aborted && !signal?.aborted) throw timeoutError(target);
    throw transportError(cause, target, signal);
  }
}
