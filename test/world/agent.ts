import { isDeepStrictEqual } from 'node:util';
import { ROUTERS, type Router, TENANT_TUNNELS } from '../../src/api/index.ts';
import type { ConfigurationRecord } from '../../src/gateway/configuration-record.ts';
import { adoptLink, type Link, newLink, nextLink } from '../../src/gateway/connectivity.ts';
import { NOTHING_KNOWN } from '../../src/gateway/identity/saying.ts';
import { type KeySaying, keyStep } from '../../src/gateway/keys/key-step.ts';
import type { RouterInput } from '../../src/gateway/router-input.ts';
import { planRouter } from '../../src/gateway/router-plan.ts';
import { FIELD_MANAGER, isSaidConnected } from '../../src/gateway/router-reporter.ts';
import { TUNNEL_OWNED, tunnelStatus } from '../../src/gateway/tunnel-status.ts';
import { applyStatusIfChanged, isApiError, type KubeApi } from '../../src/kube/index.ts';
import type { Actor } from './actor.ts';
import type { ApiServer, Change } from './api/server.ts';
import type { Devices } from './devices.ts';
import type { Picture } from './picture.ts';

const OFFLINE_AFTER_MS = 180_000;
const GATHER_MS = 1000;
const LOG_IN_MS = 300;
const RETRY_MS = 2000;

/**
 * The gateway agents, in one: what they decide is the real planRouter and tunnelStatus, fed with what is handed over
 * and with routers that a history connects. It reads the store as it is and writes like any process, late and at risk.
 */
export class AgentModel {
  readonly #actor: Actor;
  readonly #server: ApiServer;
  readonly #client: KubeApi;
  readonly #picture: Picture;
  readonly #links = new Map<string, Link>();
  readonly #records = new Map<string, ConfigurationRecord>();
  /** By uid: what is said of keys that routers have made, until their statuses have it. */
  readonly #sayings = new Map<string, KeySaying>();
  readonly #waiting = new Set<string>();
  readonly #devices: Devices;

  constructor(actor: Actor, server: ApiServer, client: KubeApi, picture: Picture, devices: Devices) {
    this.#devices = devices;
    this.#actor = actor;
    this.#server = server;
    this.#client = client;
    this.#picture = picture;
    server.onChange((change) => this.#see(change));
  }

  /** The router behind a Router makes a handshake, if its peer is set. */
  connect(key: string): void {
    const peer = this.#peer(key);
    if (peer === undefined) return;
    const now = this.#now();
    const link = this.#links.get(peer.publicKey) ?? newLink(now);
    const counter = Math.max(Math.floor(now.wall / 1000), link.counter + 1);
    this.#links.set(peer.publicKey, nextLink(link, counter, now, OFFLINE_AFTER_MS));
    this.#soon(key);
  }

  /** It has not been heard of for long. */
  disconnect(key: string): void {
    const peer = this.#peer(key);
    const link = peer && this.#links.get(peer.publicKey);
    if (peer === undefined || link?.state !== 'Connected') return;
    this.#links.set(peer.publicKey, { ...link, state: 'Offline' });
    this.#soon(key);
  }

  isConnected(key: string): boolean {
    return this.#links.get(this.#peer(key)?.publicKey ?? '')?.state === 'Connected';
  }

  #see({ plural, key }: Change): void {
    if (plural === 'routers') this.#soon(key);
    if (plural === 'tenanttunnels') this.#soon(`tunnel ${key}`, GATHER_MS);
    if (plural !== 'configmaps' && plural !== 'secrets') return;
    for (const { tunnel, peer } of this.#picture.peers()) {
      if (key.endsWith(`/tunnel-${tunnel}`) || key.includes(`/tunnel-${tunnel}-`))
        this.#soon(keyOfPeer(peer));
    }
    for (const { tunnel } of this.#picture.handovers.values()) {
      if (tunnel !== undefined) this.#soon(`tunnel ${keyOfPeer(tunnel.tenantTunnel)}`, GATHER_MS);
    }
  }

