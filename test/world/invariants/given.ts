/** 2. What a router in the field was given never changes by itself. */
import { isLive } from '../../../src/allocation/index.ts';
import {
  ROUTERS,
  type Router,
  TENANT_TUNNELS,
  type TenantTunnel,
  TUNNEL_CLASSES,
} from '../../../src/api/index.ts';
import { keyOf } from '../../../src/kube/index.ts';
import type { ApiServer, Change } from '../api/server.ts';
import type { Picture } from '../picture.ts';
import { Violation } from '../violation.ts';
import { LONGEST_LAG_MS, QUARANTINE_SECONDS } from './times.ts';

interface Given {
  uid: string;
  tenant: string;
  tunnel: number;
  address: string;
  publicKey: string;
  /** The TenantTunnel that it refers to is, or was, another tenant's since. */
  mayMove: boolean;
}

interface Former extends Given {
  goneAt: number;
}

/** Who was given what, from the first script on that stood in a status. */
export class GivenToRouters {
  readonly #given = new Map<string, Given>();
  readonly #former = new Map<string, Former>();
  /** Routers whose spec.publicKey a person changed, or that were to have a fresh script, with when a status first answered to that. */
  readonly #keysTouched = new Map<string, { generation: number; answeredAt?: number }>();
  /** Addresses that a manifest pinned, and Routers that pinned one, with when that was last so. */
  readonly #pinned = new Map<string, number>();
  readonly #server: ApiServer;
  readonly #now: () => number;

  constructor(server: ApiServer, now: () => number) {
    this.#server = server;
    this.#now = now;
  }

  see({ plural, before, after }: Change, picture: Picture): void {
    if (plural === 'tenanttunnels') this.#seeTunnel(after as TenantTunnel | undefined);
    if (plural !== 'routers') return;
    const [old, now] = [before as Router | undefined, after as Router | undefined];
    if (old !== undefined && (now === undefined || now.metadata.deletionTimestamp !== undefined))
      this.#leave(old);
    if (now === undefined) return;
    if (now.spec.address !== undefined) {
      for (const one of [now.spec.address, keyOf(now)]) this.#pinned.set(one, this.#now());
    }
    this.#seeKey(old, now, picture);
    if (now.status?.script !== undefined && now.status.script !== old?.status?.script)
      this.#script(now, picture);
  }

