import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { KubeConfig } from '@kubernetes/client-node';
import { Registry } from 'prom-client';
import {
  ANNOTATION_PLACED,
  accessObjectName,
  type HandoverPeer,
  LABEL_GATEWAY,
  LABEL_PART,
  LABEL_TUNNEL,
  PEERS_KEY,
  PRIVATE_KEY,
  peersObjectName,
  ROUTERS,
  type Router,
  type RouterAccess,
  TENANT_TUNNELS,
  type TenantTunnel,
  TUNNEL_KEY,
  type TunnelHandover,
  tunnelObjectName,
} from '../../../src/api/index.ts';
import { type AgentOptions, type AgentProcess, startAgent } from '../../../src/gateway/index.ts';
import {
  type ClockOffset,
  type Event,
  events,
  KubeClient,
  leases,
  type ResourceType,
} from '../../../src/kube/index.ts';
import { generateKeyPair, renderPeers } from '../../../src/wireguard/index.ts';
import { ADMIN, AGENT_USER, type ControlPlane, startControlPlane } from '../../testbed/control-plane.ts';
import { FakeSidecar } from './fake-sidecar.ts';

const GATEWAYS = 'tenant-tunnel-gateways';
const BLOCK = 1;

/** One real API server for a file of tests; each test has a node of its own on it. */
export class Cluster {
  readonly plane: ControlPlane;
  readonly admin: KubeClient;
  #nodes = 0;

  static async start(): Promise<Cluster> {
    const plane = await startControlPlane();
    await plane.install();
    return new Cluster(plane);
  }

  private constructor(plane: ControlPlane) {
    this.plane = plane;
    this.admin = this.client(ADMIN);
  }

  client(user: string): KubeClient {
    const config = new KubeConfig();
    config.loadFromFile(user === ADMIN ? this.plane.adminKubeconfig : this.plane.kubeconfig(user));
    return new KubeClient(config);
  }

  node(): GatewayNode {
    this.#nodes += 1;
    return new GatewayNode(this, `node-${this.#nodes}`, this.#nodes * 5);
  }

  async stop(): Promise<void> {
    await this.admin.close();
    await this.plane.stop();
  }
}

/** A node with its sidecar, its agent, and what a controller would have handed over to it. */
export class GatewayNode {
  readonly name: string;
  readonly sidecar = new FakeSidecar();
  readonly registry = new Registry();
  readonly logs: string[] = [];
  /** Writes to the API server, Leases aside, as `verb resource`. */
  readonly writes: string[] = [];
  leaseWrites = 0;
  /** What its client says of the node's clock, instead of what it has learnt. */
  clockOffset: ClockOffset | undefined;
  readonly #cluster: Cluster;
  #nextIndex: number;
  #running: { agent: AgentProcess; abort: AbortController; client: KubeClient } | undefined;

  constructor(cluster: Cluster, name: string, firstIndex: number) {
    this.#cluster = cluster;
    this.name = name;
    this.#nextIndex = firstIndex;
  }

  async startAgent(options: Partial<AgentOptions> = {}): Promise<void> {
    const client = this.#cluster.client(AGENT_USER);
    if (this.clockOffset !== undefined)
      Object.defineProperty(client, 'clockOffset', { get: () => this.clockOffset });
    // Noted before they are sent: whoever sees a write's effect sees it counted.
    for (const verb of ['create', 'update', 'delete', 'apply', 'applyStatus', 'patch'] as const) {
      const send = (client[verb] as (type: ResourceType, ...rest: unknown[]) => unknown).bind(client);
      const note = (type: ResourceType, ...rest: unknown[]) => {
        if (type.plural === 'leases') this.leaseWrites += 1;
        else this.writes.push(`${verb} ${type.plural}`);
        return send(type, ...rest);
      };
      Object.assign(client, { [verb]: note });
    }
    const log = (level: string) => (fields: object, message: string) => {
      this.logs.push(`${level} ${message} ${JSON.stringify(fields, errorsToo)}`);
    };
    const abort = new AbortController();
    this.registry.clear();
    const agent = startAgent({
      client,
      sidecar: this.sidecar,
      nodeName: this.name,
      gatewayNamespace: GATEWAYS,
      offlineAfterSeconds: 180,
      signal: abort.signal,
      logger: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
      registry: this.registry,
      pace: { fastMs: 50, slowMs: 100, waitForMs: 60_000 },
      configurationBackoff: { baseMs: 50, maxMs: 200 },
      removeAfterMs: 100,
      routerSeries: 100,
      ...options,
    });
    this.#running = { agent, abort, client };
  }

