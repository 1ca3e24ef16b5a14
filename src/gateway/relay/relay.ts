/**
 * The way back: pods reach routers through the tunnels, by HTTP CONNECT and as a plain HTTP proxy, with a service account
 * token of an audience of its own. docs/relay.md says how it is used.
 */
import type { Registry } from 'prom-client';
import { aborted, type Clock, type KubeClient, type Logger, sleep } from '../../kube/index.ts';
import type { SidecarPort } from '../sidecar-health.ts';
import { CertificateFiles } from './certificate.ts';
import type { Known } from './locate.ts';
import { RelayMetrics } from './metrics.ts';
import { Neighbours } from './neighbours.ts';
import { Opener } from './opener.ts';
import { Quota, type StreamLimits } from './quota.ts';
import { Reviews } from './reviews.ts';
import { RelayServer } from './server.ts';

export interface RelaySettings {
  /** Where to listen; port 0 takes a free one. */
  host: string;
  port: number;
  /** Address of this pod for the relays of other nodes; without it they cannot send anything on to this one. */
  advertise?: string | undefined;
  /** What tokens must be for. */
  audience: string;
  /** With tls.crt, tls.key and maybe ca.crt. Without it the relay speaks plain HTTP. */
  certificateDirectory?: string | undefined;
  /** Name that certificates of other relays must be good for. */
  serverName: string;
  /** A stream without a byte for so long is closed. */
  idleMs: number;
  limits?: Partial<StreamLimits>;
}

export interface RelayOptions extends RelaySettings {
  client: KubeClient;
  sidecar: SidecarPort;
  /** Of the Leases of gateways. */
  namespace: string;
  nodeName: string;
  known: () => Known;
  clock: Clock;
  logger: Logger;
  registry: Registry;
  /** Where the others reach it has changed. */
  onAddress: () => void;
}

/** The sidecar takes 512 into one tunnel and 4,096 in all; the rest is for the operator's own log-ins. */
const LIMITS: StreamLimits = { total: 2_048, perTunnel: 256, perCaller: 512 };
const MOST_CONNECTIONS = 4_096;
const MOST_WAITING = 256;
const LISTEN_AGAIN_MS = 5_000;

export class Relay {
  readonly #options: RelayOptions;
  readonly #quota: Quota;
  readonly #opener: Opener;
  readonly #metrics: RelayMetrics;
  readonly #certificates: CertificateFiles | undefined;
  #server: RelayServer | undefined;
  #port: number | undefined;
  #problem = '';

  constructor(options: RelayOptions) {
    const { client, clock, logger, registry, audience, namespace, nodeName, sidecar, known } = options;
    this.#options = options;
    this.#quota = new Quota({ ...LIMITS, ...options.limits });
    this.#metrics = new RelayMetrics({
      registry,
      isUp: () => this.#port !== undefined,
      streams: () => this.#quota.total,
      certificateExpires: () => this.#certificates?.current?.expires,
    });
    const { certificateDirectory: directory } = options;
    if (directory !== undefined) {
      const onChange = (certificate: Parameters<RelayServer['useCertificate']>[0]) =>
        this.#server?.useCertificate(certificate);
      this.#certificates = new CertificateFiles({ directory, clock, logger, onChange });
    }
    this.#opener = new Opener({
      audience,
      known,
      sidecar,
      quota: this.#quota,
      self: () => this.url,
      reviews: new Reviews({
        client,
        audience,
        clock,
        logger,
        onReview: (review, outcome) => this.#metrics.reviewed(review, outcome),
      }),
      neighbours: new Neighbours({
        client,
        namespace,
        nodeName,
        clock,
        certificate: () => this.#certificates?.current,
        serverName: options.serverName,
      }),
    });
  }

  /** Where the relays of other nodes reach this one; undefined until it listens, and without an address to tell. */
  get url(): string | undefined {
    const { advertise, certificateDirectory } = this.#options;
    if (advertise === undefined || this.#port === undefined) return undefined;
    const host = advertise.includes(':') ? `[${advertise}]` : advertise;
    return `${certificateDirectory === undefined ? 'http' : 'https'}://${host}:${this.#port}`;
  }

  /** The Router has left its tunnel: nothing goes on to it. */
  cut(router: string): void {
    this.#server?.cut(router);
  }

  /** Listens until the signal, and tries again where it cannot: the tunnels do not depend on it. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const watching = this.#certificates?.run(signal);
    while (!signal.aborted && !(await this.#listen())) {
      await sleep(this.#options.clock, this.#isWithoutCertificate ? 200 : LISTEN_AGAIN_MS, signal);
    }
    await aborted(signal);
    this.#port = undefined;
    await this.#server?.close();
    await watching;
  }

  get #isWithoutCertificate(): boolean {
    return this.#certificates !== undefined && this.#certificates.current === undefined;
  }

  async #listen(): Promise<boolean> {
    if (this.#isWithoutCertificate) return false;
    const { host, port, clock, logger, idleMs, onAddress, certificateDirectory } = this.#options;
    const server = new RelayServer(
      {
        opener: this.#opener,
        metrics: this.#metrics,
        clock,
        logger,
        idleMs,
        mostWaiting: MOST_WAITING,
        mostConnections: MOST_CONNECTIONS,
      },
      this.#certificates?.current,
    );
    try {
      this.#port = await listenOn(server, host, port);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'no code';
      if (code !== this.#problem)
        logger.warn({ err: error, host, port }, 'The relay cannot listen; trying again.');
      this.#problem = code;
      return false;
    }
    this.#server = server;
    logger.info({ host, port: this.#port, tls: certificateDirectory !== undefined }, 'The relay listens.');
    onAddress();
    return true;
  }
}

async function listenOn(server: RelayServer, host: string, port: number): Promise<number> {
  try {
    return await server.listen(host, port);
  } catch (error) {
    // A kernel that was booted without IPv6.
    if (host !== '::' || (error as NodeJS.ErrnoException).code !== 'EAFNOSUPPORT') throw error;
    return server.listen('0.0.0.0', port);
  }
}
