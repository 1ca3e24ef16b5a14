/** The machine below a node: namespaces, mounts and a pid 1, without anything of Kubernetes. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { identify, type OwnedProcess, spawnOwned } from '../lifetime.ts';
import { inside } from '../namespaces.ts';
import { waitFor } from '../wait.ts';
import { ENTER_SERVICES, enterCgroup, makeCgroup, mountCgroups } from './cgroups.ts';

/**
 * What kubelet wants these flags of the kernel to be. They are the whole machine's, so a node has files of its own
 * in their place, which say what kubelet wants to read.
 */
const KERNEL_FLAGS: Record<string, string> = {
  'vm/overcommit_memory': '1',
  'vm/panic_on_oom': '0',
  'kernel/panic': '10',
  'kernel/panic_on_oops': '1',
  'kernel/keys/root_maxkeys': '1000000',
  'kernel/keys/root_maxbytes': '25000000',
};

/** Runs as pid 1 with: node's directory, its name, `tun` or `no-tun`, what to go on as. */
const boot = (): string => `set -e
directory=$1 name=$2 tun=$3 init=$4
hostname "$name"
# Names of other networks in here would keep those alive.
umount -l -R /run/netns 2>/dev/null || true
mount -t tmpfs -o mode=0755 run /run
[ -L /var/run ] || mount --bind /run /var/run
mkdir -p /run/netns /run/wireguard /run/lock /run/sys
mount --bind "$directory/lib" /var/lib
mount --bind "$directory/log" /var/log
# The network interfaces in /sys are those of who mounted it.
mount -t sysfs sysfs /run/sys
${mountCgroups('/run/sys/fs/cgroup')}
mount --move /run/sys /sys
rmdir /run/sys
for flag in ${Object.keys(KERNEL_FLAGS).join(' ')}; do
  [ ! -e "/proc/sys/$flag" ] || mount --bind "$directory/kernel/$flag" "/proc/sys/$flag"
done
[ "$tun" = tun ] || mount -t tmpfs -o ro,mode=0755 empty /dev/net
mount --make-rshared /
: > "$directory/booted"
exec "$init"`;

export interface Machine {
  readonly process: OwnedProcess;
  /** Its pid 1, as this machine counts. */
  readonly pid: number;
}

export interface MachineOptions {
  /** Path of the owned directory that holds {@link directory}. */
  owner: string;
  /** Of this node; what it writes to /var/lib and /var/log goes there. */
  directory: string;
  name: string;
  netns: string;
  tun: boolean;
  /** Program for pid 1. */
  init: string;
  /** Path of its control group in each hierarchy. */
  cgroup: string;
}

/** Starts pid 1; returns when all is mounted. */
export async function bootMachine(options: MachineOptions): Promise<Machine> {
  const { owner, directory, name, netns, tun, init, cgroup } = options;
  for (const one of ['lib', 'log', 'kernel/vm', 'kernel/kernel/keys'])
    mkdirSync(join(directory, one), { recursive: true });
  for (const [flag, value] of Object.entries(KERNEL_FLAGS))
    writeFileSync(join(directory, 'kernel', flag), `${value}\n`);
  const booted = join(directory, 'booted');
  rmSync(booted, { force: true });
  const namespaces = ['--mount', '--uts', '--ipc', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const groups = makeCgroup(cgroup);
  const bootArgs = ['sh', '-c', boot(), 'boot', directory, name, tun ? 'tun' : 'no-tun', init];
  const [command, ...args] = inside(netns, 'sh', [
    '-c',
    // The group that a process is in when it unshares is the root that it sees from then on.
    `${enterCgroup(groups, false)}\nexec unshare --cgroup "$@"`,
    'enter',
    'sh',
    '-c',
    `${enterCgroup(groups, true)}\nexec unshare "$@"`,
    'enter',
    ...namespaces,
    '--propagation',
    'private',
    ...bootArgs,
  ]);
  const machine = await spawnOwned(owner, name, command, args);
  await waitFor(`the boot of ${name}`, () => {
    const end = machine.ended();
    if (end !== null) throw new Error(`${name} ${end} before it was up:\n${machine.logTail()}`);
    return existsSync(booted);
  });
  return { process: machine, pid: childOf(machine.pid) };
}

/** The command line that runs a command in all namespaces of a process. */
export function enterMachine(pid: number, command: string, args: readonly string[]): [string, ...string[]] {
  return ['nsenter', '-t', String(pid), '-m', '-u', '-i', '-n', '-p', '-C', '--', command, ...args];
}

/** The same for one of its services, which ends with whoever started it. */
export function enterAsService(pid: number, argv: readonly string[]): [string, ...string[]] {
  const script = `${ENTER_SERVICES}\nexec setpriv --pdeathsig KILL -- "$@"`;
  return enterMachine(pid, 'sh', ['-c', script, 'service', ...argv]);
}

/** The only child of a process: nsenter and unshare fork when they make or enter a pid namespace. @throws */
export function childOf(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  if (children === '') throw new Error(`Process ${pid} has no child.`);
  return Number(children.split(' ')[0]);
}

/** SIGKILL for a program that runs below an nsenter; returns when both are gone. */
export async function killEntered(entered: OwnedProcess): Promise<void> {
  const inner = entered.ended() === null ? identify(childOf(entered.pid)) : null;
  await entered.kill();
  if (inner === null) return;
  await waitFor(`the end of ${entered.logFile}'s process`, () => {
    return identify(inner.pid)?.startTime !== inner.startTime;
  });
}
