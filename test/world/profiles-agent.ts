import {
  keyOfRef,
  type ProfileReport,
  type ProfileSource,
  type ProfilesHandover,
  profileRevision,
  ROUTER_PROFILES,
  ROUTERS,
  type Router,
  type RouterProfile,
  readValueVersions,
  reportOf,
  selectProfiles,
  turnOf,
  valuesObjectName,
} from '../../src/api/index.ts';
import {
  applyStatusIfChanged,
  isApiError,
  type KubeApi,
  keyOf,
  type OwnedStatus,
  secrets,
} from '../../src/kube/index.ts';
import type { Actor } from './actor.ts';
import type { ApiServer, Change } from './api/server.ts';
import { GATEWAYS } from './crew.ts';
import type { Picture } from './picture.ts';

const OWNED: OwnedStatus = { fields: ['profiles'], conditions: [] };
const APPLY_MS = 400;
const RETRY_MS = 5000;
const LOOK_MS = 100;

/** A menu that no router has, and one that only those with an odd name have. */
export const FAILS = '/fails';
export const FAILS_ODD = '/fails/odd';

export const failsOn = ({ spec }: RouterProfile, router: Router): boolean =>
  (spec.resources ?? []).some(
    ({ path }) => path === FAILS || (path === FAILS_ODD && /[135]$/.test(router.metadata.name)),
  );

/** What the agents do about profiles: whose turn it is, real; the routers' part, a wait and an outcome. */
export class ProfilesAgent {
  readonly #actor: Actor;
  readonly #server: ApiServer;
  readonly #client: KubeApi;
  readonly #picture: Picture;
  readonly #isConnected: (key: string) => boolean;
  readonly #waiting = new Set<string>();
  readonly #busy = new Set<string>();

  constructor(
    actor: Actor,
    server: ApiServer,
    client: KubeApi,
    picture: Picture,
    isConnected: (key: string) => boolean,
  ) {
    this.#actor = actor;
    this.#server = server;
    this.#client = client;
    this.#picture = picture;
    this.#isConnected = isConnected;
    server.onChange((change) => this.#see(change));
  }

  #see({ plural, key }: Change): void {
    if (plural === 'routers') this.#soon(key);
    if (plural !== 'routerprofiles' && plural !== 'secrets' && plural !== 'configmaps') return;
    for (const router of this.#server.all(ROUTERS)) this.#soon(keyOf(router));
  }

  #soon(key: string, ms = LOOK_MS): void {
    if (this.#waiting.has(key)) return;
    this.#waiting.add(key);
    this.#actor.clock.after(ms, () => {
      this.#waiting.delete(key);
      this.#tend(key).catch((error: unknown) => {
        this.#busy.delete(key);
        if (!isApiError(error, 'NotFound', 'Conflict')) this.#soon(key, RETRY_MS);
        else this.#soon(key);
      });
    });
  }

  async #tend(key: string): Promise<void> {
    const router = this.#server.peek(ROUTERS, key);
    if (router === undefined || this.#busy.has(key)) return;
    if (router.status?.phase !== 'Online' || !this.#isConnected(key)) return;
    const reports = router.status.profiles ?? [];
    const ofClass = this.#ofClass(router);
    const { chosen } = selectProfiles(router, ofClass, this.#source(), {});
    const said = chosen.flatMap((one): ProfileReport[] => {
      const { profile } = one;
      const { namespace, name } = profile.metadata;
      const before = reportOf(reports, profile);
      const revision = this.#revision(profile);
      const turn = turnOf({
        chosen: one,
        revision,
        router: { uid: router.metadata.uid, reports },
        ofClass,
        now: this.#actor.clock.wall(),
      });
      if (turn.do !== 'apply') return before === undefined ? [] : [before];
      if (profile.spec.dryRun) return [{ namespace, name, revision, state: 'Planned' }];
      const problems = [{ row: FAILS, reason: 'Unknown', message: 'The router has no such menu.' }];
      return failsOn(profile, router)
        ? [{ namespace, name, revision, state: 'Failed', problems }]
        : [{ namespace, name, revision, state: 'Applied' }];
    });
    if (JSON.stringify(said) === JSON.stringify(reports)) return;
    this.#busy.add(key);
    await new Promise<void>((resolve) => this.#actor.clock.after(APPLY_MS, resolve));
    const now = this.#server.peek(ROUTERS, key);
    this.#busy.delete(key);
    if (now === undefined || now.metadata.uid !== router.metadata.uid) return;
    await applyStatusIfChanged(this.#client, ROUTERS, now, said.length === 0 ? {} : { profiles: said }, {
      fieldManager: 'profiles-agent',
      owned: OWNED,
    });
    this.#soon(key);
  }

  #revision(profile: RouterProfile): string {
    const copy = this.#server.peek(secrets, `${GATEWAYS}/${valuesObjectName(profile.metadata.namespace)}`);
    return profileRevision(profile, readValueVersions(copy));
  }

  #ofClass(router: Router): ProfilesHandover['profiles'] {
    return classOf(this.#picture, router);
  }

  #source(): ProfileSource {
    return sourceOf(this.#server);
  }
}

/** What is handed over of the class of a router's tunnel. */
export function classOf(picture: Picture, router: Router) {
  const handover = [...picture.handovers.values()].find(
    ({ tunnel }) => tunnel && keyOfRef(tunnel.tenantTunnel) === router.status?.tunnel,
  );
  return handover?.tunnel?.profiles;
}

export const sourceOf = (server: ApiServer): ProfileSource => ({
  get: (key) => server.peek(ROUTER_PROFILES, key),
  selecting: (namespace) =>
    server
      .all(ROUTER_PROFILES)
      .filter(({ metadata, spec }) => metadata.namespace === namespace && spec.selector !== undefined),
});
