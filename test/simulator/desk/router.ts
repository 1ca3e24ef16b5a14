import type { Duplex } from 'node:stream';
import { type DeviceMode, RouterOs, type Row, type Terminal } from '../engine/index.ts';
import { restingWorld } from '../engine/rest.ts';
import { serveApi } from '../machine/api/without-linux.ts';
import { isOn } from '../machine/linux/interfaces.ts';
import { Netwatch } from '../machine/netwatch.ts';
import { Scheduler } from '../machine/scheduler.ts';
import { Link } from './link.ts';
import { obstacle, UPLINK, type Way } from './reach.ts';

export interface DeskOptions {
  version: string;
  board?: string;
  deviceMode?: DeviceMode;
  defaultFirewall?: boolean;
  /** See RouterOsOptions. */
  unrollsForOthers?: boolean;
  /** Each way, ms. */
  latencyMs?: number;
}

/** From power on until its services answer, ms. */
export const BOOT_MS = 40_000;

/**
 * A simulated router whose time is that of the global timers, so that a test may let it pass as fast as it likes; no
 * namespaces, no sockets. What its configuration does to the way to its API is decided by `reach.ts`.
 */
export class DeskRouter {
  readonly os: RouterOs;
  readonly #options: DeskOptions;
  readonly #netwatch: Netwatch;
  readonly #scheduler: Scheduler;
  readonly #connections = new Set<Duplex>();
  #power = new AbortController();
  #isOn = true;
  /** Something on the way is broken, whatever the router is like. */
  isCut = false;
  way: Way | undefined;
  /** See {@link Link}; of all connections. */
  onWrite: ((side: 'client' | 'server') => void) | undefined;

  constructor(options: DeskOptions) {
    this.#options = options;
    const { version, board = 'hAP ax2', defaultFirewall = true } = options;
    this.os = new RouterOs({
      version,
      board,
      serialNumber: 'HD608ABCDEF',
      defaultFirewall,
      now: Date.now,
      ...(options.deviceMode === undefined ? {} : { deviceMode: options.deviceMode }),
      ...(options.unrollsForOthers === undefined ? {} : { unrollsForOthers: options.unrollsForOthers }),
    });
    this.os.jobs.world = (signal) => restingWorld(AbortSignal.any([signal, this.#power.signal]));
    this.#netwatch = new Netwatch({
      rows: () => this.rows('/tool/netwatch'),
      answers: async (host) => host.startsWith('127.'),
      run: (script, signal) => this.#run(this.os.netwatchTerminal(), script, signal),
      observe: (id, status) => this.os.observeNetwatch(id, status),
    });
    this.#scheduler = new Scheduler({
      rows: () => this.rows('/system/scheduler'),
      run: (script, policies, signal) => this.#run(this.os.scheduledTerminal(policies), script, signal),
    });
    // Off and on, and the lease comes and goes with it.
    this.os.onChange((change) => {
      if (this.#isOn && change.menu === '/ip/dhcp-client') this.#lease();
    });
    this.#wake();
  }

  readonly rows = (menu: string): readonly Row[] => {
    try {
      return this.os.rows(menu);
    } catch (error) {
      if (error instanceof RangeError) return [];
      throw error;
    }
  };

  /** Why nobody gets in; undefined: the server does. */
  obstacle(state: 'new' | 'established' = 'new'): string | undefined {
    if (!this.#isOn) return 'no power';
    if (this.isCut) return 'cut';
    return this.way === undefined ? undefined : obstacle(this.way, this.rows, state);
  }

  /** A connection from the server; as over a network, one that does not get through is waited for. */
  async dial(signal: AbortSignal): Promise<Duplex> {
    while (this.obstacle() !== undefined) {
      if (signal.aborted) throw signal.reason;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(done, 500);
        function done(): void {
          clearTimeout(timer);
          signal.removeEventListener('abort', done);
          resolve();
        }
        signal.addEventListener('abort', done);
      });
    }
    const { latencyMs = 0 } = this.#options;
    const link = new Link({
      isOpen: () => this.obstacle('established') === undefined,
      latencyMs,
      onWrite: (side) => this.onWrite?.(side),
    });
    this.#connections.add(link.server);
    link.server.on('close', () => this.#connections.delete(link.server));
    serveApi(link.server, { os: this.os, saysEmpty: !/^7\.(9|1[0-7])(\.|$)/.test(this.#options.version) });
    return link.client;
  }

  /** The plug is pulled and put back in: connections and jobs are gone without a word. Resolves when it is up again. */
  async reboot(): Promise<void> {
    this.#isOn = false;
    this.#power.abort();
    this.#power = new AbortController();
    for (const connection of this.#connections) connection.destroy();
    this.#scheduler.stop();
    await this.#netwatch.stop();
    await new Promise((resolve) => setTimeout(resolve, BOOT_MS));
    this.#isOn = true;
    this.#wake();
  }

  async stop(): Promise<void> {
    this.#isOn = false;
    this.#power.abort();
    for (const connection of this.#connections) connection.destroy();
    this.os.jobs.stopAll();
    this.#scheduler.stop();
    await this.#netwatch.stop();
  }

  #wake(): void {
    this.os.restarted();
    this.#lease();
    this.#netwatch.start();
    this.#scheduler.start();
  }

  #lease(): void {
    const { interfaceName, address, gateway } = UPLINK;
    const client = this.rows('/ip/dhcp-client').find((row) => row.interface === interfaceName);
    if (client !== undefined)
      this.os.observeLease(interfaceName, isOn(client) ? { address: `${address}/24`, gateway } : undefined);
  }

  async #run(terminal: Terminal, script: string, signal: AbortSignal): Promise<void> {
    await terminal.runScript(restingWorld(signal), script).catch(() => {});
  }
}
