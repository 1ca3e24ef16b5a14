/** One simulated router behind an agent, with a profile for it. */
import type { Duplex } from 'node:stream';
import {
  profileRevision,
  ROUTER_PROFILES,
  type Router,
  type RouterProfileSpec,
  selectorHash,
  type TunnelHandover,
  VALUES_PART,
  valuesObjectName,
} from '../../../src/api/index.ts';
import type { AgentOptions } from '../../../src/gateway/index.ts';
import { RouterOs } from '../../simulator/engine/index.ts';
import { serveApi } from '../../simulator/machine/api/without-linux.ts';
import { type Cluster, type GatewayNode, type HandedOver, type Member, until } from './harness.ts';

export const RESOURCES = [
  { path: '/ip/dns', set: { servers: '9.9.9.9' } },
  { path: '/ip/pool', match: { name: 'guests' }, set: { ranges: '10.5.50.2-10.5.50.99' } },
  {
    path: '/radius',
    match: { address: '{{ tunnel.serverAddress }}' },
    set: { service: 'hotspot', secret: '{{ values.radius }}' },
  },
];
export const SPEC: RouterProfileSpec = {
  values: [{ name: 'radius', secretKeyRef: { name: 'radius', key: 'secret' } }],
  resources: RESOURCES,
};

interface Place {
  cluster: Cluster;
  node: GatewayNode;
}

interface SiteOptions extends Partial<AgentOptions> {
  /** What the tunnel's ConfigMap says otherwise. */
  handover?: Partial<TunnelHandover>;
  version?: string;
}

/** A simulated RouterOS behind the fake sidecar, with a profile for it that has gone to all. */
export class Site {
  readonly os: RouterOs;
  readonly tunnel: HandedOver;
  readonly member: Member;
  readonly #cluster: Cluster;
  sessions = 0;
  changes = 0;
  /** Connections to it now. */
  open = 0;

  static async start(
    { cluster, node }: Place,
    spec: RouterProfileSpec | undefined,
    { handover = {}, version = '7.16.2', ...options }: SiteOptions = {},
  ): Promise<Site> {
    const tunnel = await node.tunnel();
    const member = await tunnel.addRouter(spec === undefined ? {} : { profiles: ['base'] });
    const site = new Site(cluster, tunnel, member, version);
    node.sidecar.listeners.set(`${member.peer.address}:8728`, site.listen);
    await tunnel.writeAll();
    await tunnel.writeTunnel(handover);
    if (spec !== undefined) await site.profile(spec);
    await node.startAgent({ listenRouters: 0, ...options });
    await until('the interface', () => node.sidecar.interfaces.has(tunnel.interfaceName));
    node.sidecar.shakeHands(member.peer.publicKey);
    await until('Online', async () => (await tunnel.phase(member)) === 'Online');
    return site;
  }

  private constructor(cluster: Cluster, tunnel: HandedOver, member: Member, version: string) {
    this.#cluster = cluster;
    this.tunnel = tunnel;
    this.member = member;
    this.os = new RouterOs({
      version,
      board: 'hAP ax2',
      serialNumber: 'HD608ABCDEF',
      defaultFirewall: true,
      now: Date.now,
    });
    const { user, password } = member.access;
    this.type('/user/group/add name=tenant-tunnel policy=api,policy,read,sensitive,test,write');
    this.type(
      `/user/add name=${user} group=tenant-tunnel password="${password}" comment="tenant-tunnel: management"`,
    );
    this.os.onChange(({ menu }) => {
      if (menu !== '/log') this.changes += 1;
    });
  }

  type(line: string): void {
    const said = this.os.terminal().paste(line).trim();
    if (said !== '') throw new Error(`${line}: ${said}`);
  }

  readonly listen = (stream: Duplex): void => {
    this.sessions += 1;
    this.open += 1;
    stream.on('close', () => {
      this.open -= 1;
    });
    serveApi(stream, { os: this.os, saysEmpty: true });
  };

  /** As a person applies it and a controller has rolled it out to everybody. */
  async profile(spec: RouterProfileSpec, share = 1000): Promise<void> {
    const { namespace } = this.member.peer;
    const metadata = { name: 'base', namespace };
    const known = await this.#cluster.admin.get(ROUTER_PROFILES, metadata);
    const made =
      known === undefined
        ? await this.#cluster.admin.create(ROUTER_PROFILES, { metadata, spec } as never)
        : await this.#cluster.admin.patch(ROUTER_PROFILES, metadata, { spec: { resources: null, ...spec } });
    const now = new Date().toISOString().replace(/\.\d+/, '');
    const { generation = 1 } = made.metadata;
    const status = {
      observedGeneration: generation,
      rollout: {
        revision: profileRevision(made, { radius_secret: '7' }),
        state: share === 1000 ? 'Done' : 'RollingOut',
        progress: 'test',
        stage: 1,
        share,
        startedAt: now,
        stageAt: now,
        generation,
        selector: selectorHash(made),
      },
      conditions: [
        { type: 'Accepted', status: 'True', reason: 'Accepted', message: 'It is.', lastTransitionTime: now },
      ],
    };
    await this.values('s3cret-of-radius');
    await this.#cluster.admin.applyStatus(
      ROUTER_PROFILES,
      { metadata, status: status as never },
      { fieldManager: 'tenant-tunnel-controller' },
    );
  }

  async values(secret: string): Promise<void> {
    const name = valuesObjectName(this.member.peer.namespace);
    const path = '/api/v1/namespaces/tenant-tunnel-gateways/secrets';
    const body = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name,
        labels: { 'vpn.traidnet.io/part': VALUES_PART },
        annotations: { 'vpn.traidnet.io/value-versions': JSON.stringify({ radius_secret: '7' }) },
      },
      stringData: { radius_secret: secret },
    };
    const { status } = await this.#cluster.plane.request('PUT', `${path}/${name}`, body);
    if (status === 404) await this.#cluster.plane.request('POST', path, body);
  }

  router(): Promise<Router> {
    return this.tunnel.router(this.member);
  }

  async reports(): Promise<NonNullable<NonNullable<Router['status']>['profiles']>> {
    return (await this.router()).status?.profiles ?? [];
  }

  async configured(): Promise<string> {
    const { status } = await this.router();
    const condition = status?.conditions?.find(({ type }) => type === 'Configured');
    return `${condition?.status} ${condition?.reason} ${condition?.message}`;
  }
}
