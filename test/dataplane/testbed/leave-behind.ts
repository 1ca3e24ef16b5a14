/** Makes a network with a node and a router with WireGuard, says what, and waits to be killed. */
import { SimulatedRouter } from '../../simulator/machine/index.ts';
import { createTestNetwork } from '../../testbed/network.ts';
import { createNode } from '../../testbed/node.ts';

const network = await createTestNetwork('left-behind');
const node = await createNode(network);
await node.exec('ip', ['netns', 'add', 'inner']);
await node.exec('wireguard-go', ['wg0']);
// A daemon in a namespace that only the node knows.
const daemon = await node.exec('sh', [
  '-c',
  'nsenter --net=/run/netns/inner setsid sleep 1000 >&- 2>&- & echo $!',
]);
const router = await SimulatedRouter.start({ network, name: 'router', version: '7.16.2' });
router.os.execute({
  menu: '/interface/wireguard',
  command: 'add',
  attributes: { name: 'wg' },
  user: 'admin',
});
await router.settled();
process.stdout.write(
  `${JSON.stringify({ prefix: network.name, holder: node.pid, daemon: Number(daemon) })}\n`,
);
setInterval(() => {}, 1000);
