/** What the services of a node are told. Paths are the node's: /run, /var/lib and /var/log are its own. */

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { findOnPath, isExecutable } from '../path.ts';
import { POD_RANGE } from './pod-network.ts';

export const CONTAINERD_SOCKET = '/run/containerd/containerd.sock';
export const CNI_CONFIG_DIRECTORY = '/var/lib/cni/net.d';
const CNI_DIRECTORIES = ['/usr/lib/cni', '/opt/cni/bin', '/usr/libexec/cni'];

/** Where the CNI plugins of this machine are; null without them. */
export function cniDirectory(): string | null {
  return CNI_DIRECTORIES.find((directory) => isExecutable(join(directory, 'bridge'))) ?? null;
}

export function containerdConfig(pauseImage: string): string {
  const others = ['aufs', 'btrfs', 'devmapper', 'zfs'].map((name) => `io.containerd.snapshotter.v1.${name}`);
  // Version 2 is the newest that containerd 1.6 reads; 2.x turns it into its own.
  return `version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = ${JSON.stringify([...others, 'io.containerd.tracing.processor.v1.otlp'])}

[grpc]
  address = "${CONTAINERD_SOCKET}"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  # Nobody may ask for less than what this process has, and it may not be root's of the whole machine.
  restrict_oom_score_adj = true

[plugins."io.containerd.grpc.v1.cri".containerd]
  snapshotter = "overlayfs"
  default_runtime_name = "runc"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
  SystemdCgroup = false

[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "${cniDirectory()}"
  conf_dir = "${CNI_CONFIG_DIRECTORY}"
`;
}

export function kubeletConfig(caFile: string): string {
  const notMeant = { 'imagefs.available': '0%', 'nodefs.available': '0%', 'nodefs.inodesFree': '0%' };
  return stringify({
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    containerRuntimeEndpoint: `unix://${CONTAINERD_SOCKET}`,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: caFile },
    },
    authorization: { mode: 'Webhook' },
    cgroupDriver: 'cgroupfs',
    failCgroupV1: false,
    failSwapOn: false,
    enforceNodeAllocatable: [],
    // The disk is not the node's own: how full it is, is none of a test's business.
    evictionHard: notMeant,
    imageGCHighThresholdPercent: 100,
    makeIPTablesUtilChains: false,
    resolvConf: '',
    // Nobody answers there, and pods learn so at once.
    clusterDNS: ['10.96.0.10'],
    clusterDomain: 'cluster.local',
    volumePluginDir: '/var/lib/kubelet/volume-plugins',
  });
}

export function kubeProxyConfig(node: string, kubeconfig: string): string {
  return stringify({
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: hasNewNft() ? 'nftables' : 'iptables',
    clientConnection: { kubeconfig },
    hostnameOverride: node,
    clusterCIDR: POD_RANGE,
    // Limits of connection tracking are the whole machine's.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
  });
}

/** kube-proxy's nftables mode needs nft 1.0.1 (Kubernetes documentation, "Virtual IPs and Service Proxies"). */
function hasNewNft(): boolean {
  const nft = findOnPath('nft');
  if (nft === null) return false;
  const said = spawnSync(nft, ['--version'], { encoding: 'utf8' }).stdout ?? '';
  const [major = 0, minor = 0, patch = 0] = (/v(\d+)\.(\d+)\.(\d+)/.exec(said) ?? []).slice(1).map(Number);
  return major > 1 || (major === 1 && (minor > 0 || patch >= 1));
}
