/** `make deps`: what tests need beside npm packages. */
import { ensureBinaries, ensureHealth, ensureHelm, ensureNodeBinaries } from './binaries.ts';
import { dataPlaneObstacle, ensurePackages, nodeObstacle } from './prerequisites.ts';

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

try {
  const obstacles = { 'the data plane': dataPlaneObstacle(), 'whole nodes': nodeObstacle() };
  const hasNodes = obstacles['whole nodes'] === null;
  ensurePackages(say, hasNodes ? 'nodes' : undefined);
  const binaries = {
    ...(await ensureBinaries({ progress: say })),
    helm: await ensureHelm({ progress: say }),
    health: await ensureHealth({ progress: say }),
    ...(hasNodes ? await ensureNodeBinaries({ progress: say }) : {}),
  };
  for (const [name, file] of Object.entries(binaries)) say(`${name}: ${file}`);
  for (const [what, obstacle] of Object.entries(obstacles)) {
    if (obstacle !== null) say(`Tests of ${what} cannot run here: ${obstacle}`);
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
