import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { CLOCK_VARIABLE } from '../../../testbed/clocked-wireguard.ts';
import { inside, newWireguardName, runInside } from '../../../testbed/namespaces.ts';
import { changesBetween, type ObservedPeer, observePeers, setDevice, type WireguardDevice } from './uapi.ts';

const START_LIMIT_MS = 20_000;

/** A clock that is wrong, for handshakes. */
export interface RouterClock {
  /** Path of a wireguard-go that heeds it: `ensureClockedWireguard` of the testbed. */
  program: string;
  /** From the machine's, ms; negative for one that is behind. */
  offsetMs: number;
}

/** One real WireGuard interface in a router's namespace, run by wireguard-go. */
export class WireguardInterface {
  /** Its name in Linux. */
  readonly linuxName: string;
  readonly #netns: string;
  readonly #process: ChildProcess;
  #device: WireguardDevice | undefined;
  /** The end of what wireguard-go has said: long enough for a crash with all its goroutines. */
  #said = '';

  private constructor(linuxName: string, netns: string, child: ChildProcess) {
    this.linuxName = linuxName;
    this.#netns = netns;
    this.#process = child;
  }

  /** Makes the interface; it is down and has no key yet. */
  static async create(netns: string, clock?: RouterClock): Promise<WireguardInterface> {
    const linuxName = newWireguardName();
    const program = clock?.program ?? 'wireguard-go';
    const [command, ...args] = inside(netns, 'setpriv', ['--pdeathsig', 'KILL', program, '-f', linuxName]);
    const child = spawn(command, args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        ...process.env,
        LOG_LEVEL: 'error',
        GOMAXPROCS: '1',
        ...(clock === undefined ? {} : { [CLOCK_VARIABLE]: `${clock.offsetMs}ms` }),
      },
    });
    const made = new WireguardInterface(linuxName, netns, child);
    try {
      await made.#started();
      return made;
    } catch (error) {
      await made.destroy();
      throw error;
    }
  }

  /** Why it crashed stands first. */
  get #words(): string {
    return this.#said.trim().slice(0, 4096);
  }

  get #socket(): string {
    return `/var/run/wireguard/${this.linuxName}.sock`;
  }

  /** Brings keys and peers to this state, without disturbing what stays the same. */
  async configure(device: WireguardDevice): Promise<void> {
    const lines = changesBetween(this.#device, device);
    if (lines.length > 0) await this.#ask(setDevice(this.#socket, lines));
    this.#device = device;
  }

  observe(): Promise<ObservedPeer[]> {
    return this.#ask(observePeers(this.#socket));
  }

  show(): Promise<string> {
    return runInside(this.#netns, 'wg', ['show', this.linuxName]);
  }

  async destroy(): Promise<void> {
    const { exitCode, signalCode, pid } = this.#process;
    if (exitCode === null && signalCode === null && pid !== undefined) {
      const ended = once(this.#process, 'close');
      this.#process.kill('SIGKILL');
      await ended;
    }
    rmSync(this.#socket, { force: true });
  }

  /** Of a wireguard-go that is gone its socket says no more than that it refuses. */
  async #ask<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (cause) {
      const { exitCode, signalCode } = this.#process;
      if (exitCode === null && signalCode === null) throw cause;
      const end = `wireguard-go of ${this.linuxName} ended (${exitCode ?? signalCode})`;
      throw new Error(`${end}: ${this.#words || 'it said nothing'}`, { cause });
    }
  }

  async #started(): Promise<void> {
    let failure: Error | undefined;
    this.#process.on('error', (error) => {
      failure = error;
    });
    this.#process.stderr?.on('data', (chunk: Buffer) => {
      this.#said = `${this.#said}${chunk}`.slice(-65_536);
    });
    for (const limit = Date.now() + START_LIMIT_MS; Date.now() < limit; await sleep(5)) {
      if (failure !== undefined) throw failure;
      if (this.#process.exitCode !== null) throw new Error(`wireguard-go ended at once: ${this.#words}`);
      if (isSocket(this.#socket)) return;
    }
    throw new Error(`wireguard-go did not make ${this.#socket} within ${START_LIMIT_MS} ms.`);
  }
}

function isSocket(path: string): boolean {
  try {
    return statSync(path).isSocket();
  } catch {
    return false;
  }
}
