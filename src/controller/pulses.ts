import { ANNOTATION_FENCE, ANNOTATION_PROBLEM, LABEL_GATEWAY } from '../api/index.ts';
import type { Change, Clock, Lease } from '../kube/index.ts';

interface Pulse {
  lease: Lease;
  /** When it was last renewed before our eyes, monotonic ms. */
  heardAt: number;
  /** It let its Lease run out while others kept theirs. */
  isLost: boolean;
  /** How often its end was waited for. */
  looks: number;
  cancel: () => void;
}

/** What is to be thought of a gateway. */
interface Said {
  duration: number;
  problem: string | undefined;
  fence: string | undefined;
  isAlive: boolean;
  isSilent: boolean;
}

/** Of its Lease's duration, after which a renewal is overdue: they come at less than a third. */
const OVERDUE = 0.6;
/** With nobody else to compare with, so long a gateway counts as there for new tunnels, ms. */
const PATIENCE_MS = 30_000;
/** A Lease found older than this, clocks of nodes that differ allowed for, is none of a gateway that lives, ms. */
const LONG_AGO_MS = 60_000;
/** A timer so late tells that this process stood still: what it missed meanwhile is yet to be read, ms. */
const LATE_MS = 500;
const CATCH_UP_MS = 1000;

/**
 * When each gateway was last heard, by this process's own clock: what moves a tunnel must not hang on clocks of nodes
 * that differ. A gateway is lost when its Lease runs out while another's is renewed; when all are silent, it is the API
 * server or the watch.
 */
export class Pulses {
  readonly #pulses = new Map<string, Pulse>();
  readonly #clock: Clock;
  readonly #onChange: (node: string) => void;

  /** `onChange`: what is to be thought of a gateway has changed. */
  constructor(clock: Clock, onChange: (node: string) => void) {
    this.#clock = clock;
    this.#onChange = onChange;
  }

  see({ type, object }: Pick<Change<Lease>, 'type' | 'object'>): void {
    const node = object.metadata.labels?.[LABEL_GATEWAY];
    if (node === undefined) return;
    const known = this.#pulses.get(node);
    if (type === 'deleted') {
      known?.cancel();
      if (this.#pulses.delete(node)) this.#onChange(node);
      return;
    }
    const now = this.#clock.monotonic();
    const isRenewed = known !== undefined && known.lease.spec?.renewTime !== object.spec?.renewTime;
    const pulse: Pulse = known ?? {
      lease: object,
      heardAt: now,
      isLost: false,
      looks: 0,
      cancel: () => undefined,
    };
    const before = known && this.#said(node, known);
    const wasHeard = this.#isSomebodyHeard();
    if (known === undefined && this.#isLongAgo(object)) pulse.heardAt = Number.NEGATIVE_INFINITY;
    pulse.lease = object;
    this.#pulses.set(node, pulse);
    if (isRenewed) Object.assign(pulse, { heardAt: now, isLost: false });
    const isBeat = isRenewed || known === undefined;
    if (isBeat && !wasHeard) for (const [other, one] of this.#pulses) this.#await(other, one);
    else if (isBeat || durationOf(pulse) !== before?.duration) this.#await(node, pulse);
    if (before === undefined || differs(before, this.#said(node, pulse))) this.#onChange(node);
  }

  /** Waits for nothing any more. */
  stop(): void {
    for (const pulse of this.#pulses.values()) pulse.cancel();
  }

  /** Whether the gateway can be given tunnels, as far as is known. */
  isAlive(node: string): boolean {
    const pulse = this.#pulses.get(node);
    if (pulse === undefined || pulse.isLost) return false;
    return this.#clock.monotonic() - pulse.heardAt < Math.max(durationOf(pulse), PATIENCE_MS);
  }

  /** Whether it is silent, as far as is known: one found so is not waited for before that is said. */
  isSilent(node: string): boolean {
    const pulse = this.#pulses.get(node);
    return pulse !== undefined && (pulse.isLost || pulse.heardAt === Number.NEGATIVE_INFINITY);
  }

  /** Whether it says of itself that it is silent once its Lease has run out. */
  fencesItself(node: string): boolean {
    return this.#pulses.get(node)?.lease.metadata.annotations?.[ANNOTATION_FENCE] !== undefined;
  }

  /** Whether it has fallen silent so long that it has fenced itself: what it carried may be given to another. */
  isFenced(node: string): boolean {
    return this.#pulses.get(node)?.isLost === true && this.fencesItself(node);
  }

  /** Why the node can carry no tunnel, as its agent says. */
  problemOf(node: string): string | undefined {
    return this.#pulses.get(node)?.lease.metadata.annotations?.[ANNOTATION_PROBLEM];
  }

  #said(node: string, pulse: Pulse): Said {
    const { annotations } = pulse.lease.metadata;
    return {
      duration: durationOf(pulse),
      problem: annotations?.[ANNOTATION_PROBLEM],
      fence: annotations?.[ANNOTATION_FENCE],
      isAlive: this.isAlive(node),
      isSilent: this.isSilent(node),
    };
  }

  /** Looks again at it when its Lease will have run out. */
  #await(node: string, pulse: Pulse): void {
    pulse.cancel();
    pulse.looks += 1;
    if (!pulse.isLost) this.#lookIn(durationOf(pulse), node, pulse);
  }

  #lookIn(ms: number, node: string, pulse: Pulse): void {
    const due = this.#clock.monotonic() + ms;
    const look = ++pulse.looks;
    pulse.cancel = this.#clock.after(ms, () => {
      // It was heard between the end of the time and now.
      if (look !== pulse.looks) return;
      const late = this.#clock.monotonic() - due;
      if (late > LATE_MS) this.#lookIn(CATCH_UP_MS, node, pulse);
      else if (this.#isSomebodyHeard()) {
        pulse.isLost = true;
        this.#onChange(node);
      } else {
        // The next renewal of any begins to wait for all anew.
        const left = pulse.heardAt + PATIENCE_MS - this.#clock.monotonic();
        pulse.cancel = this.#clock.after(Math.max(0, left), () => this.#onChange(node));
      }
    });
  }

  #isSomebodyHeard(): boolean {
    const now = this.#clock.monotonic();
    for (const pulse of this.#pulses.values())
      if (now - pulse.heardAt < durationOf(pulse) * OVERDUE) return true;
    return false;
  }

  #isLongAgo({ spec }: Lease): boolean {
    const renewed = Date.parse(spec?.renewTime ?? '');
    const duration = (spec?.leaseDurationSeconds ?? 0) * 1000;
    return !(renewed + Math.max(duration, PATIENCE_MS) + LONG_AGO_MS > this.#clock.wall());
  }
}

const durationOf = ({ lease }: Pulse): number => (lease.spec?.leaseDurationSeconds ?? 0) * 1000;

const differs = (a: Said, b: Said): boolean =>
  (Object.keys(a) as (keyof Said)[]).some((key) => a[key] !== b[key]);
