/**
 * Every check and every test, as `make test` and CI run them: `node test/run.ts [NAME…]` with names of checks and
 * projects, default all. What the tests sent to simulated routers is held against real versions' lists. The last line is `N passed, N failed, N skipped`; exit code 1 when anything failed.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { judge, readSchemas, readSent, tell } from './sent-commands.ts';
import { RECORD_TO } from './simulator/engine/recorder.ts';
import { ensureBinaries, ensureHealth, ensureHelm } from './testbed/binaries.ts';
import { findProvider, prepareFor } from './testbed/kubernetes/provider.ts';
import { dataPlaneObstacle, ensurePackages } from './testbed/prerequisites.ts';

type Need = 'packages' | 'control plane' | 'clients' | 'data plane' | 'nodes';

interface Outcome {
  name: string;
  passed: number;
  failed: number;
  skipped: number;
  seconds: number;
  note: string;
}

/** Quick, and independent of each other: run side by side, their output shown only when they fail. */
const CHECKS: Record<string, string[]> = {
  'format and lint': ['biome', 'check', '--error-on-warnings', '.'],
  types: ['tsc', '--noEmit'],
  'generated files': ['node', 'src/api/generate.ts', '--check'],
};

const processors = availableParallelism();

/** In this order, one after the other: the first two use all processors, the others wait for most of their time. */
const PROJECTS: Record<string, { needs: Need[]; workers: number; args?: string[] }> = {
  unit: { needs: [], workers: processors },
  world: { needs: [], workers: processors },
  integration: { needs: ['packages', 'control plane', 'clients'], workers: processors + 1 },
  dataplane: { needs: ['packages', 'data plane'], workers: processors + 1 },
  processes: { needs: ['packages', 'control plane', 'data plane'], workers: 3 * processors },
  e2e: { needs: ['nodes'], workers: 2, args: ['--verbose'] },
};

/** Where simulated routers note what they are sent; outside of the work tree. */
const sentFolder = mkdtempSync(join(tmpdir(), 'tto-sent-'));

const root = join(import.meta.dirname, '..');
const say = (line = ''): void => {
  process.stdout.write(`${line}\n`);
};
const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));

try {
  process.exitCode = await main(process.argv.slice(2));
} finally {
  rmSync(sentFolder, { recursive: true, force: true });
}

async function main(names: string[]): Promise<number> {
  const known = [...Object.keys(CHECKS), ...Object.keys(PROJECTS)];
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    say(`No check or project is called ${unknown.join(', ')}. There are: ${known.join(', ')}.`);
    return 2;
  }
  const wanted = (name: string) => names.length === 0 || names.includes(name);

  const outcomes = await Promise.all(
    Object.entries(CHECKS)
      .filter(([name]) => wanted(name))
      .map(([name, command]) => check(name, command)),
  );
  for (const [name, { needs, workers, args = [] }] of Object.entries(PROJECTS)) {
    if (!wanted(name)) continue;
    say(`\n── ${name} ${'─'.repeat(60 - name.length)}`);
    outcomes.push(await project(name, needs, workers, args));
  }
  const sent = readSent(sentFolder);
  if (sent.length > 0) outcomes.push(sentCommands(sent));
  return report(outcomes);
}

/** What went to simulated routers in all of the above, against what real ones of these versions have. */
function sentCommands(sent: Parameters<typeof judge>[0]): Outcome {
  const began = performance.now();
  const verdict = judge(sent, readSchemas());
  say(`\n── commands sent ${'─'.repeat(47)}\n${tell(verdict).join('\n')}`);
  const failed = verdict.unknown.length + verdict.denied.length > 0 ? 1 : 0;
  const skipped = failed === 0 && !verdict.isHeld ? 1 : 0;
  return {
    name: 'commands sent',
    passed: 1 - failed - skipped,
    failed,
    skipped,
    seconds: since(began),
    note: skipped === 1 ? 'left out: no lists of the versions beside the project' : '',
  };
}

async function check(name: string, [command = '', ...args]: string[]): Promise<Outcome> {
  const began = performance.now();
  const { code, output } = await run(command, args, false);
  if (code !== 0) say(`\n── ${name}: failed\n${output}`);
  const passed = code === 0 ? 1 : 0;
  return { name, passed, failed: 1 - passed, skipped: 0, seconds: since(began), note: '' };
}

