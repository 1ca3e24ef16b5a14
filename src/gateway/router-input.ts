import type { Router } from '../api/index.ts';
import type { ConfigurationRecord } from './configuration-record.ts';
import type { Link, Moment } from './connectivity.ts';
import type { Identity } from './identity/saying.ts';
import type { KeySaying } from './keys/key-step.ts';
import type { ProfileSaying } from './profiles/profile-reports.ts';
import type { SaidCondition } from './router-sayings.ts';

/** All that is known of a router when it is decided what to say of it. */
export interface RouterInput {
  router: Router;
  /**
   * `here`: a peer of an interface on this node. `removed`: its tunnel is here, complete and without it.
   * `elsewhere`: not for this agent to speak of.
   */
  presence: 'here' | 'removed' | 'elsewhere';
  /** While `here`. */
  link: Link | undefined;
  record: ConfigurationRecord | undefined;
  /** What this process knows of who uses its key. */
  identity: Identity;
  /** The key of its peer, while `here`. */
  publicKey?: string | undefined;
  /** Number of the password that it is to be given; undefined: the one that it has stays. */
  due?: number | undefined;
  /** What is to be said of a key that it has made; undefined: what its status says already. */
  key?: KeySaying | undefined;
  /** What is to be said of its profiles; undefined: what its status says already. */
  profiles?: ProfileSaying | undefined;
  /** The condition BackedUp as it is to be; undefined: none. */
  backup?: SaidCondition | undefined;
  /** The endpoint that it is yet to be brought to, as host:port. */
  behind?: string | undefined;
  now: Moment;
  offlineAfterSeconds: number;
}
