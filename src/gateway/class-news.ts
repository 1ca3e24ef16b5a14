import { routerKey, type Tunnel } from './fleet.ts';

/** Wakes the routers of a tunnel when what its class says of them is another thing than before. */
export class ClassNews {
  readonly #said = new WeakMap<Tunnel, string>();
  readonly #wake: (router: string) => void;

  constructor(wake: (router: string) => void) {
    this.#wake = wake;
  }

  look(tunnel: Tunnel): void {
    const { handover, peers } = tunnel.desired;
    if (handover === undefined) return;
    const said = JSON.stringify([handover.profiles, handover.backup, handover.ownKeys]);
    const before = this.#said.get(tunnel);
    this.#said.set(tunnel, said);
    // At first too: a restarted agent knows its routers before it knows where they are.
    if (before !== said) for (const { router } of peers.values()) this.#wake(routerKey(router));
  }
}
