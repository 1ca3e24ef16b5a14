/** RouterProfiles, and the values of Secrets that the controller copied for them, in local stores. */
import {
  LABEL_PART,
  MAX_PROFILE_VALUE,
  type ProfileSource,
  profileRevision,
  ROUTER_PROFILES,
  type RouterProfile,
  readValueVersions,
  secretsOf,
  VALUES_PART,
  valuesObjectName,
} from '../../api/index.ts';
import { Informer, type KubeClient, type Logger, type Secret, secrets } from '../../kube/index.ts';

export interface ProfileCacheOptions {
  client: KubeClient;
  /** Of what the controller hands over. */
  namespace: string;
  logger: Logger;
}

const SELECTING = 'selecting';

export class ProfileCache implements ProfileSource {
  readonly profiles: Informer<RouterProfile>;
  readonly values: Informer<Secret>;
  readonly #namespace: string;
  readonly #read = new WeakMap<
    RouterProfile,
    { copy: Secret | undefined; revision: string; values: ReadonlyMap<string, string> }
  >();

  constructor({ client, namespace, logger }: ProfileCacheOptions) {
    this.#namespace = namespace;
    this.profiles = new Informer({
      client,
      type: ROUTER_PROFILES,
      indexes: {
        [SELECTING]: ({ metadata, spec }) => (spec.selector === undefined ? [] : [metadata.namespace]),
      },
      logger,
    });
    this.values = new Informer({
      client,
      type: secrets,
      namespace,
      labelSelector: `${LABEL_PART}=${VALUES_PART}`,
      logger,
    });
  }

  get(key: string): RouterProfile | undefined {
    return this.profiles.get(key);
  }

  selecting(namespace: string): readonly RouterProfile[] {
    return this.profiles.byIndex(SELECTING, namespace);
  }

  revisionOf(profile: RouterProfile): string {
    return this.#of(profile).revision;
  }

  /** By the names that the profile's templates have for them; what is not there is left out. */
  valuesOf(profile: RouterProfile): ReadonlyMap<string, string> {
    return this.#of(profile).values;
  }

  /** Read once for all the routers that have it. */
  #of(profile: RouterProfile) {
    const copy = this.values.get(`${this.#namespace}/${valuesObjectName(profile.metadata.namespace)}`);
    const known = this.#read.get(profile);
    if (known !== undefined && known.copy === copy) return known;
    const read = {
      copy,
      revision: profileRevision(profile, readValueVersions(copy)),
      values: valuesIn(copy, profile),
    };
    this.#read.set(profile, read);
    return read;
  }
}

function valuesIn(copy: Secret | undefined, profile: RouterProfile): ReadonlyMap<string, string> {
  const { data = {} } = copy ?? {};
  const found = new Map<string, string>();
  for (const { name, dataKey } of secretsOf(profile.spec)) {
    const encoded = Object.hasOwn(data, dataKey) ? data[dataKey] : undefined;
    if (encoded === undefined || encoded.length > MAX_PROFILE_VALUE * 2) continue;
    found.set(name, Buffer.from(encoded, 'base64').toString('utf8'));
  }
  return found;
}
