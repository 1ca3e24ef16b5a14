import type { TestNetwork } from '../../testbed/network.ts';

export interface SimulatedRouterOptions {
  /**
   * Where its WAN is plugged in. Without one it is a router on a desk: it takes scripts and keeps a configuration,
   * but has no namespace, no WireGuard and no API port.
   */
  network?: TestNetwork;
  /** For people and for names of namespaces; not RouterOS's identity. */
  name: string;
  /** RouterOS version without channel, e.g. `7.16.2`. */
  version: string;
  /** Default `hAP ax2`. */
  board?: string;
  /** Default: made from the name. */
  serialNumber?: string;
  /** Behind a NAT router of its own; default true. */
  nat?: boolean;
  /** MikroTik's default configuration with its firewall; default true. */
  defaultFirewall?: boolean;
  /** Password of `admin`; default empty, as on a router fresh from the box. */
  adminPassword?: string;
}

export interface PingResult {
  sent: number;
  received: number;
}

/**
 * What a hostile or broken router's API does after a login that succeeded; `undefined` means an honest one.
 * - `endless`: `!re` sentences without end
 * - `huge-word`: announces a word of 256 MiB and goes on sending it
 * - `bad-length`: a reserved length byte (0xF8 and above)
 * - `silent`: takes commands, never answers
 * - `stall`: stops in the middle of a word
 * - `cut`: closes in the middle of a sentence
 * - `slow`: waits `delayMs` before each reply sentence
 * - `garbage`: random bytes
 * - `refusing`: answers each command that would change something with the refusal `message`, as with a full disk
 * - `codepage`: has its text in code page 1251, as WinBox stores it from a Russian PC
 * - `rebooting`: restarts at the command after so many
 */
export type Misbehaviour =
  | {
      kind: 'endless' | 'huge-word' | 'bad-length' | 'silent' | 'stall' | 'cut' | 'garbage';
      beforeLogin?: boolean;
    }
  | { kind: 'slow'; delayMs: number; beforeLogin?: boolean }
  | { kind: 'refusing'; message: string }
  | { kind: 'codepage' }
  | { kind: 'rebooting'; afterCommands: number };
