/**
 * The programs of a Kubernetes, built once a machine from Go modules. A control plane can also come from
 * $KUBEBUILDER_ASSETS.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { buildClockedWireguard, CLOCKED_WIREGUARD } from './clocked-wireguard.ts';
import { type Progress, runGo, usableGo } from './go.ts';
import { buildKubernetes } from './kubernetes-build.ts';
import { withFileLock } from './lock.ts';
import { isExecutable } from './path.ts';

export const KUBERNETES = '1.36.3';
const CONTROL_PLANE = ['kube-apiserver', 'kubectl'] as const;
const NODES = ['kube-controller-manager', 'kube-scheduler', 'kubelet', 'kube-proxy'] as const;
const HELM = '3.21.4';
/** Minor version of Kubernetes of that release's client-go: what `helm template` takes a cluster to be. */
const HELM_KUBERNETES_MINOR = '36';

export interface Binaries {
  etcd: string;
  kubeApiserver: string;
  kubectl: string;
}

export interface NodeBinaries {
  kubeControllerManager: string;
  kubeScheduler: string;
  kubelet: string;
  kubeProxy: string;
  helm: string;
  /** Waits, and reaps whoever has lost his parent: what holds a pod's namespaces open, and pid 1 of a test's node. */
  pause: string;
  /** What runs in the pods of tests of the cluster itself. */
  probe: string;
}

export interface EnsureOptions {
  /** Gets a line now and then while something is built; by default stderr. */
  progress?: Progress;
  /** By default `$XDG_CACHE_HOME` or `~/.cache`, and there `tenant-tunnel-operator`. */
  cacheDirectory?: string;
}

/** Paths of the control plane's programs; builds what is missing. Throws one sentence that says what to install. */
export async function ensureBinaries(options: EnsureOptions = {}): Promise<Binaries> {
  const assets = process.env.KUBEBUILDER_ASSETS;
  if (assets) return fromAssets(assets);
  const directory = await ensureKubernetes(CONTROL_PLANE, options);
  // Debian's is of 2022: without its progress requests an API server reads every list from it, and not from memory.
  const etcd = await ensureModule('etcd', options);
  return { etcd, kubeApiserver: join(directory, 'kube-apiserver'), kubectl: join(directory, 'kubectl') };
}

/**
 * Paths of what a cluster with nodes has beside its {@link ensureBinaries}; builds what is missing.
 *
 * @throws one sentence that says what to install.
 */
export async function ensureNodeBinaries(options: EnsureOptions = {}): Promise<NodeBinaries> {
  const directory = await ensureKubernetes(NODES, options);
  return {
    kubeControllerManager: join(directory, 'kube-controller-manager'),
    kubeScheduler: join(directory, 'kube-scheduler'),
    kubelet: join(directory, 'kubelet'),
    kubeProxy: join(directory, 'kube-proxy'),
    helm: await ensureHelm(options),
    pause: await ensureOwn('pause', options),
    probe: await ensureOwn('probe', options),
  };
}

/** What tests of a Kubernetes that others make need; builds what is missing. @throws as the others do */
export async function ensureKindBinaries(
  options: EnsureOptions = {},
): Promise<Pick<NodeBinaries, 'helm' | 'probe'> & Pick<Binaries, 'kubectl'>> {
  const assets = process.env.KUBEBUILDER_ASSETS;
  return {
    kubectl: assets
      ? fromAssets(assets).kubectl
      : join(await ensureKubernetes(['kubectl'], options), 'kubectl'),
    helm: await ensureHelm(options),
    probe: await ensureOwn('probe', options),
  };
}

/** Path of helm; builds it when it is missing. @throws one sentence that says what to install. */
export function ensureHelm(options: EnsureOptions = {}): Promise<string> {
  return ensureBuilt('helm', HELM, options, async (work, progress) => {
    const go = usableGo(`helm ${HELM}`);
    progress(`Building helm ${HELM}: about 2 minutes the first time, on 2 cores.`);
    const module = 'helm.sh/helm/v3';
    const ldflags = [
      '-s -w',
      `-X ${module}/internal/version.version=v${HELM}`,
      `-X ${module}/pkg/chartutil.k8sVersionMajor=1 -X ${module}/pkg/chartutil.k8sVersionMinor=${HELM_KUBERNETES_MINOR}`,
      `-X ${module}/pkg/lint/rules.k8sVersionMajor=1 -X ${module}/pkg/lint/rules.k8sVersionMinor=${HELM_KUBERNETES_MINOR}`,
    ].join(' ');
    const args = ['install', '-trimpath', '-ldflags', ldflags, `${module}/cmd/helm@v${HELM}`];
    await runGo(go, args, { cwd: work, doing: 'building', progress, environment: { GOBIN: work } });
  });
}

