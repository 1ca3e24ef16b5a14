import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const REPOSITORY = join(import.meta.dirname, '..', '..');
const CHART = 'charts/tenant-tunnel-operator';

export interface PastChart {
  /** As git takes it. */
  commit: string;
  version: string;
}

/** Version of the chart in the work tree. */
export const chartVersion = (): string =>
  versionIn(readFileSync(join(REPOSITORY, CHART, 'Chart.yaml'), 'utf8'));

/** The last commit whose chart has a lower version than the work tree's; null where git knows of none. */
export function lastChart(): PastChart | null {
  const current = chartVersion();
  const { stdout = '', status } = git(['log', '--format=%H', '--', `${CHART}/Chart.yaml`]);
  if (status !== 0) return null;
  let since = 'HEAD';
  for (const commit of stdout.split('\n').filter((line) => line !== '')) {
    const version = versionAt(commit);
    if (version !== null && isLower(version, current)) return { commit: since, version };
    // Whoever raised the version, all before had the last one in its latest state.
    since = `${commit}^`;
  }
  return null;
}

function versionAt(commit: string): string | null {
  const { status, stdout } = git(['show', `${commit}:${CHART}/Chart.yaml`]);
  return status === 0 ? versionIn(stdout) : null;
}

/** Writes a commit's chart into a directory; answers its path. */
export function extractChart({ commit }: PastChart, directory: string): string {
  mkdirSync(directory, { recursive: true });
  const script = 'git archive "$1" "$2" | tar -x -C "$3"';
  const { status, stderr } = spawnSync('sh', ['-c', script, 'sh', commit, CHART, directory], {
    cwd: REPOSITORY,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`The chart of ${commit} cannot be had from git: ${stderr}`);
  return join(directory, CHART);
}

const versionIn = (text: string): string => (parse(text) as { version: string }).version;

/** Of two versions `1.2.3`, without what comes behind a `-`. */
function isLower(one: string, other: string): boolean {
  const numbers = (version: string) => version.replace(/-.*/, '').split('.').map(Number);
  const [a, b] = [numbers(one), numbers(other)];
  const at = a.findIndex((number, i) => number !== b[i]);
  return at >= 0 && (a[at] ?? 0) < (b[at] ?? 0);
}

function git(args: readonly string[]) {
  return spawnSync('git', args, { cwd: REPOSITORY, encoding: 'utf8', maxBuffer: 16 * 1024 * 1024 });
}
