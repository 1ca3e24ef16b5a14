/** A real Kubernetes control plane for tests, the demo and `make cluster`: etcd and kube-apiserver, no nodes. */
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import {
  type ApiResponse,
  type ControlPlaneUser,
  kubeconfigText,
  sendRequest,
  writeTokens,
} from './api-access.ts';
import { type Binaries, type EnsureOptions, ensureBinaries } from './binaries.ts';
import { type OwnedDirectory, type OwnedProcess, ownedDirectory, spawnOwned } from './lifetime.ts';
import { HOST_PORT, onHost, onLoopback } from './listening.ts';
import { inside, namespacePath } from './namespaces.ts';
import { rightsManifest } from './rights.ts';

export type { ApiResponse, ControlPlaneUser } from './api-access.ts';

const REPOSITORY = join(import.meta.dirname, '..', '..');

export const ADMIN = 'admin';
export const CONTROLLER_USER = 'system:serviceaccount:tenant-tunnel-system:tenant-tunnel-controller';
export const AGENT_USER = 'system:serviceaccount:tenant-tunnel-system:tenant-tunnel-agent';

export interface ControlPlaneOptions {
  /** Users beside {@link ADMIN}, {@link CONTROLLER_USER} and {@link AGENT_USER} that will want a kubeconfig. */
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
  /** More flags for kube-apiserver. */
  apiServerArgs?: string[];
  /** Where progress goes while binaries are built. */
  progress?: EnsureOptions['progress'];
}

export interface ControlPlane {
  /** `https://127.0.0.1:PORT` */
  readonly url: string;
  /** How nodes reach it; without a host the same as {@link url}. */
  readonly clusterUrl: string;
  /** PEM of the key that service account tokens are signed with. */
  readonly serviceAccountKeyFile: string;
  readonly caFile: string;
  /** Path of a kubeconfig of user {@link ADMIN}, group system:masters. */
  readonly adminKubeconfig: string;
  /** Of this control plane's version. */
  readonly kubectlPath: string;
  /** Null unless asked for. */
  readonly auditLog: string | null;
  /** Logs, data and kubeconfigs; removed by stop(). */
  readonly directory: string;
  /** Path of a kubeconfig with a token for a user known since the start. */
  kubeconfig(user: string): string;
  /** The bearer token of a user known since the start. */
  token(user: string): string;
  /** Runs kubectl as {@link ADMIN}; answers its stdout, throws with its stderr. */
  kubectl(args: string[], input?: string): string;
  /** A request as {@link ADMIN}. Objects are sent and answered as JSON, other bodies as text. */
  request(method: string, path: string, body?: unknown, contentType?: string): Promise<ApiResponse>;
  /** Text of /metrics. */
  metrics(): Promise<string>;
  /** What the processes need that run beside it: the kinds, and of `deploy/base` the namespaces and rights. */
  install(): Promise<void>;
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
  const users = [
    { name: ADMIN, groups: ['system:masters'] },
    { name: CONTROLLER_USER },
    { name: AGENT_USER },
    ...(options.users ?? []),
  ];
  const tokens = writeTokens(join(directory, 'tokens.csv'), users);
  const auditLog = options.audit ? join(directory, 'audit.log') : null;
  const serviceAccountKeyFile = join(directory, 'sa.key');
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  writeFileSync(serviceAccountKeyFile, privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600 });
  if (auditLog !== null) writeFileSync(join(directory, 'audit.yaml'), AUDIT_POLICY);

  const launch = async (name: string, program: string, args: string[]): Promise<OwnedProcess> => {
    const [command, ...rest] = host ? inside(host.netns, program, args) : [program, ...args];
    const launched = await spawnOwned(directory, name, command as string, rest);
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
    `--token-auth-file=${join(directory, 'tokens.csv')}`,
    '--service-cluster-ip-range=10.96.0.0/16',
    '--allow-privileged=true',
    ...(auditLog === null
      ? []
      : [`--audit-log-path=${auditLog}`, `--audit-policy-file=${join(directory, 'audit.yaml')}`]),
    ...(options.apiServerArgs ?? []),
  ];
  let apiServer: OwnedProcess | null = null;
  const send = (method: string, path: string, body?: unknown, contentType?: string) =>
    sendRequest(url, caFile, tokens.get(ADMIN) as string, method, path, body, contentType);

  const startApiServer = async () => {
    if (apiServer !== null) throw new Error('The API server runs already.');
    apiServer = await launch('kube-apiserver', binaries.kubeApiserver, apiServerArgs);
    await untilReady(running, async () => {
      if ((await send('GET', '/readyz')).status !== 200) return false;
      // Ready does not yet mean that the namespaces every cluster has were made.
      return (await send('GET', '/api/v1/namespaces/default')).status === 200;
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

  const kubeconfig = (user: string): string => {
    const file = join(directory, `kubeconfig-${user.replaceAll(/[^\w.-]/g, '_')}`);
    writeFileSync(file, kubeconfigText(url, caFile, user, tokenOf(user)), { mode: 0o600 });
    return file;
  };
  const tokenOf = (user: string): string => {
    const token = tokens.get(user);
    if (token === undefined) {
      throw new Error(
        `This control plane does not know user ${user}: name it in startControlPlane({users}).`,
      );
    }
    return token;
  };
  const adminKubeconfig = kubeconfig(ADMIN);
  const kubectlCache = join(directory, 'kubectl-cache');
  const kubectl = (args: string[], input = ''): string => {
    // It keeps for six hours which kinds there are, and by then there are others, or another server on this port.
    rmSync(kubectlCache, { recursive: true, force: true });
    const done = spawnSync(binaries.kubectl, args, {
      input,
      encoding: 'utf8',
      maxBuffer: 2 ** 30,
      env: { ...process.env, KUBECONFIG: adminKubeconfig, KUBECACHEDIR: kubectlCache },
      timeout: 120_000,
    });
    if (done.status !== 0) throw new Error(`kubectl ${args.join(' ')} failed: ${done.stderr || done.error}`);
    return done.stdout;
  };
  const installCrds = async () => {
    kubectl(['apply', '--server-side', '-f', join(REPOSITORY, 'crds')]);
    kubectl(['wait', '--for=condition=Established', '--timeout=60s', '-f', join(REPOSITORY, 'crds')]);
  };
  if (options.crds) await installCrds();

  return {
    url,
    clusterUrl: host ? `https://${host.address}:${HOST_PORT}` : url,
    serviceAccountKeyFile,
    caFile,
    adminKubeconfig,
    kubectlPath: binaries.kubectl,
    auditLog,
    directory,
    kubeconfig,
    token: tokenOf,
    kubectl,
    request: send,
    metrics: async () => (await send('GET', '/metrics')).text,
    install: async () => {
      await installCrds();
      kubectl(['apply', '--server-side', '-f', '-'], rightsManifest(kubectl));
    },
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

const AUDIT_POLICY = stringify({
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'Metadata' }],
});

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
