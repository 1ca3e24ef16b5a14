import type { KubeConfig } from '@kubernetes/client-node';
import type {
  Applied,
  ApplyOptions,
  CallOptions,
  Created,
  DeleteAllOptions,
  DeleteOptions,
  KubeApi,
  ListOptions,
  ObjectList,
  PatchOptions,
  WriteOptions,
} from './api.ts';
import { CredentialSource } from './credentials.ts';
import { isApiError, KubeApiError } from './errors.ts';
import { record } from './json.ts';
import { apiVersionOf, type KubeObject, keyFor, type ObjectName, type ResourceType } from './object.ts';
import { collectionPath, listQuery, objectPath, withQuery } from './paths.ts';
import { type Call, Requester, type RequestObservation } from './requester.ts';
import type { ClockOffset } from './server-clock.ts';
import { Transport } from './transport.ts';
import { type WatchEvent, type WatchOptions, watchEvents } from './watch.ts';

export interface KubeClientOptions {
  userAgent?: string;
  /** Connections for requests (watches have their own); default 16. */
  maxConnections?: number;
  /** Default limit of a call with its retries; 30 s. */
  timeoutMs?: number;
  /** Default 256 MiB; V8's strings end at 512. */
  maxResponseBytes?: number;
  onRequest?: (observation: RequestObservation) => void;
}

const APPLY_PATCH = 'application/apply-patch+yaml';
const MERGE_PATCH = 'application/merge-patch+json';
/** Kubernetes API concepts, "Alternate representations of resources". */
const METADATA_ALONE = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
const METADATA_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

interface Parts {
  transport: Transport;
  requester: Requester;
  mayWrite?: () => boolean;
}

/**
 * A client of one API server over a few long-lived connections. Configuration and authentication are those of
 * client-node's KubeConfig: kubeconfig or in-cluster, token files read again, exec plug-ins, client certificates.
 */
export class KubeClient implements KubeApi {
  readonly #transport: Transport;
  readonly #requester: Requester;
  readonly #mayWrite: (() => boolean) | undefined;

  constructor(config: KubeConfig | Parts, options: KubeClientOptions = {}) {
    const parts = 'requester' in config ? config : connect(config, options);
    this.#transport = parts.transport;
    this.#requester = parts.requester;
    this.#mayWrite = parts.mayWrite;
  }

  /** Of this machine's clock to the API server's, as its last reply tells. */
  get clockOffset(): ClockOffset | undefined {
    return this.#requester.serverClock.offset;
  }

