import { KubeConfig } from '@kubernetes/client-node';
import {
  DEFAULT_CLASS_ANNOTATION,
  type Manifest,
  ROUTERS,
  type RouterSpecWritten,
  TENANT_TUNNELS,
  type TenantTunnelManifest,
  type TenantTunnelSpecWritten,
  TUNNEL_CLASSES,
  type TunnelClassSpecWritten,
} from '../../../src/api/index.ts';
import { KubeClient, leases, microTime, nameOf, namespaces, nodes } from '../../../src/kube/index.ts';
import { type ControlPlane, startControlPlane } from '../../testbed/control-plane.ts';
import { GATEWAY_NAMESPACE } from '../../testbed/system.ts';

/** The one class, which is the default. */
export const CLASS = 'standard';
const IN_FLIGHT = 16;

/** A real API server with the kinds, the rights, a class and gateways, and people who apply and delete. */
export class ScaleCluster {
  readonly plane: ControlPlane;
  /** As an administrator. */
  readonly client: KubeClient;

  static async start(
    tenants: readonly string[],
    classSpec: Partial<TunnelClassSpecWritten> = {},
  ): Promise<ScaleCluster> {
    const plane = await startControlPlane();
    try {
      await plane.install();
      const config = new KubeConfig();
      config.loadFromFile(plane.adminKubeconfig);
      const cluster = new ScaleCluster(plane, new KubeClient(config, { maxConnections: IN_FLIGHT }));
      await cluster.#furnish(tenants, classSpec);
      return cluster;
    } catch (error) {
      await plane.stop();
      throw error;
    }
  }

  private constructor(plane: ControlPlane, client: KubeClient) {
    this.plane = plane;
    this.client = client;
  }

  async #furnish(tenants: readonly string[], classSpec: Partial<TunnelClassSpecWritten>): Promise<void> {
    for (const name of tenants) await this.client.create(namespaces, { metadata: { name } });
    const annotations = { [DEFAULT_CLASS_ANNOTATION]: 'true' };
    await this.client.create<Manifest<'TunnelClass', TunnelClassSpecWritten>>(TUNNEL_CLASSES, {
      metadata: { name: CLASS, annotations },
      spec: { endpoint: { host: 'vpn.example.com' }, ...classSpec },
    });
    for (const name of ['node-1', 'node-2']) {
      await this.client.create(nodes, { metadata: { name } });
      const now = microTime(Date.now());
      await this.client.create(leases, {
        metadata: {
          name: `gateway-${name}`,
          namespace: GATEWAY_NAMESPACE,
          labels: { 'vpn.traidnet.io/gateway': name },
        },
        spec: { holderIdentity: name, leaseDurationSeconds: 360_000, renewTime: now, acquireTime: now },
      });
    }
  }

  async stop(): Promise<void> {
    await this.client.close();
    await this.plane.stop();
  }

  async addRouter(key: string, spec: RouterSpecWritten): Promise<void> {
    await this.client.create<Manifest<'Router', RouterSpecWritten>>(ROUTERS, { metadata: nameOf(key), spec });
  }

  async addTunnel(key: string, spec: TenantTunnelSpecWritten = {}): Promise<void> {
    await this.client.create<TenantTunnelManifest>(TENANT_TUNNELS, { metadata: nameOf(key), spec });
  }

  async changeRouter(key: string, spec: Partial<RouterSpecWritten>): Promise<void> {
    await this.client.patch(ROUTERS, nameOf(key), { spec });
  }

  async removeRouter(key: string): Promise<void> {
    await this.client.delete(ROUTERS, nameOf(key));
  }

  async removeTunnel(key: string): Promise<void> {
    await this.client.delete(TENANT_TUNNELS, nameOf(key));
  }

  async changeClass(spec: Partial<TunnelClassSpecWritten>): Promise<void> {
    await this.client.patch(TUNNEL_CLASSES, { name: CLASS }, { spec });
  }
}

/** Does the same with each, several at a time. */
export async function forEach<T>(all: readonly T[], work: (one: T) => Promise<unknown>): Promise<void> {
  const left = all.values();
  const worker = async (): Promise<void> => {
    for (const one of left) await work(one);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
}
