/** The commands of docs/restore.md, word for word, with the kubectl of the API server; what they say of Velero is not run. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { jest } from '@jest/globals';
import { ControllerHarness, SYSTEM } from '../controller/harness.ts';
import { buildFleet, NAMESPACES } from './fleet.ts';
import { expectNothingChanged, type Given, givenNow } from './given.ts';
import { backUp, removeAll } from './velero.ts';

jest.setTimeout(240_000);

const DOCUMENT = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'restore.md'), 'utf8');

let harness: ControllerHarness;
let before: Given;
beforeAll(async () => {
  harness = await ControllerHarness.start();
  await buildFleet(harness);
  before = await givenNow(harness);
  // What is scaled; nobody here makes pods of it.
  const labels = { 'app.kubernetes.io/component': 'controller' };
  await harness.create(`/apis/apps/v1/namespaces/${SYSTEM}/deployments`, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'tenant-tunnel-controller' },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'controller', image: 'none' }] } },
    },
  });
});
afterAll(() => harness?.stop());

/** Runs the block of the document that is marked so; answers what it prints. */
async function run(mark: string): Promise<string> {
  const block = new RegExp(`^\`\`\`sh ${mark}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(DOCUMENT)?.[1];
  if (block === undefined) throw new Error(`docs/restore.md has no block "sh ${mark}".`);
  const { plane } = harness;
  const env = {
    ...process.env,
    KUBECONFIG: plane.adminKubeconfig,
    PATH: `${dirname(plane.kubectlPath)}:${process.env.PATH}`,
  };
  const script = `set -euo pipefail\n${block}`;
  const { stdout } = await promisify(execFile)('bash', ['-c', script], { cwd: plane.directory, env });
  return stdout;
}

test.each([
  ['the objects', false],
  ['the objects and the ledger', true],
])('%s deleted and restored: the comparison prints nothing', async (_what, withLedger) => {
  await run('backup');
  await run('note');
  await run('stop');
  await harness.stopController();
  const backup = await backUp(harness.plane, NAMESPACES);
  await removeAll(harness.plane, backup, ['routers', 'tenanttunnels', 'tunnelclasses']);
  if (withLedger) {
    const secrets = (await backUp(harness.plane, [SYSTEM])).get('secrets') ?? [];
    const ledger = secrets.filter(({ metadata }) => metadata.name.startsWith('ledger-'));
    await removeAll(harness.plane, new Map([['secrets', ledger]]), ['secrets']);
    await run('restore-ledger');
  }
  await run('restore');
  const started = harness.startController();
  await run('start');
  await started;
  expect(await run('compare')).toBe('');
  await expectNothingChanged(harness, before);
});
