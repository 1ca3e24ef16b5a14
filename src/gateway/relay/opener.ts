/** From a request to an open stream: who asks, for what, may they, where is it, and the way there. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';
import { SidecarError } from '../../wireguard/index.ts';
import { routerKey } from '../fleet.ts';
import type { SidecarPort } from '../sidecar-health.ts';
import { tokenOf } from './credentials.ts';
import { type Found, type Known, locate } from './locate.ts';
import { FORWARDED_HEADER, type Neighbours } from './neighbours.ts';
import type { Quota } from './quota.ts';
import { Refusal } from './refusal.ts';
import { type Caller, type Reviews, RIGHT, type Subject } from './reviews.ts';
import { authorityOf, type Target } from './target.ts';

export interface OpenerOptions {
  audience: string;
  reviews: Reviews;
  known: () => Known;
  sidecar: Pick<SidecarPort, 'connect'>;
  neighbours: Neighbours;
  quota: Quota;
  /** Where this relay says that it is reached by the others. */
  self: () => string | undefined;
}

export interface Asked {
  target: Target;
  headers: IncomingHttpHeaders;
  /** Address of the client. */
  source: string;
  /** Aborted when the client has gone. */
  signal: AbortSignal;
}

export interface Opened {
  stream: Duplex;
  caller: Caller;
  /** `namespace/name` of the Router; undefined where another relay knows it. */
  router: string | undefined;
  /** Gives its place back; to be called when the stream has ended. */
  release: () => void;
}

export class Opener {
  readonly #options: OpenerOptions;

  constructor(options: OpenerOptions) {
    this.#options = options;
  }

  /** @throws Refusal */
  async open({ target, headers, source, signal }: Asked): Promise<Opened> {
    const { audience, reviews } = this.#options;
    const token = tokenOf(headers, audience);
    const caller = await reviews.authenticate(token, source);
    // Whether there is such a Router is told to those who may connect to it.
    if (target.by === 'name') await this.#demand(caller, target);
    const found = locate(target, this.#options.known());
    if (found.at === 'here') return this.#openHere(caller, target, found, signal);
    if (found.at === 'node') return this.#openElsewhere(caller, target, found, token, headers, signal);
    if (target.by === 'address') await this.#demand(caller, namespaceOf(found));
    throw new Refusal(found.at === 'nowhere' ? 404 : 502, found.why);
  }

  async #openHere(
    caller: Caller,
    target: Target,
    { router, interfaceName, address }: Found & { at: 'here' },
    signal: AbortSignal,
  ): Promise<Opened> {
    const { quota, sidecar } = this.#options;
    if (target.by === 'address') await this.#demand(caller, router);
    const release = quota.take({ tunnel: interfaceName, caller: caller.username });
    try {
      const stream = await sidecar.connect(interfaceName, address, target.port, signal);
      return { stream, caller, router: routerKey(router), release };
    } catch (error) {
      release();
      throw refusalOf(error, `${routerKey(router)} at ${address}:${target.port}`);
    }
  }

  async #openElsewhere(
    caller: Caller,
    target: Target,
    { node }: Found & { at: 'node' },
    token: string,
    headers: IncomingHttpHeaders,
    signal: AbortSignal,
  ): Promise<Opened> {
    const { quota, neighbours, self } = this.#options;
    if (headers[FORWARDED_HEADER] !== undefined) {
      throw new Refusal(503, `The tunnel has just moved, to node ${node}; try again.`);
    }
    const release = quota.take({ tunnel: `node ${node}`, caller: caller.username });
    try {
      const stream = await neighbours.open({ node, authority: authorityOf(target), token, signal }, self());
      return { stream, caller, router: undefined, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  async #demand(caller: Caller, subject: Subject): Promise<void> {
    const { namespace, name } = subject;
    if (await this.#options.reviews.may(caller, { namespace, name })) return;
    const where = namespace === '' ? 'in any namespace' : `in namespace ${namespace}`;
    const what = name === '' ? '' : ` for Router ${name}`;
    throw new Refusal(
      403,
      `${caller.username} lacks the right to ${RIGHT}${what} ${where}: bind a Role that has it.`,
    );
  }
}

const namespaceOf = (found: Found): Subject => ({
  namespace: found.at === 'nowhere' ? found.namespace : '',
  name: '',
});

/** What the sidecar refused, in the relay's words. */
export function refusalOf(error: unknown, where: string): Refusal {
  if (!(error instanceof SidecarError)) {
    return new Refusal(503, 'The connection was called off.', { cause: error });
  }
  const options = { cause: error };
  switch (error.code) {
    case 'ConnectFailed':
      return new Refusal(
        502,
        `Router ${where} refuses the connection: nothing listens there, or a rule of its firewall or of the service forbids it.`,
        options,
      );
    case 'ConnectTimeout':
      return new Refusal(
        504,
        `Router ${where} does not answer: it is offline, or its firewall drops the packets.`,
        options,
      );
    case 'AddressOutside':
      return new Refusal(
        502,
        `Router ${where}: the address lies outside of what the tunnel reaches.`,
        options,
      );
    case 'TooManyStreams':
      return new Refusal(503, 'Too many connections are open into the tunnel; try again later.', options);
    default:
      return new Refusal(503, `The tunnel of Router ${where} is not ready on its node; try again.`, options);
  }
}