  async get<T extends KubeObject>(
    type: ResourceType<T>,
    name: ObjectName,
    options?: CallOptions,
  ): Promise<T | undefined> {
    try {
      return (await this.#requester.call(
        { verb: 'get', method: 'GET', ...target(type, name) },
        options,
      )) as T;
    } catch (error) {
      if (isApiError(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  async list<T extends KubeObject>(type: ResourceType<T>, options: ListOptions = {}): Promise<ObjectList<T>> {
    const path = withQuery(collectionPath(type, options.namespace), listQuery(options));
    const resource = type.plural;
    const call: Call = {
      verb: 'list',
      method: 'GET',
      resource,
      subject: options.namespace ?? '',
      path,
      ...(options.metadataAlone === true && { accept: METADATA_LIST }),
    };
    const reply = record(await this.#requester.call(call, options));
    const metadata = record(reply?.metadata);
    // A list of nothing has `items: null` from some aggregated servers.
    const items = reply?.items ?? [];
    if (!Array.isArray(items) || typeof metadata?.resourceVersion !== 'string') {
      throw new KubeApiError('BadResponse', `Cannot list ${resource}: the reply is not a list.`);
    }
    return {
      items: items as T[],
      resourceVersion: metadata.resourceVersion,
      ...(typeof metadata.continue === 'string' &&
        metadata.continue !== '' && { continue: metadata.continue }),
      ...(typeof metadata.remainingItemCount === 'number' && {
        remainingItemCount: metadata.remainingItemCount,
      }),
    };
  }

  async create<T extends KubeObject>(
    type: ResourceType<T>,
    object: Created<T>,
    options?: WriteOptions,
  ): Promise<T> {
    const path = collectionPath(type, object.metadata.namespace);
    const call: Call = { verb: 'create', method: 'POST', ...target(type, object.metadata), path };
    return (await this.#write({ ...call, body: typed(type, object), ...replyOf(options) }, options)) as T;
  }

  async update<T extends KubeObject>(type: ResourceType<T>, object: T, options?: WriteOptions): Promise<T> {
    const at = target(type, object.metadata);
    if (!object.metadata.resourceVersion) {
      throw new KubeApiError('BadRequest', `Cannot update ${at.resource} ${at.subject}: no resourceVersion.`);
    }
    return (await this.#write(
      { verb: 'update', method: 'PUT', ...at, body: typed(type, object), ...replyOf(options) },
      options,
    )) as T;
  }

  async delete<T extends KubeObject>(
    type: ResourceType<T>,
    name: ObjectName,
    options: DeleteOptions = {},
  ): Promise<boolean> {
    const { uid, resourceVersion, propagationPolicy } = options;
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      preconditions: { uid, resourceVersion },
      propagationPolicy: propagationPolicy ?? 'Background',
    };
    try {
      await this.#write({ verb: 'delete', method: 'DELETE', ...target(type, name), body }, options);
      return true;
    } catch (error) {
      if (isApiError(error, 'NotFound')) return false;
      throw error;
    }
  }

  async deleteAll(type: ResourceType, options: DeleteAllOptions): Promise<void> {
    const { namespace, labelSelector } = options;
    const path = withQuery(collectionPath(type, namespace), { labelSelector });
    const call: Call = {
      verb: 'deletecollection',
      method: 'DELETE',
      resource: type.plural,
      subject: namespace,
      path,
    };
    await this.#write(call, options);
  }

  document(path: string, options?: CallOptions): Promise<unknown> {
    return this.#requester.call(
      { verb: 'get', method: 'GET', resource: 'document', subject: path, path },
      options,
    );
  }

  /**
   * Asks a question that is put as a `create` and of which nothing is stored: TokenReview, SubjectAccessReview. What
   * was asked comes back in no error.
   */
  async review<T extends KubeObject>(type: ResourceType<T>, spec: object, options?: CallOptions): Promise<T> {
    const call: Call = {
      verb: 'create',
      method: 'POST',
      resource: type.plural,
      subject: '',
      path: collectionPath(type, undefined),
      body: typed(type, { spec }),
      secret: true,
    };
    return (await this.#requester.call(call, options)) as T;
  }

  apply<T extends KubeObject>(type: ResourceType<T>, object: Applied<T>, options: ApplyOptions): Promise<T> {
    return this.#apply(type, object, options);
  }

  async applyStatus<T extends KubeObject>(
    type: ResourceType<T>,
    object: Applied<T>,
    options: ApplyOptions,
  ): Promise<KubeObject> {
    const { metadata } = await this.#apply(type, object, options, 'status');
    return { apiVersion: apiVersionOf(type), kind: type.kind, metadata };
  }

  async patch<T extends KubeObject>(
    type: ResourceType<T>,
    name: ObjectName,
    patch: object,
    options: PatchOptions = {},
  ): Promise<T> {
    const at = target(type, name, options.subresource);
    const path = withQuery(at.path, { fieldManager: options.fieldManager });
    const call: Call = { verb: 'patch', method: 'PATCH', ...at, path, contentType: MERGE_PATCH, body: patch };
    return (await this.#write(call, options)) as T;
  }

  /** The events of one watch until the server ends it; see {@link watchEvents}. Informers resume it. */
  watch<T extends KubeObject>(type: ResourceType<T>, options: WatchOptions): AsyncGenerator<WatchEvent<T>> {
    const path = withQuery(collectionPath(type, options.namespace), {
      ...listQuery({
        labelSelector: options.labelSelector,
        fieldSelector: options.fieldSelector,
        resourceVersion: options.resourceVersion,
      }),
      watch: true,
      allowWatchBookmarks: true,
      timeoutSeconds: options.timeoutSeconds,
    });
    const subject = options.namespace ?? '';
    return watchEvents<T>(
      this.#requester,
      { verb: 'watch', method: 'GET', resource: type.plural, subject, path },
      options,
    );
  }

  /**
   * The same client over the same connections, whose writes are refused (WriteRefused) unless `mayWrite()` holds
   * just before they are sent, first time and again. For a leader: `client.guarded(() => elector.isLeader())`.
   */
  guarded(mayWrite: () => boolean): KubeClient {
    return new KubeClient({ transport: this.#transport, requester: this.#requester, mayWrite });
  }

  /** Ends all connections at once, watches too. */
  close(): Promise<void> {
    return this.#transport.close();
  }

  async #apply<T extends KubeObject>(
    type: ResourceType<T>,
    object: Applied<T>,
    options: ApplyOptions,
    subresource?: 'status',
  ): Promise<T> {
    const { uid, resourceVersion, fieldManager, force } = options;
    const at = target(type, object.metadata, subresource);
    const path = withQuery(at.path, { fieldManager, force: force ?? true });
    const metadata = {
      ...object.metadata,
      ...(uid !== undefined && { uid }),
      ...(resourceVersion !== undefined && { resourceVersion }),
    };
    const body = typed(type, { ...object, metadata });
    return (await this.#write(
      {
        verb: 'apply',
        method: 'PATCH',
        ...at,
        path,
        contentType: APPLY_PATCH,
        body,
        ...(subresource === 'status' && { accept: METADATA_ALONE }),
      },
      options,
    )) as T;
  }

  #write(call: Call, options: CallOptions | undefined): Promise<unknown> {
    return this.#requester.call(call, options, () => {
      if (this.#mayWrite?.() === false) {
        throw new KubeApiError(
          'WriteRefused',
          `Did not ${call.verb} ${call.resource} ${call.subject}: this process may not write now.`,
        );
      }
    });
  }
}

function connect(config: KubeConfig, options: KubeClientOptions): Parts {
  const credentials = new CredentialSource(config, () => performance.now());
  const transport = new Transport(
    credentials,
    options.maxConnections ?? 16,
    options.userAgent ?? 'kube-runtime',
  );
  const requester = new Requester(transport, {
    timeoutMs: options.timeoutMs ?? 30_000,
    maxResponseBytes: options.maxResponseBytes ?? 256 * 1024 * 1024,
    onRequest: options.onRequest,
  });
  return { transport, requester };
}

/** What of a call follows from the object it is about. */
function target(
  type: ResourceType,
  name: ObjectName,
  subresource?: string,
): Pick<Call, 'resource' | 'subject' | 'path' | 'secret'> {
  return {
    resource: subresource === undefined ? type.plural : `${type.plural}/${subresource}`,
    subject: keyFor(name),
    path: objectPath(type, name, subresource),
    secret: type.group === '' && type.plural === 'secrets',
  };
}

const replyOf = (options: WriteOptions | undefined): Pick<Call, 'accept'> =>
  options?.metadataAlone === true ? { accept: METADATA_ALONE } : {};

function typed(type: ResourceType, object: object): object {
  return { ...object, apiVersion: apiVersionOf(type), kind: type.kind };
}