/** Path of a wireguard-go whose handshakes tell another time; builds it when it is missing. @throws as the others do */
export function ensureClockedWireguard(options: EnsureOptions = {}): Promise<string> {
  const program = 'wireguard-go-clocked';
  return ensureBuilt(program, CLOCKED_WIREGUARD, options, (work, progress) =>
    buildClockedWireguard(work, join(work, program), progress),
  );
}

/** Path of the program that judges the health of objects as GitOps tools do; builds it when it is missing. */
export const ensureHealth = (options: EnsureOptions = {}): Promise<string> => ensureModule('health', options);

/** A Go module in a folder of that name beside this file. */
function ensureModule(program: string, options: EnsureOptions): Promise<string> {
  const source = join(import.meta.dirname, program);
  const hash = createHash('sha256');
  for (const file of readdirSync(source).sort()) hash.update(readFileSync(join(source, file)));
  return ensureBuilt(program, hash.digest('hex').slice(0, 12), options, async (work, progress) => {
    const flags = ['-trimpath', '-buildvcs=false', '-ldflags', '-s -w'];
    const args = ['build', ...flags, '-o', join(work, program), '.'];
    await runGo(usableGo(program), args, { cwd: source, doing: `building ${program}`, progress });
  });
}

/** One of kubernetes/*.go. */
function ensureOwn(program: string, options: EnsureOptions): Promise<string> {
  const source = join(import.meta.dirname, 'kubernetes', `${program}.go`);
  const version = createHash('sha256').update(readFileSync(source)).digest('hex').slice(0, 12);
  return ensureBuilt(program, version, options, async (work, progress) => {
    const args = ['build', '-trimpath', '-ldflags', '-s -w', '-o', join(work, program), source];
    await runGo(usableGo(program), args, { cwd: work, doing: `building ${program}`, progress });
  });
}

/** Where binaries are kept, outside of the work tree. */
export function defaultCacheDirectory(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'tenant-tunnel-operator');
}

function cached(name: string, options: EnsureOptions): string {
  const cache = options.cacheDirectory ?? defaultCacheDirectory();
  return join(cache, `${name}-${process.platform}-${process.arch}`);
}

function toStderr(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** The directory with these commands in it, and maybe others. */
async function ensureKubernetes(commands: readonly string[], options: EnsureOptions): Promise<string> {
  const directory = cached(`kubernetes-${KUBERNETES}`, options);
  const progress = options.progress ?? toStderr;
  const missing = () => commands.filter((command) => !isExecutable(join(directory, command)));
  if (missing().length > 0) {
    await withFileLock(
      `${directory}.lock`,
      () => progress('Waiting for another run that is building Kubernetes.'),
      async () => {
        const wanted = missing();
        if (wanted.length > 0) await buildKubernetes(KUBERNETES, wanted, directory, progress);
      },
    );
  }
  return directory;
}

/** The one program of a directory of its own; `build` leaves it in its work directory. */
async function ensureBuilt(
  program: string,
  version: string,
  options: EnsureOptions,
  build: (work: string, progress: Progress) => Promise<void>,
): Promise<string> {
  const directory = cached(`${program}-${version}`, options);
  const file = join(directory, program);
  if (isExecutable(file)) return file;
  const progress = options.progress ?? toStderr;
  const waiting = () => progress(`Waiting for another run that is building ${program}.`);
  await withFileLock(`${directory}.lock`, waiting, async () => {
    if (isExecutable(file)) return;
    const work = `${directory}.build`;
    rmSync(work, { recursive: true, force: true });
    mkdirSync(work);
    try {
      await build(work, progress);
      mkdirSync(directory, { recursive: true });
      renameSync(join(work, program), file);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  });
  return file;
}

function fromAssets(assets: string): Binaries {
  const [etcd, kubeApiserver, kubectl] = ['etcd', 'kube-apiserver', 'kubectl'].map((name) => {
    const file = join(assets, name);
    if (!isExecutable(file)) throw new Error(`KUBEBUILDER_ASSETS=${assets} holds no executable ${name}.`);
    return file;
  }) as [string, string, string];
  return { etcd, kubeApiserver, kubectl };
}
