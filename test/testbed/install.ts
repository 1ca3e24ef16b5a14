/** `make deps`: what tests need beside npm packages. */
import { ensureBinaries } from './binaries.ts';
import { dataPlaneObstacle, ensurePackages } from './prerequisites.ts';

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

try {
  ensurePackages(say);
  for (const [name, file] of Object.entries(await ensureBinaries({ progress: say }))) say(`${name}: ${file}`);
  const obstacle = dataPlaneObstacle();
  say(obstacle === null ? 'All tests can run here.' : `Tests of the data plane cannot run here: ${obstacle}`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