async function project(name: string, needs: Need[], workers: number, args: string[]): Promise<Outcome> {
  const began = performance.now();
  const empty = { name, passed: 0, failed: 0, skipped: 0, note: '' };
  const obstacle = needs.includes('nodes')
    ? findProvider().obstacle
    : needs.includes('data plane')
      ? dataPlaneObstacle()
      : null;
  if (obstacle !== null) {
    say(`Left out: ${obstacle}`);
    // A pattern that no test's name matches: jest loads the files and counts, but runs neither tests nor hooks.
    const counted = await jest(name, workers, ['--testNamePattern', '^\\b$', '--silent']);
    return { ...empty, skipped: counted.total, seconds: since(began), note: `left out: ${obstacle}` };
  }
  try {
    if (needs.includes('packages')) ensurePackages(say);
    if (needs.includes('control plane')) await ensureBinaries({ progress: say });
    if (needs.includes('clients')) {
      await ensureHelm({ progress: say });
      await ensureHealth({ progress: say });
    }
    if (needs.includes('nodes')) await prepareFor(findProvider().provider, say);
  } catch (error) {
    say(reason(error));
    return { ...empty, failed: 1, seconds: since(began), note: 'could not start: see above' };
  }
  const result = await jest(name, workers, args);
  const isEmpty = result.total === 0 && result.failed === 0;
  return {
    ...empty,
    ...(isEmpty ? { failed: 1, note: 'there are no tests' } : result),
    seconds: since(began),
  };
}

interface JestResult {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  numTotalTests: number;
  /** Files that could not be loaded: none of their tests is counted elsewhere. */
  numRuntimeErrorTestSuites: number;
}

async function jest(name: string, workers: number, more: string[]) {
  const directory = mkdtempSync(join(tmpdir(), 'tto-jest-'));
  const file = join(directory, 'result.json');
  try {
    const args = ['--selectProjects', name, '--maxWorkers', String(workers), '--json', '--outputFile', file];
    const isCount = more.includes('--silent');
    const { code } = await run('jest', [...args, ...more], !isCount);
    const result = JSON.parse(readFileSync(file, 'utf8')) as JestResult;
    const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
    return {
      passed: result.numPassedTests,
      // Jest also fails for reasons that it counts nowhere, such as a leak in a teardown.
      failed: code !== 0 && failed === 0 && !isCount && result.numTotalTests > 0 ? 1 : failed,
      skipped: result.numPendingTests + result.numTodoTests,
      total: result.numTotalTests,
    };
  } catch (error) {
    say(`jest left no result: ${reason(error)}`);
    return { passed: 0, failed: 1, skipped: 0, total: 0 };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Runs one of node_modules/.bin; its stderr (where jest reports) is shown as it comes, or all is kept. */
function run(command: string, args: string[], isLive: boolean): Promise<{ code: number; output: string }> {
  const bin = join(root, 'node_modules', '.bin');
  const child = spawn(join(bin, command), args, {
    cwd: root,
    stdio: ['ignore', 'pipe', isLive ? 'inherit' : 'pipe'],
    env: {
      ...process.env,
      PATH: `${bin}:${process.env.PATH}`,
      NODE_OPTIONS:
        command === 'jest' ? '--experimental-vm-modules --disable-warning=ExperimentalWarning' : '',
      [RECORD_TO]: sentFolder,
    },
  });
  let output = '';
  const keep = (chunk: Buffer) => {
    output += chunk;
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

function report(outcomes: Outcome[]): number {
  const columns = ['', 'passed', 'failed', 'skipped', 'seconds'];
  const rows = outcomes.map((one) => [one.name, one.passed, one.failed, one.skipped, one.seconds.toFixed(1)]);
  say(`\n${columns.map(pad).join('')}`);
  rows.forEach((row, at) => {
    say(
      `${row.map((cell, column) => pad(String(cell), column)).join('')}  ${outcomes[at]?.note ?? ''}`.trimEnd(),
    );
  });
  const sum = (key: 'passed' | 'failed' | 'skipped') => outcomes.reduce((total, one) => total + one[key], 0);
  say(`\n${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`);
  return sum('failed') === 0 ? 0 : 1;
}

function pad(cell: string, column: number): string {
  return column === 0 ? cell.padEnd(18) : cell.padStart(9);
}

function since(began: number): number {
  return (performance.now() - began) / 1_000;
}
