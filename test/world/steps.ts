import type { Duty, Slot } from './crew.ts';
import type { Fault, WeatherName } from './weather.ts';

/** Kinds that people write manifests of. */
export type Kind = 'routers' | 'tenanttunnels' | 'tunnelclasses' | 'routerprofiles';

/** `silent`: its agent has fenced itself, as it said it would; `mute`: it never said so, and may work on. */
export type NodeState = 'alive' | 'silent' | 'mute' | 'troubled' | 'cordoned' | 'gone';

/** One thing that is done to a world. Each can be left out, and each means something in any state of the world. */
export type Deed =
  /** As `kubectl apply` does it: made, or its spec replaced. */
  | { do: 'apply'; kind: Kind; key: string; spec: object; isDefault?: boolean }
  | { do: 'delete'; kind: Kind; key: string }
  /** Deleted and made again with the same manifest at once, so that it has another uid. */
  | { do: 'renew'; kind: Kind; key: string }
  /** Somebody else's finalizer on a Router, and its end. */
  | { do: 'hold'; key: string }
  | { do: 'let go'; key: string }
  /** Its status is lost. */
  | { do: 'wipe'; kind: Kind; key: string }
  /** Done by hand to an object that the controller keeps. */
  | { do: 'remove' | 'unlabel' | 'garble'; plural: 'configmaps' | 'secrets'; key: string }
  | { do: 'remove' | 'unlabel'; plural: 'services' | 'endpointslices'; key: string }
  /** What Velero has of the ledger, and what somebody writes back of it. */
  | { do: 'back up' }
  | { do: 'restore' }
  | { do: 'connect' | 'disconnect'; key: string }
  | { do: 'node'; name: string; state: NodeState }
  | { do: 'weather'; name: WeatherName }
  | { do: 'duty'; slot: Slot; duty: Duty }
  | { do: 'kill'; slot: Slot }
  /** Killed at its next write but so many, before the write is done or after it. */
  | { do: 'doom'; slot: Slot; writes: number; written: boolean }
  | { do: 'stall'; slot: Slot; ms: number }
  /** All its watches are cut. */
  | { do: 'cut'; slot: Slot }
  /** The API server forgets its history. */
  | { do: 'compact' }
  /** From now on the server refuses this request, until it is blessed. */
  | { do: 'curse'; what: string }
  | { do: 'bless' }
  /** A Secret of people is written, and the rollout of a profile told to go on. */
  | { do: 'secret'; key: string; data: Record<string, string> }
  | { do: 'resume'; key: string; value: string }
  | { do: 'nothing' };

/** A deed, so many ms after the one before. */
export type Step = Deed & { after: number };

export interface History {
  /** Of all delays and faults. */
  seed: number;
  steps: readonly Step[];
  /** Requests with what happens to them: these, and no others, whatever the weather. Absent: as the weather has it. */
  faults?: Readonly<Record<string, Fault>>;
}

/** One step as a line to read. */
export function said({ after, do: verb, ...rest }: Step): string {
  const words = Object.entries(rest).map(([name, value]) =>
    typeof value === 'string' && name !== 'what'
      ? value
      : `${name === 'spec' ? '' : `${name}=`}${JSON.stringify(value)}`,
  );
  return [`+${after} ms`.padEnd(11), verb, ...words].join(' ');
}
