/**
 * Brings a TCP port of a network namespace to a port of this machine's loopback: `forward.ts PORT NETNS-PATH TARGET-PORT`.
 * A process of its own, so that it works also while a test waits in a synchronous call.
 */
import { connect, createServer } from 'node:net';
import { enterNetworkNamespace } from './setns.ts';

const [port, namespace, targetPort] = process.argv.slice(2) as [string, string, string];
const server = createServer({ noDelay: true }, (near) => {
  const far = connect({ port: Number(targetPort), host: '127.0.0.1', noDelay: true });
  near.pipe(far).pipe(near);
  near.on('error', () => far.destroy());
  far.on('error', () => near.destroy());
  near.on('close', () => far.destroy());
  far.on('close', () => near.destroy());
});
server.on('error', (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
// The socket that listens stays where it was made; those that connect are made in there.
server.listen(Number(port), '127.0.0.1', () => enterNetworkNamespace(namespace));
