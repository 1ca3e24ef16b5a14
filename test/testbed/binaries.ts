/**
 * The programs of a control plane: etcd from the system, kube-apiserver and kubectl built once a machine from the
 * Go module k8s.io/kubernetes, or all three from $KUBEBUILDER_ASSETS.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { withFileLock } from './lock.ts';
import { findOnPath, isExecutable } from './path.ts';

const KUBERNETES = '1.36.3';
/** The language version of that release's go.mod. */
const GO = '1.26';
const COMMANDS = ['kube-apiserver', 'kubectl'] as const;

export interface Binaries {
  etcd: string;
  kubeApiserver: string;
  kubectl: string;
}

export interface EnsureOptions {
  /** Gets a line now and then while something is built; by default stderr. */
  progress?: (line: string) => void;
  /** By default `$XDG_CACHE_HOME` or `~/.cache`, and there `tenant-tunnel-operator`. */
  cacheDirectory?: string;
}

/** Paths of the control plane's programs; builds what is missing. Throws one sentence that says what to install. */
export async function ensureBinaries(options: EnsureOptions = {}): Promise<Binaries> {
  const assets = process.env.KUBEBUILDER_ASSETS;
  if (assets) return fromAssets(assets);
  const etcd = findOnPath('etcd');
  if (etcd === null) {
    throw new Error('No etcd on the PATH: apt-get install etcd-server, or set KUBEBUILDER_ASSETS.');
  }
  const cache = options.cacheDirectory ?? defaultCacheDirectory();
  const directory = join(cache, `kubernetes-${KUBERNETES}-${process.platform}-${process.arch}`);
  const progress = options.progress ?? ((line: string) => process.stderr.write(`${line}\n`));
  if (!isComplete(directory)) {
    await withFileLock(
      `${directory}.lock`,
      () => progress('Waiting for another run that is building the control plane.'),
      async () => {
        if (!isComplete(directory)) await build(directory, progress);
      },
    );
  }
  return { etcd, kubeApiserver: join(directory, 'kube-apiserver'), kubectl: join(directory, 'kubectl') };
}

/** Where binaries are kept, outside of the work tree. */
export function defaultCacheDirectory(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'tenant-tunnel-operator');
}

function isComplete(directory: string): boolean {
  return COMMANDS.every((command) => isExecutable(join(directory, command)));
}

function fromAssets(assets: string): Binaries {
  const [etcd, kubeApiserver, kubectl] = ['etcd', 'kube-apiserver', 'kubectl'].map((name) => {
    const file = join(assets, name);
    if (!isExecutable(file)) throw new Error(`KUBEBUILDER_ASSETS=${assets} holds no executable ${name}.`);
    return file;
  }) as [string, string, string];
  return { etcd, kubeApiserver, kubectl };
}

/**
 * `go install k8s.io/kubernetes/cmd/…@v…` is refused because that go.mod has `replace` lines to its own tree. So:
 * a module of our own with the same requirements, the replacements turned to the published staging modules.
 */
async function build(directory: string, progress: (line: string) => void): Promise<void> {
  const go = usableGo();
  mkdirSync(dirname(directory), { recursive: true });
  const work = `${directory}.build`;
  // What a killed run left: only the holder of the lock is here.
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work);
  try {
    progress(`Building ${COMMANDS.join(' and ')} ${KUBERNETES}: about 6 minutes the first time, on 2 cores.`);
    const source = await download(go, work, progress);
    const [, minor] = KUBERNETES.split('.');
    const staging = `v0.${KUBERNETES.slice(2)}`;
    const goMod = readFileSync(join(source, 'go.mod'), 'utf8')
      .replace(/^module .*$/m, 'module controlplane')
      .replace(/=> \.\/staging\/src\/(k8s\.io\/\S+)/g, `=> $1 ${staging}`);
    writeFileSync(join(work, 'go.mod'), `${goMod}\nrequire k8s.io/kubernetes v${KUBERNETES}\n`);
    // Not a copy of the file, which is read-only in the module cache: go adds to it.
    writeFileSync(join(work, 'go.sum'), readFileSync(join(source, 'go.sum')));
    const packages = COMMANDS.map((command) => `k8s.io/kubernetes/cmd/${command}`);
    writeFileSync(
      join(work, 'tools.go'),
      `//go:build tools\n\npackage tools\n\nimport (\n${packages.map((p) => `\t_ "${p}"\n`).join('')})\n`,
    );
    mkdirSync(join(work, 'bin'));
    const version = 'k8s.io/component-base/version';
    // Without these the server calls itself v0.0.0, and a chart's `kubeVersion` refuses it.
    const ldflags = [
      '-s -w',
      `-X ${version}.gitVersion=v${KUBERNETES}`,
      `-X ${version}.gitMajor=1`,
      `-X ${version}.gitMinor=${minor}`,
    ].join(' ');
    const args = ['build', '-mod=mod', '-trimpath', '-ldflags', ldflags, '-o', 'bin/', ...packages];
    await runGo(go, args, work, 'building', progress);
    rmSync(directory, { recursive: true, force: true });
    renameSync(join(work, 'bin'), directory);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function download(go: string, work: string, progress: (line: string) => void): Promise<string> {
  const args = ['mod', 'download', '-json', `k8s.io/kubernetes@v${KUBERNETES}`];
  const output = await runGo(go, args, work, 'downloading', progress);
  return (JSON.parse(output) as { Dir: string }).Dir;
}

function usableGo(): string {
  const go = findOnPath('go') ?? (isExecutable('/usr/local/go/bin/go') ? '/usr/local/go/bin/go' : null);
  const mend = `install Go ${GO} or later (https://go.dev/dl), or set KUBEBUILDER_ASSETS.`;
  if (go === null) throw new Error(`No Go to build kube-apiserver with: ${mend}`);
  // Run where no go.mod asks for a toolchain. From 1.21 on, Go fetches by itself the version that a module asks for.
  const version =
    spawnSync(go, ['env', 'GOVERSION', 'GOTOOLCHAIN'], { cwd: '/', encoding: 'utf8' }).stdout ?? '';
  const [installed = '', toolchain = ''] = version.split('\n');
  const needed = toolchain.startsWith('local') ? Number(GO.slice(2)) : 21;
  if (Number(/^go1\.(\d+)/.exec(installed)?.[1] ?? 0) < needed) {
    throw new Error(
      `${go} is ${installed || 'unknown'}, too old to build kube-apiserver ${KUBERNETES}: ${mend}`,
    );
  }
  return go;
}

/** Runs go with a progress line every 15 s; answers its stdout. */
async function runGo(
  go: string,
  args: string[],
  cwd: string,
  doing: string,
  progress: (line: string) => void,
): Promise<string> {
  const began = performance.now();
  const child = spawn(go, args, {
    cwd,
    env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off' },
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
