/** What tests need of the machine, and the one line that mends each lack. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hierarchies, isUnified } from './kubernetes/cgroups.ts';
import { cniDirectory } from './kubernetes/configuration.ts';
import { findOnPath } from './path.ts';

/** Program → Debian and Ubuntu package. */
const PROGRAMS: Record<string, string> = {
  'wireguard-go': 'wireguard-go',
  wg: 'wireguard-tools',
  nft: 'nftables',
  ip: 'iproute2',
  ping: 'iputils-ping',
  nsenter: 'util-linux',
  promtool: 'prometheus',
  openssl: 'openssl',
  curl: 'curl',
  wget: 'wget',
  socat: 'socat',
  ssh: 'openssh-client',
  sshd: 'openssh-server',
  freeradius: 'freeradius',
  radclient: 'freeradius-utils',
};

/** Beside those, for the images that run on nodes of a Kubernetes. */
const IMAGE_PROGRAMS: Record<string, string> = { buildah: 'buildah', debootstrap: 'debootstrap' };

/** Beside those, for nodes of our own making. */
const NODE_PROGRAMS: Record<string, string> = {
  ...IMAGE_PROGRAMS,
  containerd: 'containerd',
  ctr: 'containerd',
  runc: 'runc',
  iptables: 'iptables',
};

export const isRoot = (): boolean => process.getuid?.() === 0;

type More = 'images' | 'nodes';

function missingPackages(more: More | undefined): string[] {
  const further = { images: IMAGE_PROGRAMS, nodes: NODE_PROGRAMS };
  const programs = { ...PROGRAMS, ...(more === undefined ? {} : further[more]) };
  const missing = Object.entries(programs).filter(([program]) => findOnPath(program) === null);
  const packages = missing.map(([, name]) => name);
  if (more === 'nodes' && cniDirectory() === null) packages.push('containernetworking-plugins');
  return [...new Set(packages)];
}

/**
 * Installs the Debian packages that are missing, where this is root on a machine with apt-get.
 *
 * @param more `nodes`: also what a Kubernetes with nodes needs; `images`: only what builds images for one
 * @throws one sentence with the command to type, where it may not or cannot.
 */
export function ensurePackages(progress: (line: string) => void, more?: More): void {
  const missing = missingPackages(more);
  if (missing.length === 0) return;
  if (findOnPath('apt-get') === null) {
    throw new Error(`Missing and no apt-get here: install what your system calls ${missing.join(', ')}.`);
  }
  const command = `apt-get update && apt-get install -y --no-install-recommends ${missing.join(' ')}`;
  if (!isRoot()) throw new Error(`Missing packages; as root: ${command}`);
  progress(`Installing ${missing.join(', ')}.`);
  withoutStartingServices(() => {
    const { status, stderr, stdout } = spawnSync('sh', ['-c', command], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`${command}\nfailed:\n${stdout.slice(-1_000)}${stderr.slice(-2_000)}`);
  });
}

/** prometheus and openssh-server start a service when they are installed; policy-rc.d tells Debian not to. */
function withoutStartingServices(install: () => void): void {
  const policy = '/usr/sbin/policy-rc.d';
  const isOurs = !existsSync(policy);
  if (isOurs) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    install();
  } finally {
    if (isOurs) rmSync(policy);
  }
}

/** Why tests with network namespaces and WireGuard cannot run here; null when they can. */
export function dataPlaneObstacle(): string | null {
  if (!isRoot()) return 'needs root, for network namespaces: sudo make test';
  try {
    accessSync('/dev/net/tun', constants.R_OK | constants.W_OK);
  } catch {
    return 'needs /dev/net/tun: modprobe tun, or docker run --device /dev/net/tun --cap-add NET_ADMIN';
  }
  const { status, stderr } = spawnSync('unshare', ['--net', '--mount', 'true'], { encoding: 'utf8' });
  if (status !== 0) return `may not make network namespaces (${stderr.trim()}): run with more privileges`;
  return null;
}

/** Controllers without which kubelet does not start. */
const CONTROLLERS = ['cpu', 'cpuacct', 'cpuset', 'memory', 'pids'];

/** Why a Kubernetes node cannot run here; null when it can. */
export function nodeObstacle(): string | null {
  if (process.platform !== 'linux') return 'needs Linux';
  const below = dataPlaneObstacle();
  if (below !== null) return below;
  const { status, stderr } = spawnSync('unshare', ['--pid', '--fork', '--mount-proc', 'true'], {
    encoding: 'utf8',
  });
  if (status !== 0) return `may not make process namespaces (${stderr.trim()}): run with more privileges`;
  if (!/\boverlay$/m.test(readFileSync('/proc/filesystems', 'utf8'))) {
    if (spawnSync('modprobe', ['overlay']).status !== 0)
      return 'needs the overlay file system: modprobe overlay';
  }
  return cgroupObstacle();
}

function cgroupObstacle(): string | null {
  const found = hierarchies();
  if (!isUnified()) {
    const lacking = CONTROLLERS.filter(
      (name) => !found.some(({ options }) => options.split(',').includes(name)),
    );
    if (lacking.length > 0) return `needs the control groups ${lacking.join(', ')} under /sys/fs/cgroup`;
  }
  try {
    for (const { mountPoint } of found) accessSync(mountPoint, constants.W_OK);
  } catch {
    return 'may not write to /sys/fs/cgroup: run with more privileges (docker run --privileged --cgroupns=host)';
  }
  return null;
}
