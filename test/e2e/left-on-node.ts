import type { KubernetesNode } from '../testbed/kubernetes/index.ts';

/** What the operator may leave on a node, by kind; each list is empty on one that never saw it. */
export interface Remains {
  namespaces: string[];
  interfaces: string[];
  rules: string[];
  processes: string[];
  sockets: string[];
  files: string[];
  routes: string[];
}

const LOOK = `
ls /run/netns 2>/dev/null | grep '^tto-' | sed 's/^/namespaces /'
ip -o link | awk -F': ' '$2 ~ /^(wg|tto)/ {print "interfaces " $2}'
ip route show table all | grep -E 'dev (wg|tto)' | sed 's/^/routes /'
nft list ruleset 2>/dev/null | grep -E 'tto|tenant' | sed 's/^/rules /'
for p in /proc/[0-9]*; do
  c=$(tr '\\0' ' ' < $p/cmdline 2>/dev/null)
  case "$c" in 'sh -c'*) ;; *wireguard-go*|*/app/dist/main.js*) echo "processes $c";; esac
done
ls /var/run/wireguard 2>/dev/null | sed 's/^/sockets /'
find /var/lib/tenant-tunnel -type f 2>/dev/null | sed 's/^/files /'
true`;

/** Looks on the node itself, outside of every container. */
export async function remainsOn(node: KubernetesNode): Promise<Remains> {
  const shown = await node.exec('sh', ['-c', LOOK]);
  const all = (kind: string): string[] =>
    shown
      .split('\n')
      .flatMap((line) => (line.startsWith(`${kind} `) ? [line.slice(kind.length + 1).trim()] : []));
  return {
    namespaces: all('namespaces'),
    interfaces: all('interfaces'),
    rules: all('rules'),
    processes: all('processes'),
    sockets: all('sockets'),
    files: all('files'),
    routes: all('routes'),
  };
}

export const NOTHING: Remains = {
  namespaces: [],
  interfaces: [],
  rules: [],
  processes: [],
  sockets: [],
  files: [],
  routes: [],
};
