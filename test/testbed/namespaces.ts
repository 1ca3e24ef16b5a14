import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { run } from './command.ts';

/**
 * Named network namespaces whose names carry the pid of their maker, so that whoever comes later can tell what a
 * dead process left behind and remove it.
 */
const DIRECTORY = '/run/netns';
const PREFIX = 'ttn';
const NAME = /^ttn(\d+)-/;

/** Linux names of WireGuard interfaces, unique on the machine: their control sockets share one directory. */
const WIREGUARD_DIRECTORY = '/var/run/wireguard';
const WIREGUARD_NAME = /^sr([0-9a-z]+)-[0-9a-z]+\.sock$/;

let serial = 0;
let wireguardSerial = 0;

/** `ttn<pid>-<serial>`: the common start of the names of one network's namespaces. */
export function newNetworkPrefix(): string {
  // Names with our own pid are another's before the first of ours: pids come round.
  const own = serial === 0 ? process.pid : undefined;
  removeLeftovers((pid) => pid === own || (pid !== process.pid && !isAlive(pid)));
  serial += 1;
  return `${PREFIX}${process.pid}-${serial}`;
}

/** A name of at most 15 characters that no other process uses, e.g. `sr3k9-1`. */
export function newWireguardName(): string {
  wireguardSerial += 1;
  return `sr${process.pid.toString(36)}-${wireguardSerial.toString(36)}`;
}

export function namespacePath(name: string): string {
  return `${DIRECTORY}/${name}`;
}

/** Makes a named namespace with `lo` up. */
export async function addNamespace(name: string): Promise<void> {
  await run('ip', ['netns', 'add', name]);
  await run('ip', ['-n', name, 'link', 'set', 'lo', 'up']);
}

/** Gives the namespace that a process is in a name. */
export async function nameNamespace(name: string, pid: number): Promise<void> {
  await run('ip', ['netns', 'attach', name, String(pid)]);
}

/** Arguments that run a command in a named network namespace, in the mount namespace of the caller. */
export function inside(name: string, command: string, args: readonly string[]): [string, ...string[]] {
  return ['nsenter', `--net=${namespacePath(name)}`, command, ...args];
}

/** Runs a command in a named network namespace to its end. */
export function runInside(
  name: string,
  command: string,
  args: readonly string[],
  input?: string,
): Promise<string> {
  const [first, ...rest] = inside(name, command, args);
  return run(first, rest, input === undefined ? {} : { input });
}

/** `ip -batch` in a namespace: one process for many links and addresses. */
export async function ipBatch(name: string, lines: readonly string[]): Promise<void> {
  await runInside(name, 'ip', ['-batch', '-'], `${lines.join('\n')}\n`);
}

/**
 * Ends every process in these namespaces, also those that share a mount namespace with one of them, and removes
 * the names. Synchronous, so that it can run while the process exits.
 */
export function removeNamespaces(names: readonly string[]): void {
  const present = names.filter((name) => inode(namespacePath(name)) !== undefined);
  if (present.length === 0) return;
  const inodes = new Set(present.map((name) => inode(namespacePath(name))));
  for (const pid of inhabitants(inodes)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself meanwhile.
    }
  }
  spawnSync('ip', ['-force', '-batch', '-'], {
    input: present.map((name) => `netns del ${name}\n`).join(''),
  });
}

/** Names of existing namespaces that start with `prefix`. */
export function namespacesOf(prefix: string): string[] {
  return list(DIRECTORY).filter((name) => name === prefix || name.startsWith(`${prefix}-`));
}

/** Removes what this process has made, whatever state it is in. Synchronous. */
export function removeOwn(prefix: string): void {
  removeNamespaces(namespacesOf(prefix));
  removeWireguardSockets((pid) => pid === process.pid);
}

function removeLeftovers(isStale: (pid: number) => boolean): void {
  removeNamespaces(
    list(DIRECTORY).filter((name) => {
      const pid = NAME.exec(name)?.[1];
      return pid !== undefined && isStale(Number(pid));
    }),
  );
  removeWireguardSockets(isStale);
}

/** wireguard-go removes its socket only when it ends in peace. */
function removeWireguardSockets(isStale: (pid: number) => boolean): void {
  for (const name of list(WIREGUARD_DIRECTORY)) {
    const pid = WIREGUARD_NAME.exec(name)?.[1];
    if (pid !== undefined && isStale(Number.parseInt(pid, 36))) {
      rmSync(`${WIREGUARD_DIRECTORY}/${name}`, { force: true });
    }
  }
}

/** Pids of processes in one of the network namespaces, or in a mount namespace of which one of them is. */
function inhabitants(networks: ReadonlySet<number | undefined>): number[] {
  const ownMount = inode('/proc/self/ns/mnt');
  const processes = list('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((pid) => ({
      pid: Number(pid),
      net: inode(`/proc/${pid}/ns/net`),
      mnt: inode(`/proc/${pid}/ns/mnt`),
    }));
  const mounts = new Set(
    processes.filter(({ net }) => net !== undefined && networks.has(net)).map(({ mnt }) => mnt),
  );
  mounts.delete(ownMount);
  mounts.delete(inode('/proc/1/ns/mnt'));
  mounts.delete(undefined);
  return processes
    .filter(({ net, mnt }) => (net !== undefined && networks.has(net)) || mounts.has(mnt))
    .map(({ pid }) => pid);
}

function inode(path: string): number | undefined {
  try {
    return statSync(path).ino;
  } catch {
    return undefined;
  }
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** Whether a process of this number lives (a zombie does not). */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
