import { microTime } from '../../../src/kube/index.ts';
import type { ControlPlane } from '../../testbed/control-plane.ts';
import { GATEWAYS } from './running-controller.ts';

type Plain = Record<string, unknown>;

const LEASES = `/apis/coordination.k8s.io/v1/namespaces/${GATEWAYS}/leases`;
const LEASE_SECONDS = 3;
const RENEW_MS = 400;

/** Nodes whose agents do nothing but renew their Leases, while they are told to. */
export class PretendedGateways {
  readonly #plane: ControlPlane;
  readonly #alive = new Set<string>();
  readonly #timer: NodeJS.Timeout;
  #beating: Promise<unknown> = Promise.resolve();

  constructor(plane: ControlPlane) {
    this.#plane = plane;
    this.#timer = setInterval(() => {
      this.#beating = Promise.all([...this.#alive].map((name) => this.#renew(name)));
    }, RENEW_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#beating;
  }

  async add(
    name: string,
    { labels = {}, fenced = true }: { labels?: Record<string, string>; fenced?: boolean } = {},
  ) {
    await this.#expect('POST', '/api/v1/nodes', {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels },
    });
    const annotations: Record<string, string> = fenced ? { 'vpn.traidnet.io/fenced-after': '2' } : {};
    await this.#expect('POST', LEASES, {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: `gateway-${name}`, labels: { 'vpn.traidnet.io/gateway': name }, annotations },
      spec: { holderIdentity: name, leaseDurationSeconds: LEASE_SECONDS, renewTime: microTime(Date.now()) },
    });
    this.#alive.add(name);
  }

  /** Its agent says no more. */
  fallSilent(name: string): void {
    this.#alive.delete(name);
  }

  speak(name: string): void {
    this.#alive.add(name);
  }

  async say(name: string, annotations: Record<string, string | null>): Promise<void> {
    await this.#patch(`${LEASES}/gateway-${name}`, { metadata: { annotations } });
  }

  async cordon(name: string, unschedulable: boolean): Promise<void> {
    await this.#patch(`/api/v1/nodes/${name}`, { spec: { unschedulable } });
  }

  async label(name: string, labels: Record<string, string | null>): Promise<void> {
    await this.#patch(`/api/v1/nodes/${name}`, { metadata: { labels } });
  }

  async #renew(name: string): Promise<void> {
    await this.#patch(`${LEASES}/gateway-${name}`, { spec: { renewTime: microTime(Date.now()) } });
  }

  async #patch(path: string, body: Plain): Promise<void> {
    await this.#expect('PATCH', path, body, 'application/merge-patch+json');
  }

  async #expect(method: string, path: string, body: Plain, type?: string): Promise<void> {
    const response = await this.#plane.request(method, path, body, type);
    if (response.status >= 300) throw new Error(`${method} ${path}: ${response.text}`);
  }
}