  #soon(key: string, ms = 20): void {
    if (this.#waiting.has(key)) return;
    this.#waiting.add(key);
    this.#actor.clock.after(ms, () => {
      this.#waiting.delete(key);
      const [kind, name = ''] = key.split(' ');
      const work = kind === 'tunnel' ? this.#reportTunnel(name) : this.#reportRouter(key);
      work.catch((error: unknown) => {
        if (!isApiError(error, 'NotFound', 'Conflict')) this.#soon(key, RETRY_MS);
      });
    });
  }

  async #reportRouter(key: string): Promise<void> {
    const router = this.#server.peek(ROUTERS, key);
    if (router === undefined) return;
    const { uid, generation } = router.metadata;
    const { write, configure, againMs } = planRouter(this.#input(key, router));
    if (againMs !== undefined) this.#soon(key, againMs);
    if (configure !== 'none') this.#configure(key, uid, generation);
    else this.#changeKey(key, router);
    if (write === undefined) return;
    // What becomes of profiles another actor here says, under a name of its own.
    const { profiles: _, ...status } = write.status;
    await applyStatusIfChanged(this.#client, ROUTERS, router, status, {
      fieldManager: FIELD_MANAGER,
      owned: { ...write.owned, fields: write.owned.fields.filter((field) => field !== 'profiles') },
    });
  }

  #input(key: string, router: Router): RouterInput {
    const { uid } = router.metadata;
    const handed = this.#handed(key);
    const peer = handed?.peer;
    const isHere = peer !== undefined && peer.uid === uid;
    const tunnel = [...this.#picture.handovers.values()].find(
      (handover) => handover.tunnel && keyOfPeer(handover.tunnel.tenantTunnel) === router.status?.tunnel,
    );
    const isWhole = tunnel?.tunnel?.blocks.every((block) => tunnel.peers.has(block)) ?? false;
    const link = isHere ? this.#link(peer.publicKey, router) : undefined;
    if (link === undefined || link.state === 'Awaiting') this.#records.delete(uid);
    return {
      router,
      presence: isHere ? 'here' : peer === undefined && isWhole ? 'removed' : 'elsewhere',
      link,
      record: this.#records.get(uid),
      publicKey: isHere ? peer.publicKey : undefined,
      key: isHere ? this.#sayings.get(uid) : undefined,
      due: handed?.peer.uid === uid ? this.#devices.due(handed) : undefined,
      now: this.#now(),
      identity: NOTHING_KNOWN,
      offlineAfterSeconds: OFFLINE_AFTER_MS / 1000,
    };
  }

  #link(publicKey: string, router: Router): Link {
    const known = this.#links.get(publicKey) ?? newLink(this.#now());
    const link = isSaidConnected(router, publicKey) ? adoptLink(known, this.#now()) : known;
    this.#links.set(publicKey, link);
    return link;
  }

  #configure(key: string, uid: string, generation: number): void {
    this.#actor.clock.after(LOG_IN_MS, () => {
      const handed = this.#handed(key);
      const arrivals = this.#links.get(handed?.peer.publicKey ?? '')?.arrivals ?? 0;
      const { wall, monotonic } = this.#now();
      const revision = handed?.peer.uid === uid ? this.#devices.logIn(handed) : undefined;
      this.#records.set(uid, {
        state: 'done',
        generation,
        arrivals,
        startedAt: monotonic,
        failures: 0,
        failure: undefined,
        facts: undefined,
        revision,
        answeredAt: wall,
        notBefore: 0,
      });
      this.#soon(key);
    });
  }

  /** As KeyKeeper does: a router that is Online, and what is handed over of it is what its gateway lets in. */
  #changeKey(key: string, router: Router): void {
    const { uid } = router.metadata;
    const handed = this.#handed(key);
    if (handed?.peer.uid !== uid || router.status?.phase !== 'Online' || router.spec.suspended) return;
    if (router.status.publicKey !== handed.peer.publicKey || !this.isConnected(key)) return;
    const saying = this.#sayings.get(uid);
    if (isDeepStrictEqual(saying, router.status.credentials?.key)) this.#sayings.delete(uid);
    const { next, ...keys } = this.#devices.keys(handed);
    const step = keyStep({
      router,
      peer: { router: handed.peer, ...keys, ...(next !== undefined && { next }) },
      saying: this.#sayings.get(uid),
      ownKeys: this.#picture.handovers.get(handed.tunnel)?.tunnel?.ownKeys === true,
      isLetIn: true,
    });
    if (step.step === 'none' || this.#waiting.has(`key ${key}`)) return;
    this.#waiting.add(`key ${key}`);
    this.#actor.clock.after(LOG_IN_MS, () => {
      this.#waiting.delete(`key ${key}`);
      // It may have been handed over otherwise meanwhile, and then no such session would come about.
      const now = this.#handed(key);
      const isSame =
        now?.peer.uid === uid &&
        now.peer.publicKey === handed.peer.publicKey &&
        this.#devices.keys(now).next === next;
      const saying = isSame ? this.#devices.changeKey(now, step) : undefined;
      if (saying !== undefined) this.#sayings.set(uid, saying);
      this.#soon(key, saying === undefined ? RETRY_MS : 20);
    });
  }

  async #reportTunnel(key: string): Promise<void> {
    const object = this.#server.peek(TENANT_TUNNELS, key);
    const handover = [...this.#picture.handovers.values()].find(
      ({ tunnel }) => tunnel?.tenantTunnel.uid === object?.metadata.uid,
    );
    if (object === undefined || handover?.node === undefined) return;
    const peers = [...handover.peers.values()].flat();
    const links = peers.map(({ publicKey }) => this.#links.get(publicKey));
    const connected = links.filter((link) => link?.state === 'Connected').length;
    const online = peers.filter(
      (peer) => this.#server.peek(ROUTERS, keyOfPeer(peer))?.status?.phase === 'Online',
    );
    const status = tunnelStatus({
      object,
      nodeName: handover.node,
      counts: { total: peers.length, connected, online: Math.min(online.length, connected) },
      lastHandshake: Math.max(0, ...links.map((link) => link?.lastHandshake ?? 0)),
      programmed: 'set',
      services: null,
      endpoint: null,
      wall: this.#now().wall,
    });
    if (status === undefined) return;
    const options = { fieldManager: FIELD_MANAGER, owned: TUNNEL_OWNED };
    await applyStatusIfChanged(this.#client, TENANT_TUNNELS, object, status, options);
  }

  #peer(key: string) {
    return this.#handed(key)?.peer;
  }

  #handed(key: string) {
    for (const handed of this.#picture.peers()) if (keyOfPeer(handed.peer) === key) return handed;
    return undefined;
  }

  #now() {
    const { clock } = this.#actor;
    return { wall: clock.wall(), monotonic: clock.monotonic() };
  }
}

const keyOfPeer = ({ namespace, name }: { namespace: string; name: string }): string =>
  `${namespace}/${name}`;
