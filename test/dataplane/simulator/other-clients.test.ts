import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SimulatedRouter } from '../../simulator/machine/index.ts';
import { defaultCacheDirectory } from '../../testbed/binaries.ts';
import { run } from '../../testbed/command.ts';
import { createTestNetwork, type TestNetwork } from '../../testbed/network.ts';
import { dataPlaneObstacle } from '../../testbed/prerequisites.ts';

const PACKAGE = 'librouteros==4.2.2';
const SCRIPT = join(import.meta.dirname, 'librouteros_session.py');

// A virtual environment of its own, beside the other things that a machine fetches once.
const directory = join(defaultCacheDirectory(), PACKAGE.replace('==', '-'));
const python = join(directory, 'bin', 'python');

/** Why librouteros is not to be had here; nothing when it is. */
async function obstacle(): Promise<string | undefined> {
  const lacking = dataPlaneObstacle();
  if (lacking !== null) return lacking;
  try {
    await run(python, ['-c', 'import librouteros']);
    return undefined;
  } catch {
    // Not there yet, or not whole: made anew.
  }
  try {
    await run('python3', ['-m', 'venv', '--clear', directory], { timeoutMs: 120_000 });
    const install = ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', PACKAGE];
    await run(python, install, { timeoutMs: 120_000 });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

const missing = await obstacle();
if (missing !== undefined)
  console.warn(`Left out: other people's API clients, since ${PACKAGE} is not to be had: ${missing}`);

(missing === undefined ? describe : describe.skip)("other people's API clients", () => {
  let network: TestNetwork;

  beforeAll(async () => {
    network = await createTestNetwork('librouteros');
  });

  afterAll(() => network?.destroy());

  test.each(['7.9.2', '7.16.2', '7.22.3', '7.24'])(
    'librouteros works with RouterOS %s',
    async (version) => {
      const name = `router-${version}`;
      const router = await SimulatedRouter.start({ network, name, version, adminPassword: 'secret' });
      const seen = JSON.parse(await router.exec(python, [SCRIPT, '127.0.0.1', 'secret']));
      expect(seen).toEqual({
        wrongPassword: expect.stringContaining('invalid user name or password (6)'),
        interfaces: expect.arrayContaining(['ether1', 'bridge']),
        version: expect.stringContaining(version),
        query: [{ name: 'shops', comment: 'für "$alle"' }],
        nothing: [],
        duplicate: expect.stringContaining('already have'),
        afterRemove: [],
      });
    },
    60_000,
  );
});
