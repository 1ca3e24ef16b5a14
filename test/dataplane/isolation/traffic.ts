/** Sends marked packets and notes where each comes out. */
import { setTimeout as sleep } from 'node:timers/promises';
import { marksIn } from './packets.ts';
import type { Sender, Sniffer } from './wire.ts';

/** As many as no queue on the way drops. */
const BATCH = 50;
const LIMIT_MS = 5000;

export interface Shot {
  id: number;
  packets: Buffer[];
  /** Names of the receivers that must see it; no other may. */
  expected: readonly string[];
}

export interface Verdict {
  passed: number;
  /** Numbers of those that a receiver lacks, and names of receivers that saw what was not for them. */
  lost: number[];
  strays: Map<number, string[]>;
}

export class Traffic {
  readonly #receivers = new Map<string, Sniffer>();
  /** Number of a packet → who saw it. */
  readonly #seen = new Map<number, Set<string>>();
  #sent = 0;

  add(name: string, sniffer: Sniffer): void {
    this.#receivers.set(name, sniffer);
  }

  get sent(): number {
    return this.#sent;
  }

  close(): void {
    for (const sniffer of this.#receivers.values()) sniffer.close();
  }

  #look(): void {
    for (const [name, sniffer] of this.#receivers) {
      for (const packet of sniffer.read()) {
        for (const id of marksIn(packet)) {
          const who = this.#seen.get(id) ?? new Set();
          this.#seen.set(id, who.add(name));
        }
      }
    }
  }

  #isSeen(id: number, by: readonly string[]): boolean {
    return by.every((name) => this.#seen.get(id)?.has(name));
  }

  async #awaitSeen(shots: readonly Pick<Shot, 'id' | 'expected'>[]): Promise<void> {
    const end = performance.now() + LIMIT_MS;
    for (;;) {
      this.#look();
      if (shots.every(({ id, expected }) => this.#isSeen(id, expected))) return;
      if (performance.now() > end) return;
      await sleep(1);
    }
  }

  /**
   * Sends, a batch at a time. Behind each batch goes `marker`, of which something comes back to the receiver `self`, the
   * sender's own: all that was sent before it has been decided on by then.
   */
  async send(sender: Sender, shots: readonly Shot[], marker?: () => Shot): Promise<void> {
    for (let at = 0; at < shots.length; at += BATCH) {
      const batch = shots.slice(at, at + BATCH);
      for (const { packets } of batch) for (const packet of packets) sender.send(packet);
      this.#sent += batch.length;
      const last = marker?.();
      for (const packet of last?.packets ?? []) sender.send(packet);
      await this.#awaitSeen(last === undefined ? batch : [...batch, last]);
    }
  }

  /** Waits for whatever is still on its way to where it should not go. */
  async settle(ms: number): Promise<void> {
    await sleep(ms);
    this.#look();
  }

  /** How many of these a receiver saw. */
  countSeen(shots: readonly Shot[], name: string): number {
    return shots.filter(({ id }) => this.#isSeen(id, [name])).length;
  }

  /** What became of these; those who are `aside` saw them on their way, or answers to them. */
  judge(shots: readonly Shot[], ...aside: string[]): Verdict {
    const verdict: Verdict = { passed: 0, lost: [], strays: new Map() };
    for (const { id, expected } of shots) {
      const others = [...(this.#seen.get(id) ?? [])].filter((name) => !aside.includes(name));
      const strays = others.filter((name) => !expected.includes(name));
      if (others.length > 0) verdict.passed += 1;
      if (strays.length > 0) verdict.strays.set(id, strays);
      if (!this.#isSeen(id, expected)) verdict.lost.push(id);
    }
    return verdict;
  }
}
