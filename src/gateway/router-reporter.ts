/** Writes what is to be said of each Router, when it changes. Keys: `namespace/name`. */
import { ROUTERS, type Router } from '../api/index.ts';
import {
  applyStatusIfChanged,
  Controller,
  type EventRecorder,
  findCondition,
  type Informer,
  isApiError,
  type KubeApi,
  type Logger,
  type ReconcileContext,
  type ReconcileResult,
  refOf,
} from '../kube/index.ts';
import type { BackupKeeper } from './backups/backup-keeper.ts';
import type { Configurer } from './configurer.ts';
import { adoptLink, type Link, type Moment } from './connectivity.ts';
import type { EndpointKeeper } from './endpoint/endpoint-keeper.ts';
import { type Fleet, type Place, routerKey } from './fleet.ts';
import type { IdentityWatch } from './identity/identity-watch.ts';
import { NOTHING_KNOWN } from './identity/saying.ts';
import type { KeyKeeper } from './keys/key-keeper.ts';
import type { ProfileKeeper } from './profiles/profile-keeper.ts';
import type { RouterInput } from './router-input.ts';
import { planRouter } from './router-plan.ts';
import type { RouterWrite } from './router-write.ts';

export const FIELD_MANAGER = 'tenant-tunnel-gateway';

export interface RouterReporterOptions {
  client: Pick<KubeApi, 'applyStatus'>;
  routers: Informer<Router>;
  fleet: Fleet;
  configurer: Configurer;
  identities: Pick<IdentityWatch, 'known' | 'changed'>;
  profiles: Pick<ProfileKeeper, 'saying'>;
  backups: Pick<BackupKeeper, 'condition'>;
  endpoints: Pick<EndpointKeeper, 'yetToReach'>;
  keys: Pick<KeyKeeper, 'saying'>;
  recorder: EventRecorder;
  logger: Logger;
  now: () => Moment;
  offlineAfterSeconds: number;
  /** Whether this agent speaks for its node. */
  mayWrite: () => Promise<boolean>;
}

const PRIORITY = { none: 0, first: 0, verify: -50 } as const;

export class RouterReporter {
  readonly controller: Controller;
  readonly #options: RouterReporterOptions;
  /** Whose writes were held back, because this agent did not speak for its node then. */
  readonly #held = new Set<string>();

  constructor(options: RouterReporterOptions) {
    this.#options = options;
    this.controller = new Controller({
      name: 'router',
      reconcile: (key, context) => this.#reconcile(key, context),
      logger: options.logger,
      concurrency: 16,
      backoff: { baseMs: 100, maxMs: 30_000 },
    });
    this.controller.watches(options.routers);
    options.routers.onChange(({ type, object }) => {
      if (type !== 'deleted') return;
      options.configurer.forget(object.metadata.uid);
      options.fleet.forgetDeparted(routerKey(object.metadata));
    });
  }

  /** This agent speaks for its node: what was held back is written. */
  resume(): void {
    for (const key of this.#held) this.controller.enqueue(key);
    this.#held.clear();
  }

  async #reconcile(key: string, context: ReconcileContext): Promise<ReconcileResult | undefined> {
    const {
      routers,
      configurer,
      identities,
      profiles,
      backups,
      endpoints,
      keys,
      now,
      offlineAfterSeconds,
      mayWrite,
    } = this.#options;
    const router = routers.get(key);
    if (router === undefined) return undefined;
    const { uid } = router.metadata;
    const place = this.#placeOf(key, router);
    const link = place && this.#link(place, router);
    // What is known of one that was here before another script was made is not true of whoever comes.
    if (link === undefined || link.state === 'Awaiting') configurer.forget(uid);
    const input: RouterInput = {
      router,
      presence: this.#presence(key, router, place),
      link,
      record: configurer.record(uid),
      identity: place === undefined ? NOTHING_KNOWN : identities.known(router, place),
      publicKey: place?.peer.router.publicKey,
      due: place?.peer.due,
      key: place === undefined ? undefined : keys.saying(uid),
      profiles: place === undefined ? undefined : profiles.saying(uid),
      backup:
        place === undefined
          ? findCondition(router.status?.conditions, 'BackedUp')
          : backups.condition(router, place),
      behind: place === undefined ? undefined : endpoints.yetToReach(key),
      now: now(),
      offlineAfterSeconds,
    };
    const { write, configure, againMs } = planRouter(input);
    // Before the write, so that the log-in does not wait for the API server.
    if (configure !== 'none') {
      configurer.controller.enqueue(key, { priority: input.record?.failures ? -50 : PRIORITY[configure] });
    }
    if (write !== undefined) {
      if (!(await mayWrite())) {
        this.#held.add(key);
        return undefined;
      }
      await this.#apply(router, write, context);
      if (place !== undefined && write.event?.reason === 'HardwareChanged') identities.changed(router, place);
    }
    if (input.record?.facts !== undefined && input.record.state === 'done') configurer.factsWritten(uid);
    return againMs === undefined ? undefined : { requeueAfterMs: againMs };
  }

  /** Where this very Router has its peer; not an older one of the same name. */
  #placeOf(key: string, router: Router): Place | undefined {
    const place = this.#options.fleet.place(key);
    return place?.peer.router.uid === router.metadata.uid ? place : undefined;
  }

  #presence(key: string, router: Router, place: Place | undefined): RouterInput['presence'] {
    if (place !== undefined) return 'here';
    const { fleet } = this.#options;
    // A peer of that name but another uid: the controller has not caught up with a Router that was made again.
    if (fleet.place(key) !== undefined) return 'elsewhere';
    if (fleet.hasDeparted(key, router.metadata.uid)) return 'removed';
    const tunnel = fleet.ownedBy(router.status?.tunnel ?? '');
    return tunnel !== undefined && tunnel.desired.problems.length === 0 ? 'removed' : 'elsewhere';
  }

  #link({ tunnel, peer }: Place, router: Router): Link | undefined {
    const { publicKey } = peer.router;
    const link = tunnel.links.get(publicKey);
    if (link?.state !== 'Awaiting' || !isSaidConnected(router, publicKey)) return link;
    const adopted = adoptLink(link, this.#options.now());
    tunnel.links.set(publicKey, adopted);
    return adopted;
  }

  async #apply(
    router: Router,
    { status, owned, event }: RouterWrite,
    context: ReconcileContext,
  ): Promise<void> {
    const { client, routers, recorder } = this.#options;
    try {
      const written = await applyStatusIfChanged(client, ROUTERS, router, status, {
        fieldManager: FIELD_MANAGER,
        owned,
        signal: context.signal,
      });
      if (written === undefined) return;
      context.wrote(routers, written);
      if (event !== undefined) recorder.record({ ...event, regarding: refOf(router) });
    } catch (error) {
      // Deleted, or made again under another uid: the store will tell.
      if (!isApiError(error, 'NotFound', 'Conflict')) throw error;
    }
  }
}

/** By this key. Not while it waits for the handshake of a fresh script, whatever was true of the one before. */
export const isSaidConnected = (router: Router, publicKey: string): boolean =>
  [undefined, publicKey].includes(router.status?.publicKey) &&
  router.status?.phase !== 'AwaitingConnection' &&
  findCondition(router.status?.conditions, 'Connected')?.status === 'True';