  /** Another gateway pod of the same node, which stands by. */
  secondPod(): GatewayNode {
    const pod = new GatewayNode(this.#cluster, this.name, this.#nextIndex);
    pod.sidecar.state = 'standby';
    return pod;
  }

  /** Waits until the agent has asked its sidecar so many more times. */
  async looks(count: number): Promise<void> {
    const enough = this.sidecar.looks + count;
    await until(`${count} more looks`, () => this.sidecar.looks >= enough);
  }

  waitingFor(): string[] {
    return this.#running?.agent.waitingFor() ?? ['an agent'];
  }

  async stopAgent(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    running?.abort.abort();
    await running?.agent.done;
    await running?.client.close();
  }

  async tunnel(spec: object = {}): Promise<HandedOver> {
    const index = this.#nextIndex++;
    const namespace = `tenant-${index}`;
    await this.#cluster.plane.request('POST', '/api/v1/namespaces', { metadata: { name: namespace } });
    const tenantTunnel = await this.#cluster.admin.create(TENANT_TUNNELS, {
      metadata: { name: 'acme', namespace },
      spec,
    } as never);
    return new HandedOver(this.#cluster, this, index, tenantTunnel);
  }

  /** How often the status of a Router was written. */
  get routerWrites(): number {
    return this.writes.filter((write) => write === 'applyStatus routers').length;
  }

  /** Waits until the watcher has read so many more times: everything that a reading brings has been decided. */
  async readings(count: number): Promise<void> {
    const enough = this.sidecar.readings + count;
    await until(`${count} more readings`, () => this.sidecar.readings >= enough);
  }

  /** Of the Node itself, as `type reason`. */
  async events(): Promise<string[]> {
    const { items } = await this.#cluster.admin.list<Event>(events, { namespace: 'default' });
    return items
      .filter(({ regarding }) => regarding?.kind === 'Node' && regarding.name === this.name)
      .map(({ type, reason }) => `${type} ${reason}`);
  }

  async annotations(): Promise<Record<string, string> | undefined> {
    const name = { namespace: GATEWAYS, name: `gateway-${this.name}` };
    return (await this.#cluster.admin.get(leases, name))?.metadata.annotations;
  }

  async lease(): Promise<{ renewTime?: string } | undefined> {
    const found = await this.#cluster.admin.get(leases, {
      namespace: GATEWAYS,
      name: `gateway-${this.name}`,
    });
    return found?.spec;
  }
}

export interface Member {
  key: string;
  peer: HandoverPeer;
  access: RouterAccess;
}

/** One tunnel as a controller hands it over: TenantTunnel, Routers, ConfigMaps and Secrets. */
export class HandedOver {
  readonly interfaceName: string;
  readonly tenantTunnel: TenantTunnel;
  readonly keys = generateKeyPair();
  readonly members: Member[] = [];
  readonly #cluster: Cluster;
  #node: GatewayNode;
  readonly #index: number;
  #placed = 0;

  constructor(cluster: Cluster, node: GatewayNode, index: number, tenantTunnel: TenantTunnel) {
    this.#cluster = cluster;
    this.#node = node;
    this.#index = index;
    this.interfaceName = `wg${index}`;
    this.tenantTunnel = tenantTunnel;
  }

