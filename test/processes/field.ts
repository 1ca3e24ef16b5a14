import { API_VERSION, type Router, type TenantTunnel } from '../../src/api/index.ts';
import { SimulatedRouter, type SimulatedRouterOptions } from '../simulator/machine/index.ts';
import type { ControlPlane } from '../testbed/control-plane.ts';
import type { TestNetwork } from '../testbed/network.ts';
import { waitFor } from '../testbed/wait.ts';
import { History } from './history.ts';

export const GROUP_PATH = `/apis/${API_VERSION}`;

export type Plain = Record<string, unknown>;

/** Routers of a control plane and of a test network, and what a person does with them; the operator is elsewhere. */
export class Field {
  readonly history: History;
  readonly network: TestNetwork;
  readonly #request: ControlPlane['request'];
  readonly #applied = new Map<string, number>();
  readonly #pasted = new Map<string, number>();

  constructor(plane: Pick<ControlPlane, 'request' | 'adminKubeconfig'>, network: TestNetwork) {
    this.network = network;
    this.history = new History(plane.adminKubeconfig);
    this.#request = (...request) => plane.request(...request);
  }

  /** Looks no longer. */
  async stop(): Promise<void> {
    await this.history.stop();
  }

  async createNamespace(name: string): Promise<void> {
    await this.create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }

  async create(path: string, body: Plain): Promise<void> {
    await this.#expectSuccess('POST', path, body);
  }

  /** Applies a Router `namespace/name`; its tenant is the namespace if the spec names none. */
  async apply(key: string, spec: Plain = {}): Promise<void> {
    const [namespace, name] = key.split('/');
    this.noteApplied(key);
    await this.create(`${GROUP_PATH}/namespaces/${namespace}/routers`, {
      apiVersion: API_VERSION,
      kind: 'Router',
      metadata: { name },
      spec: { tenant: namespace, ...spec },
    });
  }

  /** For {@link times}, of a Router that something else applies now. */
  noteApplied(key: string): void {
    this.#applied.set(key, performance.now());
  }

  async change(key: string, spec: Plain): Promise<void> {
    await this.#expectSuccess('PATCH', this.#path(key), { spec }, 'application/merge-patch+json');
  }

  async remove(key: string): Promise<void> {
    await this.#expectSuccess('DELETE', this.#path(key));
  }

  router(key: string): Router {
    const router = this.history.router(key);
    if (router === undefined) throw new Error(`There is no Router ${key}.`);
    return router;
  }

  tunnel(key: string): TenantTunnel {
    const tunnel = this.history.tunnel(key);
    if (tunnel === undefined) throw new Error(`There is no TenantTunnel ${key}.`);
    return tunnel;
  }

  condition(key: string, type: string) {
    return this.history.router(key)?.status?.conditions?.find((condition) => condition.type === type);
  }

  /** Waits until a Router is so. @throws with its status when it is not in time. */
  async until(key: string, what: string, isSo: (router: Router) => boolean, limitMs = 60_000): Promise<void> {
    const holds = (): boolean => {
      const router = this.history.router(key);
      return router !== undefined && isSo(router);
    };
    try {
      await waitFor(`${key} ${what}`, holds, limitMs);
    } catch (error) {
      const { script: _, ...status } = this.history.router(key)?.status ?? {};
      throw new Error(`${(error as Error).message} Its status: ${JSON.stringify(status)}`, { cause: error });
    }
  }

  /**
   * Waits until the script of a router that is Online counts as used, and nothing that stood in it is still let in. An attempt
   * that a busy machine has made fail is made again after a minute, and after two more.
   */
  untilUsed(key: string, limitMs = 280_000): Promise<void> {
    const isSo = ({ spec, status }: Router): boolean => {
      const key = status?.credentials?.key;
      const isOwn = key?.inUse === true && key.publicKey === status?.publicKey;
      return isUsed(status?.script) && (isOwn || spec.publicKey !== undefined);
    };
    return this.until(key, 'uses nothing of its script', isSo, limitMs);
  }

  /** Asks for a fresh script and answers once it is there. */
  async renew(key: string, text: string): Promise<void> {
    const { publicKey } = this.router(key).status ?? {};
    await this.change(key, { script: { renew: text } });
    await this.until(
      key,
      'awaits the fresh script',
      ({ status }) => status?.phase === 'AwaitingConnection' && status.publicKey !== publicKey,
    );
  }

