/** Running Go, which builds the programs that nobody packages. */
import { spawn, spawnSync } from 'node:child_process';
import { findOnPath, isExecutable } from './path.ts';

/** The language version that Kubernetes' go.mod asks for. */
const GO = '1.26';

export type Progress = (line: string) => void;

/** Path of a Go that can build `what`. @throws one sentence that says what to install. */
export function usableGo(what: string): string {
  const go = findOnPath('go') ?? (isExecutable('/usr/local/go/bin/go') ? '/usr/local/go/bin/go' : null);
  const mend = `install Go ${GO} or later (https://go.dev/dl), or set KUBEBUILDER_ASSETS.`;
  if (go === null) throw new Error(`No Go to build ${what} with: ${mend}`);
  // Run where no go.mod asks for a toolchain. From 1.21 on, Go fetches by itself the version that a module asks for.
  const version =
    spawnSync(go, ['env', 'GOVERSION', 'GOTOOLCHAIN'], { cwd: '/', encoding: 'utf8' }).stdout ?? '';
  const [installed = '', toolchain = ''] = version.split('\n');
  const needed = toolchain.startsWith('local') ? Number(GO.slice(2)) : 21;
  if (Number(/^go1\.(\d+)/.exec(installed)?.[1] ?? 0) < needed) {
    throw new Error(`${go} is ${installed || 'unknown'}, too old to build ${what}: ${mend}`);
  }
  return go;
}

export interface GoRun {
  cwd: string;
  /** One word for progress lines. */
  doing: string;
  progress: Progress;
  environment?: Record<string, string>;
}

/** Runs go with a progress line every 15 s; answers its stdout. */
export async function runGo(
  go: string,
  args: string[],
  { cwd, doing, progress, environment = {} }: GoRun,
): Promise<string> {
  const began = performance.now();
  const child = spawn(go, args, {
    cwd,
    env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr = (stderr + chunk).slice(-4_000);
  });
  const elapsed = () => `${Math.round((performance.now() - began) / 1_000)} s`;
  const ticker = setInterval(() => progress(`  ${doing} … ${elapsed()}`), 15_000);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (code !== 0) throw new Error(`go ${args[0]} failed (exit code ${code}):\n${stderr}`);
    progress(`  ${doing}: done in ${elapsed()}`);
    return stdout;
  } finally {
    clearInterval(ticker);
  }
}
