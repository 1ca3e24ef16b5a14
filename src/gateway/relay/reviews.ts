/**
 * Who a token belongs to and what that caller may: asked of the API server (TokenReview, SubjectAccessReview), the
 * answers kept for less than a minute. Nothing here holds a token: they are known by their hash.
 */
import { createHash } from 'node:crypto';
import { GROUP } from '../../api/index.ts';
import {
  type Clock,
  type KubeClient,
  type Logger,
  messageOf,
  type ResourceType,
  type SubjectAccessReview,
  subjectAccessReviews,
  type TokenReview,
  tokenReviews,
} from '../../kube/index.ts';
import { expiryOf } from './credentials.ts';
import { ExpiringCache } from './expiring-cache.ts';
import { RateLimit } from './rate-limit.ts';
import { Refusal } from './refusal.ts';

export interface Caller {
  username: string;
  uid?: string;
  groups?: string[];
  extra?: Record<string, string[]>;
}

/** What a right is asked for: empty means all. */
export interface Subject {
  namespace: string;
  name: string;
}

export type ReviewOutcome = 'allowed' | 'denied' | 'failed' | 'limited' | 'remembered';

export interface ReviewsOptions {
  client: Pick<KubeClient, 'review'>;
  audience: string;
  clock: Clock;
  logger: Logger;
  onReview?: (review: 'token' | 'access', outcome: ReviewOutcome) => void;
}

/** The right that a caller needs, as `kubectl auth can-i` takes it. */
export const RIGHT = `create routers/connect.${GROUP}`;

const YES_MS = 30_000;
const NO_MS = 10_000;
const ANSWER_LIMIT_MS = 5_000;
const MOST_AT_ONCE = 32;
/** Tokens that were not seen before: by who sent them, and in all. */
const TOKENS_BY_SOURCE = { perSecond: 10, burst: 40 };
const TOKENS_IN_ALL = { perSecond: 50, burst: 200 };
const RIGHTS_BY_CALLER = { perSecond: 20, burst: 200 };
const RIGHTS_IN_ALL = { perSecond: 100, burst: 400 };

const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64');

export class Reviews {
  readonly #options: ReviewsOptions;
  readonly #callers: ExpiringCache<Caller>;
  /** Apart from those that are known, so that a flood of wrong ones does not push these out. */
  readonly #strangers: ExpiringCache<true>;
  readonly #rights: ExpiringCache<boolean>;
  readonly #asking = new Map<string, Promise<unknown>>();
  readonly #limits: Record<'source' | 'tokens' | 'caller' | 'rights', RateLimit>;
  #failure = '';

