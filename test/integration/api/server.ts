import { setTimeout as sleep } from 'node:timers/promises';
import { API_VERSION, GROUP, KINDS, VERSION } from '../../../src/api/index.ts';
import { type ApiResponse, type ControlPlane, startControlPlane } from '../../testbed/control-plane.ts';

export type KindName = 'TunnelClass' | 'TenantTunnel' | 'Router' | 'RouterProfile';

/** One line of what the API server says when it refuses an object. */
export interface Cause {
  field: string;
  message: string;
}

interface Written {
  metadata: object;
  [other: string]: unknown;
}

/** Our kinds on a real API server, with its answers taken apart. */
export class Server {
  readonly controlPlane: ControlPlane;

  private constructor(controlPlane: ControlPlane) {
    this.controlPlane = controlPlane;
  }

  static async start(): Promise<Server> {
    return new Server(await startControlPlane({ crds: true }));
  }

  stop(): Promise<void> {
    return this.controlPlane.stop();
  }

  path(kind: KindName, name = ''): string {
    const resource = KINDS.find((known) => known.resource.kind === kind)?.resource;
    if (resource === undefined) throw new TypeError(`There is no kind ${kind}.`);
    const within = resource.namespaced ? 'namespaces/default/' : '';
    return `/apis/${GROUP}/${VERSION}/${within}${resource.plural}${name && `/${name}`}`;
  }

  create(kind: KindName, object: Written): Promise<ApiResponse> {
    return this.controlPlane.request('POST', this.path(kind), { apiVersion: API_VERSION, kind, ...object });
  }

  /** Creates it and answers it as stored; throws with the server's words when it is refused. */
  // biome-ignore lint/suspicious/noExplicitAny: any object of any kind
  async created(kind: KindName, object: Written): Promise<any> {
    return accepted(await this.create(kind, object));
  }

  /** A JSON merge patch of the object, or of its status. */
  merge(kind: KindName, name: string, patch: object, subresource: '' | '/status' = ''): Promise<ApiResponse> {
    const path = this.path(kind, name) + subresource;
    return this.controlPlane.request('PATCH', path, patch, 'application/merge-patch+json');
  }

  get(kind: KindName, name: string): Promise<ApiResponse> {
    return this.controlPlane.request('GET', this.path(kind, name));
  }
}

// biome-ignore lint/suspicious/noExplicitAny: any object of any kind
export function accepted(response: ApiResponse): any {
  if (response.status >= 300) throw new Error(response.json().message ?? response.text);
  return response.json();
}

/**
 * What was wrong, without the parts that Kubernetes puts around the sentence, and without its remark that a missing or
 * mistyped field kept it from trying the CEL rules.
 */
export function causes(response: ApiResponse): Cause[] {
  if (response.status !== 422) throw new Error(`Expected a refusal, got ${response.status} ${response.text}`);
  return response
    .json()
    .details.causes.filter(({ field }: Cause) => field !== '<nil>')
    .map(({ field, message }: Cause) => ({
      field,
      message: message.replace(/^(Invalid value|Forbidden|Required value|Unsupported value): /, ''),
    }));
}

/** Waits until it holds; throws after 30 s. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  const began = performance.now();
  while (!(await holds())) {
    if (performance.now() - began > 30_000) throw new Error(`Not so within 30 s: ${holds}`);
    await sleep(50);
  }
}
