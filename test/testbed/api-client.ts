/** All that tests do with an API server of whatever kind that knows their users by tokens. */
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ApiResponse, kubeconfigText, sendRequest } from './api-access.ts';
import { rightsManifest } from './rights.ts';

const REPOSITORY = join(import.meta.dirname, '..', '..');

export const ADMIN = 'admin';
export const CONTROLLER_USER = 'system:serviceaccount:tenant-tunnel-system:tenant-tunnel-controller';
export const AGENT_USER = 'system:serviceaccount:tenant-tunnel-system:tenant-tunnel-agent';
/** Whom every API server of a test knows. */
export const USERS = [
  { name: ADMIN, groups: ['system:masters'] },
  { name: CONTROLLER_USER },
  { name: AGENT_USER },
];

export interface ApiClient {
  /** `https://127.0.0.1:PORT` */
  readonly url: string;
  readonly caFile: string;
  /** Path of a kubeconfig of user {@link ADMIN}, group system:masters. */
  readonly adminKubeconfig: string;
  readonly kubectlPath: string;
  /** The bearer token of a user known since the start. */
  token(user: string): string;
  /** Path of a kubeconfig with a token for a user known since the start. */
  kubeconfig(user: string): string;
  /** Runs kubectl as {@link ADMIN}; answers its stdout, throws with its stderr. */
  kubectl(args: string[], input?: string): string;
  /** A request as {@link ADMIN}. Objects are sent and answered as JSON, other bodies as text. */
  request(method: string, path: string, body?: unknown, contentType?: string): Promise<ApiResponse>;
  /** Text of /metrics. */
  metrics(): Promise<string>;
  /** Applies the CRDs of `crds/` and waits until they are served. */
  installCrds(): void;
  /** What the processes need that run beside it: the kinds, and of `deploy/base` the namespaces and rights. */
  install(): Promise<void>;
}

export interface ApiServer {
  url: string;
  caFile: string;
  /** User → token. */
  tokens: ReadonlyMap<string, string>;
  kubectlPath: string;
  /** For kubeconfigs. */
  directory: string;
}

/** @throws while the server has no certificate yet */
export function apiClient({ url, caFile, tokens, kubectlPath, directory }: ApiServer): ApiClient {
  const token = (user: string): string => {
    const found = tokens.get(user);
    if (found === undefined) {
      throw new Error(
        `This control plane does not know user ${user}: name it among the users to start with.`,
      );
    }
    return found;
  };
  const kubeconfig = (user: string): string => {
    const file = join(directory, `kubeconfig-${user.replaceAll(/[^\w.-]/g, '_')}`);
    writeFileSync(file, kubeconfigText(url, caFile, user, token(user)), { mode: 0o600 });
    return file;
  };
  const adminKubeconfig = kubeconfig(ADMIN);
  const kubectlCache = join(directory, 'kubectl-cache');
  const kubectl = (args: string[], input = ''): string => {
    // It keeps for six hours which kinds there are, and by then there are others, or another server on this port.
    rmSync(kubectlCache, { recursive: true, force: true });
    const done = spawnSync(kubectlPath, args, {
      input,
      encoding: 'utf8',
      maxBuffer: 2 ** 30,
      env: { ...process.env, KUBECONFIG: adminKubeconfig, KUBECACHEDIR: kubectlCache },
      timeout: 120_000,
    });
    if (done.status !== 0) throw new Error(`kubectl ${args.join(' ')} failed: ${done.stderr || done.error}`);
    return done.stdout;
  };
  const request: ApiClient['request'] = (method, path, body, contentType) =>
    sendRequest(url, caFile, token(ADMIN), method, path, body, contentType);
  const installCrds = (): void => {
    kubectl(['apply', '--server-side', '-f', join(REPOSITORY, 'crds')]);
    kubectl(['wait', '--for=condition=Established', '--timeout=60s', '-f', join(REPOSITORY, 'crds')]);
  };
  return {
    url,
    caFile,
    adminKubeconfig,
    kubectlPath,
    token,
    kubeconfig,
    kubectl,
    request,
    metrics: async () => (await request('GET', '/metrics')).text,
    installCrds,
    install: async () => {
      installCrds();
      kubectl(['apply', '--server-side', '-f', '-'], rightsManifest(kubectl));
    },
  };
}
