import {
  DEFAULT_CLASS_ANNOTATION,
  type Router,
  type RouterStatus,
  type TenantTunnel,
} from '../../../src/api/index.ts';
import { microTime } from '../../../src/kube/index.ts';
import { parsePeers } from '../../../src/wireguard/index.ts';
import { CONTROLLER_USER, type ControlPlane, startControlPlane } from '../../testbed/control-plane.ts';
import { GATEWAYS, RunningController } from './running-controller.ts';

export { GATEWAYS, RunningController, SYSTEM } from './running-controller.ts';

const GROUP_PATH = '/apis/vpn.traidnet.io/v1alpha1';

type Plain = Record<string, unknown>;

/** A real API server with the operator's own rights, a node with a heartbeat, and the controller in this process. */
export class ControllerHarness {
  readonly plane: ControlPlane;
  readonly logs: string[] = [];
  #running: RunningController | undefined;

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
    this.#running = this.newController();
    await until('the controller has synced', () => this.#running?.isReady);
  }

  /** One more, which stands by while another leads. The caller stops it. */
  newController(): RunningController {
    const kubeconfig = this.plane.kubeconfig(CONTROLLER_USER);
    return new RunningController(kubeconfig, (line) => this.logs.push(line));
  }

  async stopController(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.stop();
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

  classPath(name: string): string {
    return `${GROUP_PATH}/tunnelclasses/${name}`;
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

  /** Waits until a Router's or TenantTunnel's Ready has this reason; answers its message. */
  async untilReady(kind: 'routers' | 'tenanttunnels', key: string, reason: string): Promise<string> {
    let message = '';
    let last: unknown;
    const probe = async () => {
      const object = kind === 'routers' ? await this.router(key) : await this.tunnel(key);
      const ready = this.condition(object, 'Ready');
      last = object?.status;
      message = ready?.message ?? '';
      return ready?.reason === reason;
    };
    await until(
      `${kind} ${key} is ${reason}`,
      probe,
      undefined,
      () => `${JSON.stringify(last)}\n${this.logs.slice(-10).join('\n')}`,
    );
    return message;
  }

  /** What a Router was given, once it has its script. */
  async granted(key: string): Promise<Pick<RouterStatus, 'address' | 'publicKey' | 'script' | 'tunnel'>> {
    await this.untilReady('routers', key, 'AwaitingConnection');
    const { address, publicKey, script, tunnel } = (await this.router(key))?.status ?? {};
    if (address === undefined || publicKey === undefined || script === undefined) throw new Error(key);
    return { address, publicKey, script, ...(tunnel !== undefined && { tunnel }) };
  }

  /** What a TenantTunnel was given, once it is placed. */
  async allocated(key: string): Promise<Plain> {
    await until(`${key} is placed`, async () => (await this.tunnel(key))?.status?.gateway !== undefined);
    const { index, interfaceName, subnet, serverAddress, listenPort, publicKey, gateway } =
      (await this.tunnel(key))?.status ?? {};
    return { index, interfaceName, subnet, serverAddress, listenPort, publicKey, gateway };
  }

  /** Names of the routers that are peers of a tunnel, as handed over. */
  async peers(index: unknown, block = 1): Promise<string[]> {
    const data = await this.handedOver('configmaps', `tunnel-${index}-peers-${block}`);
    return parsePeers(data?.['peers.conf'] ?? '').map(({ name }) => name);
  }

  /** Everything that is handed over, as text. */
  async allHandedOver(): Promise<Record<string, unknown>> {
    const all: Record<string, unknown> = {};
    for (const kind of ['configmaps', 'secrets']) {
      const list = (await this.plane.request('GET', `/api/v1/namespaces/${GATEWAYS}/${kind}`)).json();
      for (const { metadata, data } of list.items) all[`${kind}/${metadata.name}`] = data;
    }
    return all;
  }

  async removeNamespace(name: string): Promise<void> {
    await this.plane.request('DELETE', `/api/v1/namespaces/${name}`);
  }

  condition(object: Router | TenantTunnel | undefined, type: string) {
    return object?.status?.conditions?.find((condition) => condition.type === type);
  }
}

/** Waits for something to become true; the limit is there for hangs and decides nothing else. */
export async function until(
  what: string,
  probe: () => unknown,
  limitMs = 60_000,
  describe: () => string = () => '',
): Promise<void> {
  const end = Date.now() + limitMs;
  for (;;) {
    if (await probe()) return;
    if (Date.now() > end) throw new Error(`waited ${limitMs} ms in vain until ${what}\n${describe()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
