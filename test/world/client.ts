import type { ControllerClient } from '../../src/controller/start.ts';
import {
  type CallOptions,
  KubeApiError,
  type KubeObject,
  keyFor,
  type ListOptions,
  type ResourceType,
  sleep,
  type WatchOptions,
} from '../../src/kube/index.ts';
import { apiVersionOf } from '../../src/kube/object.ts';
import { retryDelayMs } from '../../src/kube/retry.ts';
import type { Actor } from './actor.ts';
import { copy } from './api/json.ts';
import type { ApiServer } from './api/server.ts';
import { type Attempt, type Network, refused } from './network.ts';
import { watchStream } from './watch-stream.ts';

const TIMEOUT_MS = 30_000;

/** A process's client: KubeClient's verbs and retries over the network of the world. */
export function worldClient(
  actor: Actor,
  server: ApiServer,
  network: Network,
  mayWrite: () => boolean = () => true,
): ControllerClient {
  const random = network.chance.sequence(`${actor.name} retries`);

  async function call<R>(attempt: Attempt<R>, options: CallOptions = {}): Promise<R> {
    const { clock } = actor;
    const deadline = clock.monotonic() + (options.timeoutMs ?? TIMEOUT_MS);
    const aborted = () => refused('Aborted', `Cannot ${attempt.what}: it was called off.`);
    for (let count = 1; ; count++) {
      if (options.signal?.aborted) throw aborted();
      if (attempt.writes && !mayWrite()) throw refused('WriteRefused', `Did not ${attempt.what}.`);
      try {
        return await network.send(actor, attempt, deadline - clock.monotonic(), options.signal);
      } catch (error) {
        const wait = retryDelayMs(error as KubeApiError, count, attempt.idempotent, random);
        if (wait === undefined || clock.monotonic() + wait > deadline) throw error;
        await sleep(clock, wait, options.signal);
      }
    }
  }

  const read = <R>(what: string, act: () => R, options?: CallOptions) =>
    call({ what, writes: false, idempotent: true, act }, options);
  const write = <R>(what: string, act: () => R, options?: CallOptions, idempotent = true) =>
    call({ what, writes: true, idempotent, act: by(act) }, options);
  const by =
    <R>(act: () => R) =>
    (): R => {
      server.by = actor.name;
      try {
        return act();
      } finally {
        server.by = 'people';
      }
    };
  const notModelled = (verb: string) => (): never => {
    throw new Error(`The world's API server has no ${verb}.`);
  };

  return {
    async get<T extends KubeObject>(type: ResourceType<T>, name: T['metadata'], options?: CallOptions) {
      try {
        return (await read(`get ${type.plural} ${keyFor(name)}`, () => server.get(type, name), options)) as T;
      } catch (error) {
        if (error instanceof KubeApiError && error.code === 'NotFound') return undefined;
        throw error;
      }
    },
    list<T extends KubeObject>(type: ResourceType<T>, options: ListOptions = {}) {
      const act = () => server.list(type, options);
      return read(`list ${type.plural}`, act, options) as Promise<ReturnType<typeof act> & { items: T[] }>;
    },
    create: (type, object, options) => {
      const sent = typed(type, object as unknown as KubeObject);
      const act = () => server.create(type, sent);
      return write(`create ${type.plural} ${keyFor(sent.metadata)}`, act, options, false) as never;
    },
    update: (type, object, options) => {
      const sent = typed(type, object);
      const act = () => server.update(type, sent);
      return write(`update ${type.plural} ${keyFor(sent.metadata)}`, act, options) as never;
    },
    async delete(type, name, options = {}) {
      try {
        const act = () => server.delete(type, name, options);
        await write(`delete ${type.plural} ${keyFor(name)}`, act, options);
        return true;
      } catch (error) {
        if (error instanceof KubeApiError && error.code === 'NotFound') return false;
        throw error;
      }
    },
    applyStatus: (type, object, options) => {
      const sent = copy(object) as unknown as KubeObject;
      const { fieldManager, uid, resourceVersion } = options;
      const act = (): KubeObject => {
        const { apiVersion, kind, metadata } = server.applyStatus(type, sent, fieldManager, {
          uid,
          resourceVersion,
        });
        return { apiVersion, kind, metadata };
      };
      return write(`apply ${type.plural}/status ${keyFor(sent.metadata)}`, act, options) as never;
    },
    apply: (type, object, options) => {
      const sent = typed(type, object as unknown as KubeObject);
      const { fieldManager, force = true, uid, resourceVersion } = options;
      const act = () => server.apply(type, sent, fieldManager, force, { uid, resourceVersion });
      return write(`apply ${type.plural} ${keyFor(sent.metadata)}`, act, options) as never;
    },
    patch: (type, name, patch, options) => {
      const sent = copy(patch);
      return write(
        `patch ${type.plural} ${keyFor(name)}`,
        () => server.patch(type, name, sent),
        options,
      ) as never;
    },
    watch: <T extends KubeObject>(type: ResourceType<T>, options: WatchOptions) =>
      watchStream(type, options, actor, server, network),
    guarded: (guard) => worldClient(actor, server, network, guard),
    deleteAll: notModelled('deletecollection'),
    document: notModelled('document'),
  };
}

/** What goes over the wire. */
const typed = (type: ResourceType, object: KubeObject): KubeObject => ({
  ...copy(object),
  apiVersion: apiVersionOf(type),
  kind: type.kind,
});
