import { isNetwork, type Network, parseNetwork } from '../allocation/index.ts';
import type { Router } from '../api/index.ts';
import { NetworkTable, WIDEST } from './network-table.ts';
import { tunnelName } from './rivals.ts';

/** What Routers want for networks behind them, and which of these their statuses tell as theirs. Scopes are tunnels' names. */
export class SubnetIndex {
  readonly wanted = new NetworkTable();
  readonly told = new NetworkTable();
  readonly #noted = new Map<string, Claims>();

  /**
   * Takes in what a Router is now; undefined: gone. Gives the keys of others that ask for what went or came; `aliasesOf` gives
   * all names of the tunnel that is called by one.
   */
  note(key: string, router: Router | undefined, aliasesOf: (name: string) => string[]): string[] {
    const before = this.#noted.get(key) ?? NOTHING;
    const now = claimsOf(router);
    if (before.wanted.length === 0 && now.wanted.length === 0) return [];
    const isMoved = before.scope !== now.scope;
    const changed = (some: readonly string[], others: readonly string[]): string[] =>
      isMoved ? [...some] : some.filter((text) => !others.includes(text));
    const gone = [...changed(before.wanted, now.wanted), ...changed(before.told, now.told)];
    const came = changed(now.told, before.told);
    if (now.wanted.length === 0) this.#noted.delete(key);
    else this.#noted.set(key, now);
    this.wanted.set(key, now.scope, now.wanted.map(parseNetwork));
    this.told.set(key, now.scope, now.told.map(parseNetwork));
    const askers = [
      ...this.#askers(() => aliasesOf(before.scope), gone),
      ...this.#askers(() => aliasesOf(now.scope), came),
    ];
    return [...new Set(askers)].filter((other) => other !== key);
  }

  #askers(scopesOf: () => readonly string[], texts: readonly string[]): string[] {
    const scopes = texts.length === 0 ? [] : scopesOf();
    return texts
      .map(parseNetwork)
      .flatMap((network) =>
        scopes.flatMap((scope) => [...this.wanted.overlapping(scope, network)].map(({ owner }) => owner)),
      );
  }
}

interface Claims {
  scope: string;
  wanted: readonly string[];
  told: readonly string[];
}

const NOTHING: Claims = { scope: '', wanted: [], told: [] };

function claimsOf(router: Router | undefined): Claims {
  if (router === undefined || router.metadata.deletionTimestamp !== undefined) return NOTHING;
  const wanted = (router.spec.subnets ?? []).filter((text) => readNetwork(text) !== undefined);
  if (wanted.length === 0) return NOTHING;
  return { scope: tunnelName(router), wanted, told: wanted.filter((text) => isTold(router, text)) };
}

/** A network as the CRD takes it; undefined for anything else. */
export function readNetwork(text: string): Network | undefined {
  if (!isNetwork(text)) return undefined;
  const network = parseNetwork(text);
  return network.length < WIDEST ? undefined : network;
}

/** Whether a Router's status tells a network as its own. */
export const isTold = ({ status }: Pick<Router, 'status'>, text: string): boolean =>
  status?.subnets?.includes(text) ?? false;
