import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { inside } from '../testbed/namespaces.ts';
import { waitFor } from '../testbed/wait.ts';

const INTERVAL_MS = 100;

export interface PingCount {
  sent: number;
  lost: number;
  /** The longest time in which not one packet came back; 0 when none was lost. */
  longestGapMs: number;
}

/** Pings ten times a second until it is stopped, and knows which packets never came back. */
export class PingStream {
  readonly #child: ChildProcess;
  readonly #received = new Set<number>();

  constructor(netns: string, address: string) {
    const [command, ...args] = inside(netns, 'ping', ['-n', '-i', String(INTERVAL_MS / 1000), '--', address]);
    this.#child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, LC_ALL: 'C' },
    });
    createInterface({ input: this.#child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const found = /icmp_seq=(\d+) .*time=/.exec(line);
      if (found !== null) this.#received.add(Number(found[1]));
    });
  }

  /** Waits for the first answer. */
  async isAnswered(): Promise<void> {
    await waitFor('a ping is answered', () => this.#received.size > 0, 60_000);
  }

  /** Waits for an answer to a packet of now, then counts; those still under way are not among them. */
  async stop(): Promise<PingCount> {
    const before = this.#newest();
    await waitFor('a ping is answered', () => this.#newest() > before + 1, 60_000);
    const sent = this.#newest();
    // An answer may overtake another.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    this.end();
    const lost = Array.from({ length: sent }, (_, i) => i + 1).filter((one) => !this.#received.has(one));
    let longest = 0;
    for (let i = 0, inRow = 0; i < lost.length; i++) {
      inRow = lost[i] === (lost[i - 1] ?? 0) + 1 ? inRow + 1 : 1;
      longest = Math.max(longest, inRow);
    }
    return { sent, lost: lost.length, longestGapMs: longest * INTERVAL_MS };
  }

  /** Ends it without counting. */
  end(): void {
    this.#child.kill('SIGKILL');
  }

  #newest(): number {
    return Math.max(0, ...this.#received);
  }
}
