import type { RequestOptions } from 'node:https';
import type { ConnectionOptions } from 'node:tls';
import { KubeConfig } from '@kubernetes/client-node';
import { KubeApiError, messageOf } from './errors.ts';

/** What a connection to the API server needs. Two that are equal by `tlsKey` may share connections. */
export interface Credentials {
  server: URL;
  /** Authorization and impersonation. */
  headers: Record<string, string>;
  tls: ConnectionOptions;
  tlsKey: string;
  /** An HTTP proxy's address, as the kubeconfig names it. */
  proxy: string | undefined;
}

/** Certificates and tokens lie in files that are replaced: they are read again after this time. */
const FRESH_MS = 10_000;

/**
 * Credentials of a KubeConfig, kept for 10 s: client-node reads files on each call, and runs exec plug-ins when
 * their token has expired.
 */
export class CredentialSource {
  #config: KubeConfig;
  readonly #monotonic: () => number;
  #cached: { at: number; value: Promise<Credentials> } | undefined;
  #renewedAt = Number.NEGATIVE_INFINITY;

  constructor(config: KubeConfig, monotonic: () => number) {
    this.#config = config;
    this.#monotonic = monotonic;
  }

  /** Unreachable when the configuration cannot be used: a missing file, a failing plug-in. */
  get(): Promise<Credentials> {
    const now = this.#monotonic();
    if (this.#cached === undefined || now - this.#cached.at > FRESH_MS) {
      const entry = { at: now, value: read(this.#config) };
      this.#cached = entry;
      entry.value.catch(() => {
        if (this.#cached === entry) this.#cached = undefined;
      });
    }
    return this.#cached.value;
  }

  /**
   * Forgets what the server has refused (401), at most every 10 s; tells whether another try is worth while.
   * client-node keeps an exec plug-in's token until its expiry and a file's for 60 s; a copy of the configuration
   * starts with neither.
   */
  renew(): boolean {
    const now = this.#monotonic();
    if (now - this.#renewedAt > FRESH_MS) {
      this.#renewedAt = now;
      const { clusters, contexts, users, currentContext } = this.#config;
      this.#config = new KubeConfig();
      this.#config.loadFromOptions({ clusters, contexts, users, currentContext });
      this.#cached = undefined;
      return true;
    }
    // Somebody else's 401 has renewed them while this request was under way.
    return now - this.#renewedAt < 1000;
  }
}

async function read(config: KubeConfig): Promise<Credentials> {
  try {
    const cluster = config.getCurrentCluster();
    if (cluster === null) throw new Error('it names no current cluster');
    if (cluster.proxyUrl?.startsWith('socks')) throw new Error('SOCKS proxies are not supported');
    const options: RequestOptions = { headers: {} };
    await config.applyToHTTPSOptions(options);
    const { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername } = options;
    const tls = Object.fromEntries(
      Object.entries({ ca, cert, key, pfx, passphrase, rejectUnauthorized, servername }).filter(
        ([, value]) => value !== undefined,
      ),
    ) as ConnectionOptions;
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(options.headers ?? {})) {
      // A token file ends in a newline more often than not.
      if (value !== undefined) headers[name.toLowerCase()] = String(value).trim();
    }
    if (typeof options.auth === 'string') {
      headers.authorization = `Basic ${Buffer.from(options.auth).toString('base64')}`;
    }
    return {
      server: new URL(cluster.server),
      headers,
      tls,
      tlsKey: JSON.stringify([tls, cluster.proxyUrl ?? ''], (_name, value) =>
        value?.type === 'Buffer' ? Buffer.from(value.data).toString('base64') : value,
      ),
      proxy: cluster.proxyUrl || undefined,
    };
  } catch (cause) {
    const detail = messageOf(cause).slice(0, 500);
    throw new KubeApiError('Unreachable', `The kubeconfig cannot be used: ${detail}`, {
      cause,
    });
  }
}
