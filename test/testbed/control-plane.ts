/** A real Kubernetes control plane for tests, the demo and `make cluster`: etcd and kube-apiserver, no nodes. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ControlPlaneUser, sendRequest } from './api-access.ts';
import { ADMIN, type ApiClient, apiClient } from './api-client.ts';
import { writeApiServerFiles } from './api-server-files.ts';
import { type Binaries, type EnsureOptions, ensureBinaries } from './binaries.ts';
import { type OwnedDirectory, type OwnedProcess, ownedDirectory, spawnOwned } from './lifetime.ts';
import { HOST_PORT, onHost, onLoopback } from './listening.ts';
import { inside, namespacePath } from './namespaces.ts';

export type { ApiResponse, ControlPlaneUser } from './api-access.ts';
export { ADMIN, AGENT_USER, CONTROLLER_USER } from './api-client.ts';

/** Of Go's collector: a server that lives for a minute spends less of the processor on itself, and three times the memory. */
const SPENDTHRIFT = { GOGC: '300' };

export interface ControlPlaneOptions {
  /** Users that will want a kubeconfig, beside those that every test's API server has. */
  users?: ControlPlaneUser[];
  /** Apply the CRDs of `crds/` and wait until they are served. */
  crds?: boolean;
  /**
   * A host of a test network to run on, where nodes reach it by {@link ControlPlane.clusterUrl}. By default it runs
   * on this machine's loopback.
   */
  host?: { netns: string; address: string };
  /** Keep an audit log (level Metadata) at {@link ControlPlane.auditLog}. */
  audit?: boolean;
  /** Collect garbage as servers do that people run, which benchmarks compare with, and which 65,000 routers need. */
  isThrifty?: boolean;
  /** More flags for kube-apiserver. */
  apiServerArgs?: string[];
  /** Where progress goes while binaries are built. */
  progress?: EnsureOptions['progress'];
}

export interface ControlPlane extends ApiClient {
  /** How nodes reach it; without a host the same as {@link ApiClient.url}. */
  readonly clusterUrl: string;
  /** PEM of the key that service account tokens are signed with. */
  readonly serviceAccountKeyFile: string;
  /** Null unless asked for. */
  readonly auditLog: string | null;
  /** Logs, data and kubeconfigs; removed by stop(). */
  readonly directory: string;
  /** Ends kube-apiserver; etcd stays. */
  stopApiServer(): Promise<void>;
  /** Starts it again with the same address, certificate, users and data. */
  startApiServer(): Promise<void>;
  restartApiServer(): Promise<void>;
  /** Ends everything and removes the directory. */
  stop(): Promise<void>;
}

/** Starts one, ready for requests when the promise resolves (about 4 s once the binaries are there). */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const binaries = await ensureBinaries(options.progress ? { progress: options.progress } : {});
  const attempts = 3;
  for (let attempt = 1; ; attempt++) {
    const owned = ownedDirectory('control-plane');
    const running: OwnedProcess[] = [];
    try {
      return await start(options, binaries, owned, running);
    } catch (error) {
      await Promise.all(running.map((one) => one.kill()));
      // Somebody may take a port between our look and the server's bind.
      const portTaken = running.some((one) => /address already in use/.test(one.logTail()));
      owned.remove();
      if (attempt === attempts || !portTaken) throw error;
    }
  }
}