  get #key(): string {
    return `${this.tenantTunnel.metadata.namespace}/acme`;
  }

  /** Makes a Router whose status is as the controller leaves it; hand it over by {@link writeBlock}. */
  async addRouter(spec: object = {}): Promise<Member> {
    const { namespace } = this.tenantTunnel.metadata;
    const number = this.members.length + 1;
    const address = `10.${this.#index}.1.${number}`;
    const router = await this.#cluster.admin.create(ROUTERS, {
      metadata: { name: `router-${number}`, namespace },
      spec: { tenant: 'acme', ...spec },
    } as never);
    const { name, uid } = router.metadata;
    const { publicKey } = generateKeyPair();
    const member: Member = {
      key: `${namespace}/${name}`,
      peer: { namespace, name, uid, address, publicKey, allowedIPs: [`${address}/32`] },
      access: { user: 'tenant-tunnel', password: randomUUID(), apiPort: 8728 },
    };
    this.members.push(member);
    await this.controllerSays(member, { address, phase: 'AwaitingConnection' });
    return member;
  }

  async controllerSays(member: Member, status: object): Promise<void> {
    const { namespace, name } = member.peer;
    const whole = { address: member.peer.address, tunnel: this.#key, ...status };
    await this.#cluster.admin.applyStatus(
      ROUTERS,
      { metadata: { namespace, name }, status: whole as never },
      { fieldManager: 'tenant-tunnel-controller' },
    );
  }

  async change(member: Member, spec: object): Promise<void> {
    const { namespace, name } = member.peer;
    await this.#cluster.admin.patch(ROUTERS, { namespace, name }, { spec });
  }

  async writeAll(blocks = [BLOCK]): Promise<void> {
    await this.writeBlock();
    await this.writeKey(this.keys.privateKey);
    await this.writeTunnel({ blocks });
  }

  /** As the controller moves it: its own ConfigMap first, then what follows that. */
  async moveTo(node: GatewayNode): Promise<void> {
    this.#node = node;
    this.#placed = Math.max(Date.now(), this.#placed + 1);
    await this.writeTunnel();
    await this.writeKey(this.keys.privateKey);
    await this.writeBlock();
  }

  writeTunnel(fields: Partial<TunnelHandover> = {}): Promise<void> {
    const { namespace, name, uid } = this.tenantTunnel.metadata;
    const handover: TunnelHandover = {
      formatVersion: 1,
      index: this.#index,
      interfaceName: this.interfaceName,
      listenPort: 51_820 + this.#index,
      subnet: `10.${this.#index}.0.0/16`,
      serverAddress: `10.${this.#index}.0.1`,
      mtu: 1420,
      publicKey: this.keys.publicKey,
      tenant: 'acme',
      tenantTunnel: { namespace, name, uid },
      blocks: [BLOCK],
      ...fields,
    };
    return this.#put('configmaps', 'tunnel', tunnelObjectName(this.#index), {
      [TUNNEL_KEY]: JSON.stringify(handover),
    });
  }

  writeKey(privateKey: string): Promise<void> {
    return this.#put('secrets', 'key', tunnelObjectName(this.#index), { [PRIVATE_KEY]: privateKey });
  }

  async writeBlock(members: readonly Member[] = this.members, block = BLOCK): Promise<void> {
    const entries = members.map(({ peer, access }) => [peer.address, JSON.stringify(access)] as const);
    await this.#put('secrets', 'access', accessObjectName(this.#index, block), Object.fromEntries(entries));
    await this.#put('configmaps', 'peers', peersObjectName(this.#index, block), {
      [PEERS_KEY]: renderPeers(members.map(({ peer }) => peer)),
    });
  }

  async remove(kind: 'configmaps' | 'secrets', name: string): Promise<void> {
    await this.#cluster.plane.request('DELETE', `/api/v1/namespaces/${GATEWAYS}/${kind}/${name}`);
  }

  async removeAll(): Promise<void> {
    await this.remove('configmaps', tunnelObjectName(this.#index));
    await this.remove('secrets', tunnelObjectName(this.#index));
    await this.remove('configmaps', peersObjectName(this.#index, BLOCK));
    await this.remove('secrets', accessObjectName(this.#index, BLOCK));
  }

  async #put(kind: 'configmaps' | 'secrets', part: string, name: string, data: object): Promise<void> {
    const path = `/api/v1/namespaces/${GATEWAYS}/${kind}/${name}`;
    const labels = {
      [LABEL_GATEWAY]: this.#node.name,
      [LABEL_PART]: part,
      [LABEL_TUNNEL]: String(this.#index),
    };
    const text = kind === 'secrets' ? { stringData: data } : { data };
    const body = {
      apiVersion: 'v1',
      kind: kind === 'secrets' ? 'Secret' : 'ConfigMap',
      metadata: { name, labels, annotations: { [ANNOTATION_PLACED]: String(this.#placed) } },
      ...text,
    };
    const collection = path.slice(0, path.lastIndexOf('/'));
    const replaced = await this.#cluster.plane.request('PUT', path, body);
    const { status, text: answer } =
      replaced.status === 404 ? await this.#cluster.plane.request('POST', collection, body) : replaced;
    if (status >= 300) throw new Error(answer);
  }

  async status(): Promise<NonNullable<TenantTunnel['status']>> {
    const { namespace, name } = this.tenantTunnel.metadata;
    return (await this.#cluster.admin.get(TENANT_TUNNELS, { namespace, name }))?.status ?? {};
  }

  async router(member: Member): Promise<Router> {
    const { namespace, name } = member.peer;
    const router = await this.#cluster.admin.get(ROUTERS, { namespace, name });
    if (router === undefined) throw new Error(`There is no Router ${member.key}.`);
    return router;
  }

  async phase(member: Member): Promise<string | undefined> {
    return (await this.router(member)).status?.phase;
  }

  async condition(of: Member | 'tunnel', type: string) {
    const status = of === 'tunnel' ? await this.status() : (await this.router(of)).status;
    return status?.conditions?.find((condition) => condition.type === type);
  }

  async events(member: Member): Promise<string[]> {
    const { items } = await this.#cluster.admin.list<Event>(events, { namespace: member.peer.namespace });
    return items
      .filter(({ regarding }) => regarding.uid === member.peer.uid)
      .sort((a, b) => a.eventTime.localeCompare(b.eventTime))
      .map(({ reason }) => reason);
  }
}

/** Generous: it only bounds how long a failing test takes. */
const LIMIT_MS = 30_000;

export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + LIMIT_MS;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`Waited in vain for: ${what}`);
    await sleep(20);
  }
}

function errorsToo(_key: string, value: unknown): unknown {
  return value instanceof Error ? `${value.name}: ${value.message}` : value;
}
