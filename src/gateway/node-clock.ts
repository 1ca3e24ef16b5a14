/**
 * Whether this node's clock is right. Tunnels work with any, so none is moved for it, and no TenantTunnel says so: the
 * node's Lease and an Event on the Node do. docs/clock.md has what it harms.
 */
import type { ClockOffset, EventRecorder, Logger } from '../kube/index.ts';

/** So far it may be off: machines with NTP differ by far less, and harm is done from some seconds on, ms. */
const TOLERANCE_MS = 10_000;
/** One that was wrong is right again within this, so that a clock at the edge is not told of again and again. */
const RIGHT_MS = 5_000;

/** Unsure after a slow reply, and between the two bounds: then what was found before stands. */
export function judgeClock({ least, most }: ClockOffset): 'wrong' | 'right' | 'unsure' {
  if (least > TOLERANCE_MS || most < -TOLERANCE_MS) return 'wrong';
  return most <= RIGHT_MS && least >= -RIGHT_MS ? 'right' : 'unsure';
}

/** Of one that is wrong, in one sentence, with what to do. */
export function clockSentence({ least, most }: ClockOffset): string {
  const isAhead = least > 0;
  const off = roughly(isAhead ? least : -most);
  const side = isAhead ? 'ahead of' : 'behind';
  return `The clock of this node is ${off} ${side} that of the API server: let NTP set it (chrony, systemd-timesyncd); if all gateways say so, set that of the control plane.`;
}

/** Units that stay the same from look to look, but for a clock that drifts. */
function roughly(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 120) return `about ${Math.round(seconds / 5) * 5} s`;
  if (seconds < 7_200) return `about ${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `about ${Math.round(seconds / 3_600)} h`;
  return `about ${Math.round(seconds / 86_400)} days`;
}

export interface NodeClockOptions {
  nodeName: string;
  /** As the API server's last reply tells. */
  offset: () => ClockOffset | undefined;
  recorder: Pick<EventRecorder, 'record'>;
  logger: Logger;
}

export class NodeClock {
  readonly #options: NodeClockOptions;
  #problem: string | undefined;

  constructor(options: NodeClockOptions) {
    this.#options = options;
  }

  /** What is wrong, as last looked at. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Tells once when it is found wrong, and once in the log when it is right again. */
  look(): void {
    const { nodeName, recorder, logger } = this.#options;
    const offset = this.#options.offset();
    const verdict = offset === undefined ? 'unsure' : judgeClock(offset);
    if (offset === undefined || verdict === 'unsure') return;
    const was = this.#problem;
    this.#problem = verdict === 'wrong' ? clockSentence(offset) : undefined;
    if (was !== undefined && this.#problem === undefined)
      logger.info({}, 'The clock of this node is right again.');
    if (was !== undefined || this.#problem === undefined) return;
    logger.warn({}, this.#problem);
    recorder.record({
      // As kubelet names its Node in Events: kubectl describe node looks for that.
      regarding: { apiVersion: 'v1', kind: 'Node', name: nodeName, uid: nodeName },
      type: 'Warning',
      reason: 'NodeClockWrong',
      action: 'CompareClocks',
      note: this.#problem,
    });
  }
}