async function start(
  options: ControlPlaneOptions,
  binaries: Binaries,
  owned: OwnedDirectory,
  running: OwnedProcess[],
): Promise<ControlPlane> {
  const directory = owned.path;
  const { host } = options;
  const [etcdPort, apiPort] = [await freePort(), await freePort()];
  const url = `https://127.0.0.1:${apiPort}`;
  const { tokens, auditLog, flags } = writeApiServerFiles(directory, options);
  const serviceAccountKeyFile = join(directory, 'sa.key');
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  writeFileSync(serviceAccountKeyFile, privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600 });

  const environment = options.isThrifty ? {} : SPENDTHRIFT;
  const launch = async (name: string, program: string, args: string[]): Promise<OwnedProcess> => {
    const [command, ...rest] = host ? inside(host.netns, program, args) : [program, ...args];
    const launched = await spawnOwned(directory, name, command as string, rest, environment);
    running.push(launched);
    return launched;
  };
  const etcdUrl = `http://127.0.0.1:${etcdPort}`;
  await launch('etcd', binaries.etcd, [
    `--data-dir=${join(directory, 'etcd')}`,
    `--listen-client-urls=${etcdUrl}`,
    `--advertise-client-urls=${etcdUrl}`,
    '--listen-peer-urls=http://127.0.0.1:0',
    '--unsafe-no-fsync',
    `--quota-backend-bytes=${8 * 2 ** 30}`,
  ]);
  const { caFile, args: listenArgs } = host
    ? onHost(directory, host.address)
    : onLoopback(directory, apiPort);
  if (host) {
    const forward = join(import.meta.dirname, 'forward.ts');
    const args = [forward, String(apiPort), namespacePath(host.netns), String(HOST_PORT)];
    running.push(await spawnOwned(directory, 'forward', process.execPath, args));
  }

  const apiServerArgs = [
    `--etcd-servers=${etcdUrl}`,
    ...listenArgs,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${serviceAccountKeyFile}`,
    `--service-account-signing-key-file=${serviceAccountKeyFile}`,
    ...Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`),
    '--service-cluster-ip-range=10.96.0.0/16',
    '--allow-privileged=true',
    ...(options.apiServerArgs ?? []),
  ];
  let apiServer: OwnedProcess | null = null;
  const get = (path: string) => sendRequest(url, caFile, tokens.get(ADMIN) as string, 'GET', path);
  const startApiServer = async () => {
    if (apiServer !== null) throw new Error('The API server runs already.');
    apiServer = await launch('kube-apiserver', binaries.kubeApiserver, apiServerArgs);
    await untilReady(running, async () => {
      if ((await get('/readyz')).status !== 200) return false;
      // Ready does not yet mean that the namespaces every cluster has were made.
      return (await get('/api/v1/namespaces/default')).status === 200;
    });
  };
  const stopApiServer = async () => {
    const ending = apiServer;
    apiServer = null;
    if (ending === null) return;
    await ending.stop();
    running.splice(running.indexOf(ending), 1);
  };
  await startApiServer();

  const client = apiClient({ url, caFile, tokens, kubectlPath: binaries.kubectl, directory });
  if (options.crds) client.installCrds();

  return {
    ...client,
    clusterUrl: host ? `https://${host.address}:${HOST_PORT}` : url,
    serviceAccountKeyFile,
    auditLog,
    directory,
    startApiServer,
    stopApiServer,
    restartApiServer: async () => {
      await stopApiServer();
      await startApiServer();
    },
    stop: async () => {
      // Its data goes as well: nothing has to end in order.
      await Promise.all(running.map((one) => one.kill()));
      owned.remove();
    },
  };
}

async function untilReady(processes: OwnedProcess[], isReady: () => Promise<boolean>): Promise<void> {
  const limit = 60_000;
  const began = performance.now();
  for (;;) {
    if (await isReady().catch(() => false)) return;
    for (const one of processes) {
      const end = one.ended();
      if (end !== null)
        throw new Error(`${one.logFile}: the program ${end}. Its log ends:\n${one.logTail()}`);
    }
    if (performance.now() - began > limit) {
      const tails = processes.map((one) => `${one.logFile} ends:\n${one.logTail()}`);
      throw new Error(`The API server was not ready within ${limit / 1_000} s.\n${tails.join('\n')}`);
    }
    await sleep(50);
  }
}

/** A port below the kernel's ephemeral range, so that no outgoing connection takes it before the server binds. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + (randomBytes(2).readUInt16BE() % 12_000);
    const isFree = await new Promise<boolean>((resolve) => {
      const probe = createServer();
      probe.once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}
