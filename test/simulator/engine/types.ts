/**
 * The public shapes of the simulated router. All values are strings, as RouterOS itself hands them out:
 * `true`/`false` when read, `yes`/`no` when written, durations like `1m30s`, lists joined by commas.
 */

/** One row of a menu as a privileged reader sees it: `.id` (`*1A`), flags (`dynamic`, `disabled`), properties. */
export type Row = Readonly<Record<string, string>>;

/** Properties by name; names as RouterOS spells them, without `=`. */
export type Attributes = Readonly<Record<string, string>>;

export interface RouterOsOptions {
  /** What `/system/resource` will say, without the channel: `7.16.2`, `7.24`, `7.24rc2`. */
  version: string;
  /** `hAP ax2`, `CHR`, `x86`, … CHR and x86 have no `/system/routerboard`. */
  board: string;
  serialNumber: string;
  /** Whether the router comes with MikroTik's default configuration (bridge, lists, firewall, DHCP client). */
  defaultFirewall: boolean;
  /** Milliseconds since the epoch: the router's own clock. */
  now: () => number;
  /** `size` random bytes, for private keys that a script leaves out; `node:crypto` if missing. */
  random?: (size: number) => Uint8Array;
  /** Answers `:resolve` in {@link Terminal.paste}; `undefined` means the name does not exist. */
  resolve?: (name: string) => string | undefined;
  /** Default: all that is modelled is allowed. */
  deviceMode?: DeviceMode;
  /** Bytes left where settings are kept; default 95 MiB. */
  freeStorageBytes?: number;
  /** Whether a session may release or unroll the safe mode of another one; default no. Sources differ. */
  unrollsForOthers?: boolean;
}

/** `enterprise` before 7.17, the other names since. */
export type DeviceMode = 'enterprise' | 'advanced' | 'basic' | 'home' | 'rose';

/** What a menu did: `rows` become `!re` sentences, `ret` the `=ret=` of `!done` (the new row's `.id` after add). */
export interface Reply {
  rows: Row[];
  ret?: string;
}

export interface Request {
  /** `/ip/service`; `/` for commands of the root. */
  menu: string;
  /** `print`, `add`, `set`, `remove`, `enable`, `disable`, `move`, `unset`, `reboot`, … */
  command: string;
  attributes?: Attributes;
  /** Query words without the leading `?`: `.id=*5`, `>port=1`, `-comment`, `#|`. */
  queries?: readonly string[];
  /** Names of `.proplist`, which may also come as an attribute. */
  proplist?: readonly string[];
  /** Name of the user who asks; policies of the user's group apply. */
  user: string;
  /** Names the connection that it came over; safe mode is bound to it. */
  session?: string;
}

/** Someone who logged in; {@link Request.user} takes its `user`. */
export interface Session {
  user: string;
  group: string;
  policies: readonly string[];
}

/**
 * Something in the configuration changed, or the router was told to restart. `menu` is where the row is kept:
 * `/interface` for an interface of any kind, else the row's own menu. `/log` tells too.
 */
export type Change =
  | { kind: 'add' | 'set' | 'remove' | 'move'; menu: string; id: string; dynamic: boolean }
  | { kind: 'reboot' | 'shutdown'; menu: '/system' };

/** What only the world outside the configuration knows; see {@link Terminal.pasteInto}. */
export type WorldRequest =
  | { kind: 'delay'; milliseconds: number }
  | { kind: 'resolve'; name: string }
  | { kind: 'ping'; address: string; count: number; interface?: string; sourceAddress?: string };

/** The answer to a {@link WorldRequest}: nothing for a delay, an address or nothing, replies received. */
export interface World {
  delay(milliseconds: number): Promise<void>;
  resolve(name: string): Promise<string | undefined>;
  ping(request: Extract<WorldRequest, { kind: 'ping' }>): Promise<number>;
}

export interface Terminal {
  /**
   * Types `text` and Enter; returns what the router prints, without prompts and the echo of what was typed.
   * Delays pass at once, no ping is answered.
   */
  paste(text: string): string;
  /**
   * What `/import` makes of a file: it is loaded as a whole, by no keys, and ends at the first error (manual,
   * "Configuration Management"). Delays pass at once.
   */
  import(text: string): string;
  /** The same as `paste` in a living world: `:delay` waits, `:resolve` and `/ping` ask. */
  pasteInto(world: World, text: string): Promise<string>;
  /** The same as one script, and not as if it were typed. Delays pass at once. */
  run(text: string): string;
  /** Runs text as one script, with one scope, and not as if it were typed. */
  runScript(world: World, text: string): Promise<string>;
}

/** Run-time facts of one WireGuard peer. */
export interface PeerFacts {
  /** Milliseconds since the epoch of the last handshake; `undefined`: none yet. */
  lastHandshake: number | undefined;
  /** Bytes. */
  rx: number;
  tx: number;
  currentEndpointAddress?: string;
  currentEndpointPort?: number;
}

export interface InterfaceFacts {
  running: boolean;
  rxByte?: number;
  txByte?: number;
}

/** An open connection to one of the router's services: from 7.19 a dynamic row of `/ip/service`. */
export interface ServiceConnection {
  /** `api`, `ssh`, … */
  service: string;
  /** `10.100.1.1:8728` */
  local: string;
  /** `10.100.0.1:40022` */
  remote: string;
}

/** What a DHCP server gave; makes the dynamic address and default route. */
export interface Lease {
  /** `192.0.2.10/24` */
  address: string;
  gateway: string;
}

/** Canonical configuration: menu → rows without `.id`, sorted property names; secrets included. */
export type Snapshot = Readonly<Record<string, readonly Row[]>>;
