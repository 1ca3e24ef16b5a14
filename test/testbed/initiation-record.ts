import { Capture } from '../../src/wireguard/initiations/capture.ts';
import { inNetworkNamespace } from './setns.ts';

/** Copies of the handshakes that arrive at a machine: what somebody on the way would have. */
export class InitiationRecord {
  readonly #capture: Capture;

  /** `pid`: of a process of the machine. */
  constructor(pid: number) {
    this.#capture = inNetworkNamespace(`/proc/${pid}/ns/net`, () => new Capture());
  }

  /** Those that have arrived since the last time. */
  take(): Buffer[] {
    return [...this.#capture.take()].map(({ payload }) => payload);
  }

  close(): void {
    this.#capture.close();
  }
}