  /** The ledger keeps what was given to every Router that is still the same. */
  ledger(picture: Picture): void {
    for (const [key, given] of this.#given) {
      // Told while hands were on the ledger.
      if (given.tunnel === UNKNOWN) Object.assign(given, placeOf(picture, key, given.address));
      const places = [...picture.records()].filter(
        ({ tunnel, entry }) => tunnel === given.tunnel && entry.owner === key && isLive(entry),
      );
      const kept = places.find(({ address }) => address === given.address);
      if (given.mayMove) continue;
      if (kept === undefined) throw lost(key, given, `ledger: ${places.map(({ address }) => address)}`);
      const { publicKey, isOwnKey } = kept.entry;
      // It has made that itself; whether it uses it, and is let in by it, is looked at in keys.ts.
      if (isOwnKey) Object.assign(given, { publicKey });
      const isAsked =
        this.#isMute(key, picture) || this.#server.peek(ROUTERS, key)?.spec.publicKey === publicKey;
      if (publicKey !== given.publicKey && !isAsked && !this.#mayKeyChange(key))
        throw lost(key, given, `ledger: ${publicKey}`);
    }
  }

  #script(router: Router, picture: Picture): void {
    const key = keyOf(router);
    const { address = '', publicKey = '' } = router.status ?? {};
    const { uid } = router.metadata;
    const { tunnel, tenant, ownKey } = placeOf(picture, key, address);
    const next: Given = {
      uid,
      tenant,
      tunnel,
      address,
      publicKey,
      mayMove: this.#isElsewhere(router, tenant),
    };
    const given = this.#given.get(key);
    if (given?.uid === uid && !given.mayMove) {
      if (address !== given.address) throw lost(key, given, `status: ${address}`);
      const isSame = [given.publicKey, router.spec.publicKey, ownKey].includes(publicKey);
      if (!isSame && !this.#mayKeyChange(key)) throw lost(key, given, `status: ${publicKey}`);
    }
    if (given?.uid !== uid) this.#comeBack(router, next);
    this.#given.set(key, next);
  }

  /** A Router made again within the quarantine gets its address back. */
  #comeBack(router: Router, next: Given): void {
    const key = keyOf(router);
    const former = this.#former.get(key);
    this.#former.delete(key);
    if (former === undefined || former.tenant !== next.tenant || former.tunnel !== next.tunnel) return;
    if (this.#now() - former.goneAt >= QUARANTINE_SECONDS * 1000) return;
    const isPinned = [former.address, key].some((one) => (this.#pinned.get(one) ?? -1) >= former.goneAt);
    if (isPinned) return;
    if (former.address !== next.address) throw lost(key, former, `after it was made again: ${next.address}`);
  }

  #seeKey(old: Router | undefined, now: Router, picture: Picture): void {
    const { generation } = now.metadata;
    const isRenewed = now.spec.script !== undefined && old?.spec.script?.renew !== now.spec.script.renew;
    if (old?.spec.publicKey !== now.spec.publicKey || isRenewed)
      this.#keysTouched.set(keyOf(now), { generation });
    const touched = this.#keysTouched.get(keyOf(now));
    if (touched === undefined || (now.status?.observedGeneration ?? -1) < touched.generation) return;
    if (this.#isMute(keyOf(now), picture)) return;
    touched.answeredAt ??= this.#now();
  }

  /** Without its class nothing new is told of a router that was given something, whatever becomes of spec.publicKey. */
  #isMute(key: string, picture: Picture): boolean {
    const given = this.#given.get(key);
    if (given === undefined) return false;
    const { className = '' } = picture.tunnels.get(given.tunnel) ?? {};
    return this.#server.peek(TUNNEL_CLASSES, className) === undefined;
  }

  #mayKeyChange(key: string): boolean {
    const touched = this.#keysTouched.get(key);
    if (touched === undefined) return false;
    return touched.answeredAt === undefined || this.#now() - touched.answeredAt < LONGEST_LAG_MS;
  }

  forgetTheGone(): void {
    this.#former.clear();
  }

  #leave(router: Router): void {
    const key = keyOf(router);
    const given = this.#given.get(key);
    if (given === undefined) return;
    this.#given.delete(key);
    this.#former.set(key, { ...given, goneAt: this.#now() });
  }

  /** Whether the TenantTunnel that it refers to has become another tenant's by the time that it is told. */
  #isElsewhere({ spec: { tunnelRef }, metadata }: Router, tenant: string): boolean {
    if (tunnelRef === undefined) return false;
    const key = `${tunnelRef.namespace ?? metadata.namespace}/${tunnelRef.name}`;
    return tenantOf(this.#server.peek(TENANT_TUNNELS, key)) !== tenant;
  }

  #seeTunnel(tunnel: TenantTunnel | undefined): void {
    if (tunnel === undefined) return;
    for (const [key, given] of this.#given) {
      const { tunnelRef } = this.#server.peek(ROUTERS, key)?.spec ?? {};
      const [namespace] = key.split('/');
      const isTarget = tunnelRef && `${tunnelRef.namespace ?? namespace}/${tunnelRef.name}` === keyOf(tunnel);
      if (isTarget && tenantOf(tunnel) !== given.tenant) given.mayMove = true;
    }
  }
}

const tenantOf = (tunnel: TenantTunnel | undefined): string | undefined =>
  tunnel && (tunnel.spec.tenant ?? tunnel.metadata.name);

const lost = (key: string, { tunnel, address, publicKey }: Given, now: string): Violation =>
  new Violation(
    '2 given',
    `Router ${key} was given ${address} in tunnel ${tunnel} with key ${publicKey}; ${now}`,
  );

const UNKNOWN = -1;

/** In which tunnel a Router has its address, and the key that it has made itself. */
function placeOf(
  picture: Picture,
  key: string,
  address: string,
): Pick<Given, 'tunnel' | 'tenant'> & { ownKey?: string } {
  for (const { tunnel, entry, address: at } of picture.records()) {
    if (entry.owner !== key || at !== address) continue;
    const { tenant = '' } = picture.tunnels.get(tunnel) ?? {};
    return { tunnel, tenant, ...(entry.isOwnKey && { ownKey: entry.publicKey }) };
  }
  return { tunnel: UNKNOWN, tenant: '' };
}
