/** Bugs on purpose: what a controller would do if a rule that it keeps were left out. The search must find each. */
import { ANNOTATION_FENCE, ANNOTATION_PLACED, ROUTERS, type TunnelClass } from '../../../src/api/index.ts';
import type { ControllerClient } from '../../../src/controller/start.ts';
import {
  type KubeApi,
  type KubeObject,
  keyOf,
  type ResourceType,
  type WatchEvent,
} from '../../../src/kube/index.ts';
import type { ApiServer } from '../api/server.ts';
import { SYSTEM } from '../crew.ts';

export type Mutant = (client: ControllerClient, server: ApiServer) => ControllerClient;

const isLedger = (type: ResourceType, { metadata }: { metadata: { namespace?: string } }): boolean =>
  type.plural === 'secrets' && metadata.namespace === SYSTEM;

/** A client some of whose verbs do something else, also when it is guarded. */
const instead =
  (verbs: (client: KubeApi, server: ApiServer) => Partial<KubeApi>): Mutant =>
  (client, server) => ({
    ...client,
    ...verbs(client, server),
    guarded: (mayWrite) => {
      const guarded = client.guarded(mayWrite);
      return { ...guarded, ...verbs(guarded, server) };
    },
  });

/** The ledger is written over whatever another process has made of it meanwhile. */
export const blindLedger = instead((client, server) => ({
  update: (type, object, options) => {
    const { resourceVersion } = server.peek(type, keyOf(object))?.metadata ?? {};
    const isBlind = isLedger(type, object) && resourceVersion !== undefined;
    const metadata = { ...object.metadata, ...(isBlind && { resourceVersion }) };
    return client.update(type, { ...object, metadata }, options);
  },
}));

/** A write of the ledger is answered before it is done. */
export const hastyLedger = instead((client, server) => {
  const answer = <T extends KubeObject>(object: T, write: Promise<T>): Promise<T> => {
    write.catch(() => {});
    const resourceVersion = String(server.version + 1);
    return Promise.resolve({ ...object, metadata: { ...object.metadata, resourceVersion } });
  };
  return {
    create: (type, object, options) => {
      const write = client.create(type, object, options);
      return isLedger(type, object) ? answer(object as never, write) : write;
    },
    update: (type, object, options) => {
      const write = client.update(type, object, options);
      return isLedger(type, object) ? answer(object, write) : write;
    },
  };
});

/** A Router that the cache lacks is gone, without asking. */
export const cacheIsRight = instead((client) => ({
  get: (type, name, options) =>
    type.plural === 'routers' ? Promise.resolve(undefined) : client.get(type, name, options),
}));

/** What a gateway was handed over is never taken back. */
export const nothingTaken = instead((client) => ({
  delete: (type, name, options) =>
    type.plural === 'configmaps' ? Promise.resolve(true) : client.delete(type, name, options),
}));

/** A Service that is there is not written again. */
export const recordsStand = instead((client, server) => ({
  apply: (type, object, options) => {
    const stored = type.plural === 'services' ? server.peek(type, keyOf(object)) : undefined;
    return stored === undefined ? client.apply(type, object, options) : Promise.resolve(stored);
  },
}));

/** No Service is taken away. */
export const balancersStay = instead((client) => ({
  delete: (type, name, options) =>
    type.plural === 'services' ? Promise.resolve(true) : client.delete(type, name, options),
}));

/** A controller that sees some objects otherwise than they are. */
const seeing =
  (as: <T extends KubeObject>(object: T) => T): Mutant =>
  (client) => {
    async function* events<T extends KubeObject>(watched: AsyncGenerator<WatchEvent<T>>) {
      for await (const event of watched)
        yield event.type === 'BOOKMARK' ? event : { ...event, object: as(event.object) };
    }
    return {
      ...client,
      list: async (type, options) => {
        const page = await client.list(type, options);
        return { ...page, items: page.items.map(as) };
      },
      watch: (type, options) => events(client.watch(type, options)),
    };
  };

/** A deleted Router's address goes to the next one at once. */
export const noQuarantine = seeing((object) => {
  if (object.kind !== 'TunnelClass') return object;
  const { spec, ...rest } = object as unknown as TunnelClass;
  return { ...rest, spec: { ...spec, quarantineSeconds: 0 } } as unknown as typeof object;
});

/** Every silent node has fenced itself, whether it said so or not. */
export const allAreFenced = seeing((object) => {
  if (object.kind !== 'Lease') return object;
  const annotations = { ...object.metadata.annotations, [ANNOTATION_FENCE]: '6' };
  return { ...object, metadata: { ...object.metadata, annotations } };
});

/** A cordoned node is none. */
export const nobodyIsCordoned = seeing((object) =>
  object.kind === 'Node' ? { ...object, spec: {} } : object,
);

/** Each placement is noted as the first. */
export const timelessPlacements = instead((client) => ({
  update: (type, object, options) => {
    const { [ANNOTATION_PLACED]: placed, ...annotations } = object.metadata.annotations ?? {};
    const noted = placed === undefined ? {} : { [ANNOTATION_PLACED]: '1' };
    const metadata = { ...object.metadata, annotations: { ...annotations, ...noted } };
    return client.update(type, { ...object, metadata }, options);
  },
}));

/** Keys that routers have made are handed over as their statuses tell them, and never stand in the ledger. */
export const unrecordedKeys = instead((client, server) => {
  const withoutNext = (text: string): string => text.replaceAll(/,"nextPublicKey":"[^"]*"/g, '');
  const changed = <T extends KubeObject>(type: ResourceType<T>, object: T): T => {
    const isHandover = object.metadata.name?.includes('-access-');
    if (type.plural !== 'secrets' || !(isHandover || isLedger(type, object))) return object;
    const { data = {} } = object as { data?: Record<string, string> };
    const entries = Object.entries(data).map(([key, encoded]) => {
      const text = withoutNext(Buffer.from(encoded, 'base64').toString('utf8'));
      const router = isHandover && server.all(ROUTERS).find(({ status }) => status?.address === key);
      const made = router ? router.status?.credentials?.key : undefined;
      const told =
        made === undefined ? text : JSON.stringify({ ...JSON.parse(text), nextPublicKey: made.publicKey });
      return [key, Buffer.from(told).toString('base64')];
    });
    return { ...object, data: Object.fromEntries(entries) };
  };
  return {
    create: (type, object, options) => client.create(type, changed(type, object as never) as never, options),
    update: (type, object, options) => client.update(type, changed(type, object), options),
  };
});

/** Routers are handed over with a next password that is not the ledger's. */
export const foreignPasswords = instead((client) => {
  const changed = <T extends KubeObject>(type: ResourceType<T>, object: T): T => {
    if (type.plural !== 'secrets' || !object.metadata.name.includes('-access-')) return object;
    const { data = {} } = object as { data?: Record<string, string> };
    const entries = Object.entries(data).map(([address, text]) => {
      const access = JSON.parse(Buffer.from(text, 'base64').toString('utf8')) as object;
      const foreign = JSON.stringify({ ...access, next: 'foreign' });
      return [address, Buffer.from(foreign).toString('base64')];
    });
    return { ...object, data: Object.fromEntries(entries) };
  };
  return {
    create: (type, object, options) => client.create(type, changed(type, object as never) as never, options),
    update: (type, object, options) => client.update(type, changed(type, object), options),
  };
});
