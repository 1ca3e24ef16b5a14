import { sendRequest } from '../testbed/api-access.ts';
import type { Kubernetes } from '../testbed/kubernetes/index.ts';
import { mainProcess, type PodView } from './pods.ts';

const TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/** What can be seen of a container from its node, its image having no shell to look around with. */
export interface Inside {
  /** The service account's token; null where there is none. */
  token: string | null;
  /** Mount points that have to do with secrets or service accounts. */
  secretMounts: string[];
  /** Regular files named like a shell or a package manager. */
  shells: string[];
  uid: number;
  /** Effective capabilities, as /proc has them. */
  capabilities: string;
  readOnlyRoot: boolean;
  /** Network namespace, by inode. */
  network: string;
}

const LOOK = `
p=/proc/$1
echo "uid $(awk '/^Uid:/ {print $3}' $p/status)"
echo "cap $(awk '/^CapEff:/ {print $2}' $p/status)"
echo "net $(readlink $p/ns/net)"
awk '$5 == "/" {print "root " $6}' $p/mountinfo
awk '$5 ~ /secret|serviceaccount/ {print "mount " $5}' $p/mountinfo
find "$p/root/bin/" "$p/root/usr/bin/" "$p/root/sbin/" "$p/root/usr/sbin/" "$p/root/usr/local/bin/" -maxdepth 1 \\
  \\( -name sh -o -name bash -o -name dash -o -name busybox -o -name apt-get -o -name dpkg -o -name npm \\) 2>/dev/null |
  sed "s|^$p/root|shell |"
if [ -e "$p/root${TOKEN}" ]; then echo "token $(cat "$p/root${TOKEN}")"; fi
true`;

/** Looks into a running container by its first process. */
export async function lookInside(cluster: Kubernetes, pod: PodView, container: string): Promise<Inside> {
  const pid = await mainProcess(cluster, pod, container);
  const shown = await cluster.nodeExec(pod.node, ['sh', '-c', LOOK, 'sh', String(pid)]);
  const all = (kind: string): string[] =>
    shown.split('\n').flatMap((line) => (line.startsWith(`${kind} `) ? [line.slice(kind.length + 1)] : []));
  return {
    token: all('token')[0] ?? null,
    secretMounts: all('mount'),
    shells: all('shell'),
    uid: Number(all('uid')[0]),
    capabilities: all('cap')[0] ?? '',
    readOnlyRoot: all('root').some((options) => options.split(',').includes('ro')),
    network: all('net')[0] ?? '',
  };
}

/** Who a token is, as the API server says. */
export async function whoIs(cluster: Kubernetes, token: string): Promise<string> {
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } };
  const answer = await cluster.request('POST', '/apis/authentication.k8s.io/v1/tokenreviews', review);
  return answer.json().status.user.username;
}

/** HTTP status that the API server answers the bearer of a token with. */
export async function statusFor(
  cluster: Kubernetes,
  token: string,
  path: string,
  method = 'GET',
): Promise<number> {
  return (await sendRequest(cluster.url, cluster.caFile, token, method, path)).status;
}
