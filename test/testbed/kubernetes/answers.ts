import { request } from 'node:http';
import { Socket } from 'node:net';
import { namespacePath } from '../namespaces.ts';
import { unconnectedSocket } from '../setns.ts';

/** Whether a service on the loopback of a network namespace says by `GET /healthz` that it works. */
export function answers(netns: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const createConnection = () =>
      new Socket({ fd: unconnectedSocket(namespacePath(netns)) }).connect(port, '127.0.0.1');
    const asked = request(
      { path: '/healthz', host: '127.0.0.1', createConnection, timeout: 2_000 },
      (got) => {
        got.resume();
        got.on('end', () => resolve(got.statusCode === 200));
        got.on('error', () => resolve(false));
      },
    );
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => resolve(false));
    asked.end();
  });
}
