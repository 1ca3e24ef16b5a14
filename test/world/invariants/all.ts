import type { Router, TenantTunnel } from '../../../src/api/index.ts';
import type { ApiServer, Change } from '../api/server.ts';
import { SYSTEM } from '../crew.ts';
import type { Devices } from '../devices.ts';
import type { Journal } from '../journal.ts';
import type { Picture } from '../picture.ts';
import { Violation } from '../violation.ts';
import { nothingLeaks } from './at-rest.ts';
import { endpointsLead } from './endpoints.ts';
import { GivenToRouters } from './given.ts';
import { ipv6IsTold, Subnets6 } from './ipv6.ts';
import { keysAreKnown } from './keys.ts';
import { networksAreRouted } from './networks.ts';
import { passwordsAreKnown } from './passwords.ts';
import { TunnelsStay } from './placed.ts';
import { Quarantine } from './quarantine.ts';
import { Recorded } from './recorded.ts';
import { profilesAreServed, Rollouts } from './rolled-out.ts';
import { secretsStayIn } from './secrecy.ts';
import { allAreServed, type Scene } from './served.ts';
import { GivenToTenants } from './tenants.ts';
import { handoverIsUnique, ledgerIsUnique, statusesAreUnique } from './unique.ts';

/** Holds every change of the store against the invariants, and the store as it is when all is quiet. */
export class Invariants {
  readonly #server: ApiServer;
  readonly #picture: Picture;
  readonly #journal: Journal;
  readonly #recorded = new Recorded();
  readonly #subnets6 = new Subnets6();
  /** Somebody has laid hands on the ledger, and it is not mended yet. */
  #isDisturbed = false;
  readonly #routers: GivenToRouters;
  readonly #tenants: GivenToTenants;
  readonly #quarantine: Quarantine;
  readonly #placed: TunnelsStay;
  readonly #rollouts: Rollouts;
  readonly #devices: Devices;

  constructor(
    server: ApiServer,
    picture: Picture,
    journal: Journal,
    time: { readonly now: number; readonly wall: number },
    devices: Devices,
  ) {
    this.#devices = devices;
    this.#server = server;
    this.#picture = picture;
    this.#journal = journal;
    this.#placed = new TunnelsStay(server, () => time.now);
    this.#rollouts = new Rollouts(server, () => time.now);
    this.#routers = new GivenToRouters(server, () => time.now);
    this.#tenants = new GivenToTenants(
      server,
      () => time.now,
      () => time.wall,
    );
    this.#quarantine = new Quarantine(() => time.wall);
    server.onChange((change) => {
      picture.see(change);
      this.#see(change);
    });
  }

  #see(change: Change): void {
    const { plural, key, after } = change;
    const picture = this.#picture;
    secretsStayIn(change);
    this.#quarantine.see(change);
    this.#placed.see(change);
    this.#tenants.see(change);
    this.#rollouts.see(change);
    if (plural === 'secrets' && key.startsWith(`${SYSTEM}/`)) {
      this.#recorded.see(picture);
      this.#isDisturbed ||= change.by === 'people';
      if (this.#isDisturbed) this.#forgetTheGone();
      else this.#seeLedger();
    }
    if (plural === 'configmaps') {
      this.#recorded.handover(picture);
      handoverIsUnique(picture);
      this.#subnets6.handover(picture);
    }
    if (plural === 'routers' && after !== undefined) {
      this.#recorded.router(after as Router);
      statusesAreUnique(picture, this.#server);
      // A router takes a key between two writes of the ledger.
      if (!this.#isDisturbed) keysAreKnown(picture, this.#devices);
    }
    if (plural === 'tenanttunnels' && after !== undefined) this.#recorded.tunnel(after as TenantTunnel);
    this.#routers.see(change, picture);
  }

  /** What lives is mended from a leader's memory; what was in quarantine when hands reached for it need not be. */
  #forgetTheGone(): void {
    this.#quarantine.forget();
    this.#routers.forgetTheGone();
    this.#tenants.forgetTheGone();
  }

  #seeLedger(): void {
    ledgerIsUnique(this.#picture, this.#server);
    this.#subnets6.ledger(this.#picture);
    this.#quarantine.ledger(this.#picture);
    this.#routers.ledger(this.#picture);
    passwordsAreKnown(this.#picture, this.#devices);
    keysAreKnown(this.#picture, this.#devices);
    this.#tenants.ledger(this.#picture);
  }

  /** After everything that was to be done is done. */
  atRest(scene: Omit<Scene, 'server' | 'picture'>): void {
    const [leak] = this.#journal.leaks;
    if (leak !== undefined) throw new Violation('6 secrets', `a log line holds one: ${leak}`);
    if (this.#isDisturbed) this.#forgetTheGone();
    this.#isDisturbed = false;
    this.#seeLedger();
    const whole = { ...scene, server: this.#server, picture: this.#picture };
    allAreServed(whole);
    nothingLeaks(whole);
    networksAreRouted(whole);
    profilesAreServed(whole);
    endpointsLead(whole);
    ipv6IsTold(this.#picture, this.#server);
  }
}