  constructor(options: ReviewsOptions) {
    const { clock } = options;
    this.#options = options;
    this.#callers = new ExpiringCache(4_096, clock);
    this.#strangers = new ExpiringCache(4_096, clock);
    this.#rights = new ExpiringCache(16_384, clock);
    this.#limits = {
      source: new RateLimit(TOKENS_BY_SOURCE, clock),
      tokens: new RateLimit(TOKENS_IN_ALL, clock),
      caller: new RateLimit(RIGHTS_BY_CALLER, clock),
      rights: new RateLimit(RIGHTS_IN_ALL, clock),
    };
  }

  /** @param source address of the client. @throws Refusal 407, 429, 503 */
  async authenticate(token: string, source: string): Promise<Caller> {
    const key = sha256(token);
    const known = this.#callers.get(key);
    if (known !== undefined) {
      this.#tell('token', 'remembered');
      return known;
    }
    if (this.#strangers.get(key)) {
      this.#tell('token', 'remembered');
      throw unknownToken();
    }
    const caller = await this.#once(`token ${key}`, async () => {
      this.#limit('token', this.#limits.source.take(source) && this.#limits.tokens.take(''));
      return this.#reviewToken(token, key);
    });
    if (caller === undefined) throw unknownToken();
    return caller;
  }

  /** Whether a caller may connect to a Router, or to all of a namespace, or to all. @throws Refusal 429, 503 */
  async may(caller: Caller, { namespace, name }: Subject): Promise<boolean> {
    // The widest first: who reads a thousand routers every half minute is to cost one question and not a thousand.
    const subjects = [
      { namespace: '', name: '' },
      { namespace, name: '' },
      { namespace, name },
    ];
    const wide = namespace === '' ? 1 : name === '' ? 2 : 3;
    for (const subject of subjects.slice(0, wide)) if (await this.#hasRight(caller, subject)) return true;
    return false;
  }

  async #hasRight(caller: Caller, subject: Subject): Promise<boolean> {
    const { username, uid, groups, extra } = caller;
    const key = sha256(JSON.stringify([username, uid, groups, extra, subject.namespace, subject.name]));
    const known = this.#rights.get(key);
    if (known !== undefined) {
      this.#tell('access', 'remembered');
      return known;
    }
    return this.#once(`access ${key}`, async () => {
      this.#limit('access', this.#limits.caller.take(username) && this.#limits.rights.take(''));
      const { status } = await this.#ask('access', subjectAccessReviews, accessReview(caller, subject));
      const isAllowed = status?.allowed === true && status.denied !== true;
      this.#rights.set(key, isAllowed, isAllowed ? YES_MS : NO_MS);
      this.#tell('access', isAllowed ? 'allowed' : 'denied');
      return isAllowed;
    });
  }

  async #reviewToken(token: string, key: string): Promise<Caller | undefined> {
    const { audience, clock } = this.#options;
    const { status } = await this.#ask('token', tokenReviews, { token, audiences: [audience] });
    const { username, uid, groups, extra } = status?.user ?? {};
    // An authenticator that knows no audiences says yes to any: only one that repeats ours has looked.
    const isOurs = status?.authenticated === true && status.audiences?.includes(audience) === true;
    if (!isOurs || username === undefined || username === '') {
      this.#strangers.set(key, true, NO_MS);
      this.#tell('token', 'denied');
      return undefined;
    }
    const caller: Caller = {
      username,
      ...(uid !== undefined && { uid }),
      ...(groups !== undefined && { groups }),
      ...(extra !== undefined && { extra }),
    };
    const left = (expiryOf(token) ?? Number.POSITIVE_INFINITY) * 1_000 - clock.wall();
    this.#callers.set(key, caller, Math.min(YES_MS, left));
    this.#tell('token', 'allowed');
    return caller;
  }

  async #ask<T extends TokenReview | SubjectAccessReview>(
    review: 'token' | 'access',
    type: ResourceType<T>,
    spec: object,
  ): Promise<T> {
    const { client, logger } = this.#options;
    if (this.#asking.size > MOST_AT_ONCE) this.#limit(review, false);
    try {
      const answer = await client.review(type, spec, { timeoutMs: ANSWER_LIMIT_MS });
      this.#failure = '';
      return answer;
    } catch (error) {
      this.#tell(review, 'failed');
      const failure = messageOf(error);
      if (failure !== this.#failure) {
        logger.warn({ err: error }, 'The relay cannot ask the API server who a caller is and what it may.');
      }
      this.#failure = failure;
      throw new Refusal(503, 'The API server could not be asked who you are and what you may; try again.', {
        cause: error,
      });
    }
  }

  /** Who asks for what is being asked for waits for that answer. */
  #once<V>(key: string, work: () => Promise<V>): Promise<V> {
    const running = this.#asking.get(key) as Promise<V> | undefined;
    if (running !== undefined) return running;
    const started = work().finally(() => this.#asking.delete(key));
    this.#asking.set(key, started);
    return started;
  }

  #limit(review: 'token' | 'access', isWithin: boolean): void {
    if (isWithin) return;
    this.#tell(review, 'limited');
    throw new Refusal(
      429,
      'Too many tokens or rights that have to be looked up at once; try again in some seconds.',
    );
  }

  #tell(review: 'token' | 'access', outcome: ReviewOutcome): void {
    this.#options.onReview?.(review, outcome);
  }
}

const unknownToken = (): Refusal =>
  new Refusal(407, 'The API server does not know the token, or it has expired; read it anew from its file.');

function accessReview(caller: Caller, { namespace, name }: Subject): object {
  const { username, ...rest } = caller;
  return {
    user: username,
    ...rest,
    resourceAttributes: {
      group: GROUP,
      resource: 'routers',
      subresource: 'connect',
      verb: 'create',
      namespace,
      name,
    },
  };
}
