/** The shapes of a real Kubernetes with real nodes on one machine: see {@link import('./index.ts').startKubernetes}. */
import type { ChildProcess } from 'node:child_process';
import type { ControlPlane, ControlPlaneOptions } from '../control-plane.ts';
import type { TestNetwork } from '../network.ts';
import type { NodeSpawnOptions } from '../node.ts';

export interface KubernetesOptions extends Pick<ControlPlaneOptions, 'audit' | 'users' | 'progress'> {
  /** How many, or which; default 1. Unnamed ones are `node-1`, `node-2` … */
  nodes?: number | NodeOptions[];
  /** Where the nodes are plugged in, each with a public address. By default one of its own, which stop() destroys. */
  network?: TestNetwork;
}

export interface NodeOptions {
  /** Lower-case letters, digits and "-". */
  name?: string;
  /** Beside those that a kubelet sets by itself. */
  labels?: Record<string, string>;
  /** `false`: nothing on this node finds /dev/net/tun, privileged containers included. Default true. */
  tun?: boolean;
}

export interface Kubernetes extends Omit<ControlPlane, 'clusterUrl' | 'serviceAccountKeyFile'> {
  /** In the order of the options. */
  readonly nodes: readonly KubernetesNode[];
  /** For simulated routers; a node's address in it is {@link KubernetesNode.address}. */
  readonly network: TestNetwork;
  readonly helmPath: string;
  /** @throws when there is none of this name. */
  node(name: string): KubernetesNode;
  /**
   * Like kubectl(), without stopping this process meanwhile: simulated routers go on living in it.
   * @param options.timeoutMs default 180,000
   */
  runKubectl(args: readonly string[], options?: RunOptions): Promise<string>;
  /** Runs helm as admin with directories of its own; answers its stdout. @throws with its stderr */
  helm(args: readonly string[], options?: RunOptions): Promise<string>;
  /**
   * Imports every image of a docker-archive or OCI tar file into all nodes (or these), under the names it has there.
   * @returns the names, as pods must write them: with registry host and tag.
   */
  loadImage(archive: string, nodes?: readonly string[]): Promise<string[]>;
  /** Runs a command on a node to its end. @throws with its stderr */
  nodeExec(node: string, argv: readonly [string, ...string[]], input?: string): Promise<string>;
  /** What containers of running pods have used, read from their cgroups now. */
  stats(filter?: { namespace?: string; pod?: string; node?: string }): Promise<ContainerStats[]>;
  /** Ends everything: nodes with all their pods, control plane, network if it is its own. Idempotent. */
  stop(): Promise<void>;
}

export interface RunOptions {
  input?: string;
  timeoutMs?: number;
  /** Beside this process's own. */
  environment?: Record<string, string>;
}

/**
 * A machine with containerd, kubelet and kube-proxy. It has its own network (with ether1 on the test network), mounts
 * (/run, /var/lib and /var/log are private), processes (its pid 1 is the machine's), host name and cgroups.
 */
export interface KubernetesNode {
  readonly name: string;
  /** On the test network, where routers reach its UDP ports; unless kind made it, also the Node's InternalIP. */
  readonly address: string;
  /** Its network namespace, a name under /run/netns of this machine. */
  readonly netns: string;
  /** Its pid 1 as this machine counts. Changes with {@link powerOn}. @throws while it is off. */
  readonly pid: number;
  /** Runs a command on it to its end. @throws with its stderr */
  exec(command: string, args: readonly string[], input?: string): Promise<string>;
  /** Starts a process on it, which dies with it and with this process. */
  spawn(command: string, args: readonly string[], options?: NodeSpawnOptions): ChildProcess;
  /** The command line that runs a command on it: `nsenter -t PID …`. */
  enter(command: string, args: readonly string[]): [string, ...string[]];
  /** All that one of its services has logged. */
  log(service: NodeService): string;
  /** SIGKILL; pods go on. Returns when it is gone. */
  stopService(service: NodeService): Promise<void>;
  /** Starts one that is not running; returns when it answers. */
  startService(service: NodeService): Promise<void>;
  restartService(service: NodeService): Promise<void>;
  /** As when somebody pulls the plug: every process ends at once, the network is dead. The disk stays. */
  powerOff(): Promise<void>;
  /** Boots it again; returns when kubelet answers, which is before the Node is Ready. */
  powerOn(): Promise<void>;
}

export type NodeService = 'containerd' | 'kubelet' | 'kube-proxy';

export interface ContainerStats {
  node: string;
  namespace: string;
  pod: string;
  container: string;
  /** Pod's uid, which tells two of a name apart. */
  podUid: string;
  restarts: number;
  /** Since the container began, in user and in kernel mode. */
  cpuSeconds: number;
  /** Working set, as `kubectl top` has it: what it uses without the page cache that could go. */
  memoryBytes: number;
  /** The most that it ever used, page cache included; null where the kernel does not say (cgroup v2 before 5.19). */
  peakMemoryBytes: number | null;
}
