import type { Link } from '../../testbed/network.ts';
import type { RouterOs } from '../engine/index.ts';
import type { Misbehaviour, PingResult, SimulatedRouterOptions } from './types.ts';

const unwritten = (): never => {
  throw new Error('being written');
};

/**
 * A MikroTik router on the test network: RouterOS's language and configuration (test/simulator/engine), made real
 * in a network namespace: WireGuard, addresses, routes, firewall, the API on its port.
 */
export class SimulatedRouter {
  /** Powers a new router on; resolves when it has its WAN address and its services listen. */
  static async start(_options: SimulatedRouterOptions): Promise<SimulatedRouter> {
    return unwritten();
  }
  /** The configuration; tests may read and change it, the Linux side follows. */
  get os(): RouterOs {
    return unwritten();
  }
  get name(): string {
    return unwritten();
  }
  /** Namespace under /run/netns; throws for a router without a network. */
  get netns(): string {
    return unwritten();
  }
  /** What the internet sees. */
  get publicAddress(): string {
    return unwritten();
  }
  /** Types text into the terminal as `admin`; returns what a person would see there, once the Linux side follows. */
  async paste(_text: string): Promise<string> {
    return unwritten();
  }
  /** Waits until Linux has what the configuration says. @throws what could not be made real. */
  async settled(): Promise<void> {
    return unwritten();
  }
  /** Off, and on again with the configuration kept. */
  async reboot(): Promise<void> {
    return unwritten();
  }
  async powerOff(): Promise<void> {
    return unwritten();
  }
  async powerOn(): Promise<void> {
    return unwritten();
  }
  /** Gets another public address, one that nobody has if none is given; returns it. */
  async moveTo(_address?: string): Promise<string> {
    return unwritten();
  }
  async setLink(_link: Link): Promise<void> {
    return unwritten();
  }
  /** Pings from the router, up to `count` times (default 1), each waiting `timeoutMs` (default 1000). */
  async ping(_address: string, _options?: { count?: number; timeoutMs?: number }): Promise<PingResult> {
    return unwritten();
  }
  /** The latest handshake on any (or the named) WireGuard interface. */
  async lastHandshake(_interfaceName?: string): Promise<Date | undefined> {
    return unwritten();
  }
  /** `wg show` of its interfaces, under RouterOS's names. */
  async wgShow(): Promise<string> {
    return unwritten();
  }
  /** Runs a command in the router's namespace; for tests that look behind the curtain. */
  async exec(_command: string, _args: readonly string[], _input?: string): Promise<string> {
    return unwritten();
  }
  /** Makes the API hostile from the next command on; `undefined` makes it honest again. */
  misbehave(_how: Misbehaviour | undefined): void {
    unwritten();
  }
  /** Powers it off for good and removes what it made. Idempotent. */
  async stop(): Promise<void> {
    return unwritten();
  }
}
