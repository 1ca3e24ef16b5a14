import { randomUUID } from 'node:crypto';
import { KubeConfig } from '@kubernetes/client-node';
import { Registry } from 'prom-client';
import { DEFAULT_CLASS_ANNOTATION, type Router, type TenantTunnel } from '../../../src/api/index.ts';
import { type ControllerProcess, startController } from '../../../src/controller/index.ts';
import { KubeClient, microTime } from '../../../src/kube/index.ts';
import { CONTROLLER_USER, type ControlPlane, startControlPlane } from '../../testbed/control-plane.ts';

export const SYSTEM = 'tenant-tunnel-system';
export const GATEWAYS = 'tenant-tunnel-gateways';
const GROUP_PATH = '/apis/vpn.traidnet.io/v1alpha1';

type Plain = Record<string, unknown>;

/** A real API server with the operator's own rights, a node with a heartbeat, and the controller in this process. */
export class ControllerHarness {
  readonly plane: ControlPlane;
  readonly logs: string[] = [];
  #running: { process: ControllerProcess; abort: AbortController; client: KubeClient } | undefined;

  static async start(): Promise<ControllerHarness> {
    const plane = await startControlPlane();
    await plane.install();
    return new ControllerHarness(plane);
  }

  private constructor(plane: ControlPlane) {
    this.plane = plane;
  }

  async stop(): Promise<void> {
    await this.stopController();
    await this.plane.stop();
  }

  async startController(): Promise<void> {
    const config = new KubeConfig();
    config.loadFromFile(this.plane.kubeconfig(CONTROLLER_USER));
    const client = new KubeClient(config);
    const abort = new AbortController();
    const log =
      (level: string) =>
      (fields: object, message: string): void => {
        this.logs.push(`${level} ${message} ${JSON.stringify(fields)}`);
      };
    const logger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
    const process = startController({
      client,
      namespace: SYSTEM,
      gatewayNamespace: GATEWAYS,
      identity: randomUUID(),
      leaderElect: true,
      signal: abort.signal,
      logger,
      registry: new Registry(),
    });
    this.#running = { process, abort, client };
    await until('the controller has synced', () => process.waitingFor().length === 0);
  }

  async stopController(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    running?.abort.abort();
    await running?.process.done;
    await running?.client.close();
  }

  async addNode(name: string, labels: Record<string, string> = {}): Promise<void> {
    await this.create('/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name, labels } });
    const now = Date.now();
    await this.create(`/apis/coordination.k8s.io/v1/namespaces/${GATEWAYS}/leases`, {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: `gateway-${name}`, labels: { 'vpn.traidnet.io/gateway': name } },
      spec: {
        holderIdentity: name,
        leaseDurationSeconds: 36_000,
        renewTime: microTime(now),
        acquireTime: microTime(now),
      },
    });
  }

  async addClass(name: string, spec: Plain = {}, isDefault = true): Promise<void> {
    await this.create(`${GROUP_PATH}/tunnelclasses`, {
      apiVersion: 'vpn.traidnet.io/v1alpha1',
      kind: 'TunnelClass',
      metadata: { name, annotations: isDefault ? { [DEFAULT_CLASS_ANNOTATION]: 'true' } : {} },
      spec: { endpoint: { host: 'vpn.example.com' }, ...spec },
    });
  }

  async addNamespace(name: string): Promise<void> {
    await this.create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }

  async addRouter(key: string, spec: Plain): Promise<void> {
    const [namespace, name] = key.split('/');
    await this.create(`${GROUP_PATH}/namespaces/${namespace}/routers`, {
      apiVersion: 'vpn.traidnet.io/v1alpha1',
      kind: 'Router',
      metadata: { name },
      spec,
    });
  }

  async addTunnel(key: string, spec: Plain = {}): Promise<void> {
    const [namespace, name] = key.split('/');
    await this.create(`${GROUP_PATH}/namespaces/${namespace}/tenanttunnels`, {
      apiVersion: 'vpn.traidnet.io/v1alpha1',
      kind: 'TenantTunnel',
      metadata: { name },
      spec,
    });
  }

  async create(path: string, body: Plain): Promise<Plain> {
    const response = await this.plane.request('POST', path, body);
    if (response.status >= 300) throw new Error(`POST ${path}: ${response.text}`);
    return response.json();
  }

  path(kind: 'routers' | 'tenanttunnels', key: string): string {
    const [namespace, name] = key.split('/');
    return `${GROUP_PATH}/namespaces/${namespace}/${kind}/${name}`;
  }

  async patch(path: string, body: Plain): Promise<void> {
    const response = await this.plane.request('PATCH', path, body, 'application/merge-patch+json');
    if (response.status >= 300) throw new Error(`PATCH ${path}: ${response.text}`);
  }

  async delete(path: string): Promise<void> {
    await this.plane.request('DELETE', path);
  }

  async router(key: string): Promise<Router | undefined> {
    const response = await this.plane.request('GET', this.path('routers', key));
    return response.status === 200 ? response.json() : undefined;
  }

  async routers(namespace: string): Promise<Router[]> {
    return (await this.plane.request('GET', `${GROUP_PATH}/namespaces/${namespace}/routers`)).json().items;
  }

  async tunnel(key: string): Promise<TenantTunnel | undefined> {
    const response = await this.plane.request('GET', this.path('tenanttunnels', key));
    return response.status === 200 ? response.json() : undefined;
  }

  async tunnels(): Promise<TenantTunnel[]> {
    return (await this.plane.request('GET', `${GROUP_PATH}/tenanttunnels`)).json().items;
  }

  /** A handed-over ConfigMap's or Secret's data as text, or undefined when there is none. */
  async handedOver(
    kind: 'configmaps' | 'secrets',
    name: string,
    namespace = GATEWAYS,
  ): Promise<Record<string, string> | undefined> {
    const response = await this.plane.request('GET', `/api/v1/namespaces/${namespace}/${kind}/${name}`);
    if (response.status !== 200) return undefined;
    const data: Record<string, string> = response.json().data ?? {};
    if (kind === 'configmaps') return data;
    return Object.fromEntries(
      Object.entries(data).map(([field, value]) => [field, Buffer.from(value, 'base64').toString('utf8')]),
    );
  }

  /** Writes that the API server has answered with success, by verb and resource, without Leases and Events. */
  async writes(): Promise<Record<string, number>> {
    const quiet = /resource="(leases|events|tokenreviews|subjectaccessreviews|selfsubjectaccessreviews)"/;
    const counts: Record<string, number> = {};
    for (const line of (await this.plane.metrics()).split('\n')) {
      if (!/^apiserver_request_total\{/.test(line) || quiet.test(line)) continue;
      const label = (name: string): string => new RegExp(`[{,]${name}="([^"]*)"`).exec(line)?.[1] ?? '';
      if (!/^(POST|PUT|PATCH|APPLY|DELETE)$/.test(label('verb')) || !label('code').startsWith('20')) continue;
      const key = `${label('verb')} ${label('resource')} ${label('subresource')}`.trim();
      counts[key] = (counts[key] ?? 0) + Number(line.slice(line.lastIndexOf(' ') + 1));
    }
    return counts;
  }

  condition(object: Router | TenantTunnel | undefined, type: string) {
    return object?.status?.conditions?.find((condition) => condition.type === type);
  }
}

/** Waits for something to become true; the limit is there for hangs and decides nothing else. */
export async function until(what: string, probe: () => unknown, limitMs = 30_000): Promise<void> {
  const end = Date.now() + limitMs;
  for (;;) {
    if (await probe()) return;
    if (Date.now() > end) throw new Error(`waited ${limitMs} ms in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