  untilPhase(key: string, phase: string, limitMs?: number): Promise<void> {
    return this.until(key, `is ${phase}`, ({ status }) => status?.phase === phase, limitMs);
  }

  async script(key: string): Promise<string> {
    await this.until(key, 'has its script', ({ status }) => status?.script !== undefined);
    return this.router(key).status?.script ?? '';
  }

  /** Powers on a router of the field, fresh from the box: default firewall, behind NAT. */
  plugIn(
    key: string,
    version: string,
    options: Partial<SimulatedRouterOptions> = {},
  ): Promise<SimulatedRouter> {
    return SimulatedRouter.start({
      network: this.network,
      name: key.replace('/', '-'),
      version,
      ...options,
    });
  }

  /** Pastes the Router's script into the router; @throws what the terminal shows when that is not `OK`. */
  async paste(key: string, machine: SimulatedRouter): Promise<void> {
    const script = await this.script(key);
    this.#pasted.set(key, performance.now());
    const seen = await machine.paste(script);
    // With the gateway just killed it may say that nobody answers yet; Online is what is waited for.
    if (!seen.includes(`${key} is set up`)) throw new Error(`${key}: ${seen}`);
  }

  /** Apply, plug in, paste, wait. */
  async bringOnline(
    key: string,
    version: string,
    { spec = {}, ...options }: Partial<SimulatedRouterOptions> & { spec?: Plain } = {},
  ): Promise<SimulatedRouter> {
    await this.apply(key, spec);
    const machine = await this.plugIn(key, version, options);
    await this.paste(key, machine);
    await this.untilPhase(key, 'Online');
    return machine;
  }

  /** The steps of the main job as a person would time them, in ms. */
  times(key: string): Record<'apply→script' | 'paste→VPNConnected' | 'VPNConnected→Online', number> {
    const { history } = this;
    const applied = this.#applied.get(key) ?? Number.NaN;
    const pasted = this.#pasted.get(key) ?? Number.NaN;
    const script = history.firstTime(key, ({ status }) => status?.script !== undefined) ?? Number.NaN;
    const connected =
      history.firstTime(key, ({ status }) => /VPNConnected|Configuring|Online/.test(status?.phase ?? '')) ??
      Number.NaN;
    const online = history.firstTime(key, ({ status }) => status?.phase === 'Online') ?? Number.NaN;
    return {
      'apply→script': script - applied,
      'paste→VPNConnected': connected - pasted,
      'VPNConnected→Online': online - connected,
    };
  }

  /** Reasons of the Events about an object, oldest first. */
  async events(key: string, kind = 'Router'): Promise<string[]> {
    const [namespace, name] = key.split('/');
    const path = `/apis/events.k8s.io/v1/namespaces/${namespace}/events`;
    const items: { eventTime: string; reason: string; regarding: { kind: string; name: string } }[] = (
      await this.#request('GET', path)
    ).json().items;
    return items
      .filter(({ regarding }) => regarding.kind === kind && regarding.name === name)
      .sort((a, b) => a.eventTime.localeCompare(b.eventTime))
      .map(({ reason }) => reason);
  }

  /** Events are written behind the status that they tell of. */
  async untilEvent(key: string, reason: string, { kind, limitMs }: { kind?: string; limitMs?: number } = {}) {
    const isThere = async () => (await this.events(key, kind)).includes(reason);
    await waitFor(`Event ${reason} of ${key}`, isThere, limitMs);
  }

  #path(key: string): string {
    const [namespace, name] = key.split('/');
    return `${GROUP_PATH}/namespaces/${namespace}/routers/${name}`;
  }

  async #expectSuccess(method: string, path: string, body?: Plain, contentType?: string): Promise<void> {
    const response = await this.#request(method, path, body, contentType);
    if (response.status >= 300) throw new Error(`${method} ${path}: ${response.status} ${response.text}`);
  }
}

/** One line among those of the test runner: figures are shown and decide nothing. */
export function tell(line: string): void {
  process.stderr.write(`      ${line}\n`);
}

/** `key: apply→script 120 ms, …` */
export const inWords = (times: Record<string, number>): string =>
  Object.entries(times)
    .map(([step, ms]) => `${step} ${Math.round(ms)} ms`)
    .join(', ');

/** Whether it is what stands in a script's place once that was used. */
export const isUsed = (script: string | undefined): boolean => script?.startsWith('# Used on ') ?? false;
