import { type Clock, type KubeApi, KubeApiError, type Lease } from '../../../src/kube/index.ts';

/** What becomes of one request to the store. */
export type Fate =
  | { kind: 'ok'; delayMs: number }
  /** Never arrives; the caller's time runs out. */
  | { kind: 'hang' }
  | { kind: 'refused' }
  /** Arrives and is done, but the reply is lost. */
  | { kind: 'lostReply' }
  /** Is done after this time, whether or not the caller still waits. */
  | { kind: 'late'; delayMs: number };

/** One Lease with optimistic concurrency, as an API server keeps it. */
export class FakeLeases {
  lease: Lease | undefined;
  #version = 100;

  write(next: Lease, expected: string | undefined): Lease {
    if (expected === undefined && this.lease !== undefined) throw new KubeApiError('AlreadyExists', 'Taken.');
    if (expected !== undefined && this.lease === undefined) throw new KubeApiError('NotFound', 'Gone.');
    if (expected !== this.lease?.metadata.resourceVersion) throw new KubeApiError('Conflict', 'Changed.');
    const metadata = { ...next.metadata, uid: 'u', resourceVersion: String(++this.#version) };
    this.lease = structuredClone({ ...next, metadata });
    return structuredClone(this.lease);
  }

  /** The store as one process reaches it, over its own clock; `fate` decides about each request. */
  client(clock: Clock, fate: () => Fate): Pick<KubeApi, 'get' | 'create' | 'update'> {
    const send = <R>(
      action: () => R,
      options: { signal?: AbortSignal | undefined; timeoutMs?: number | undefined } = {},
    ) =>
      new Promise<R>((resolve, reject) => {
        const timeout = options.timeoutMs ?? 30_000;
        clock.after(timeout, () => reject(new KubeApiError('Timeout', 'No reply.')));
        options.signal?.addEventListener('abort', () => reject(new KubeApiError('Aborted', 'Called off.')));
        const settle = (reply: boolean) => {
          try {
            const result = action();
            if (reply) resolve(result);
            else reject(new KubeApiError('Unreachable', 'The reply was lost.'));
          } catch (error) {
            reject(error);
          }
        };
        const chosen = fate();
        if (chosen.kind === 'ok' || chosen.kind === 'late') clock.after(chosen.delayMs, () => settle(true));
        if (chosen.kind === 'refused') reject(new KubeApiError('Unreachable', 'Refused.'));
        if (chosen.kind === 'lostReply') settle(false);
      });
    return {
      get: (_type, _name, options) => send(() => structuredClone(this.lease) as never, options),
      create: (_type, object, options) =>
        send(() => this.write(object as Lease, undefined) as never, options),
      update: (_type, object, options) =>
        send(() => this.write(object as unknown as Lease, object.metadata.resourceVersion) as never, options),
    };
  }
}
