/** Starts a control plane, prints where its directory is, and stays until it is killed. */
import { startControlPlane } from '../../testbed/control-plane.ts';

const cluster = await startControlPlane();
process.stdout.write(`${cluster.directory}\n`);
setInterval(() => {}, 60_000);
