import { randomBytes } from 'node:crypto';
import { BlockList } from 'node:net';
import { executeRequest } from './api.ts';
import type { Context, Menu } from './configuration/definition.ts';
import { entriesOf, readRow } from './configuration/read.ts';
import { Configuration } from './configuration/store.ts';
import { ConsoleTerminal } from './console/terminal.ts';
import { restoreFactory } from './factory.ts';
import { Jobs } from './jobs.ts';
import { Lookup } from './language/lookup.ts';
import { menusOf } from './menus/index.ts';
import { writeLog } from './menus/log.ts';
import { POLICIES, policiesOf, USERS } from './menus/user.ts';
import {
  observeConnections,
  observeInterface,
  observeLease,
  observeNetwatch,
  observePeer,
} from './observations.ts';
import { SafeMode } from './safe-mode.ts';
import { takeSnapshot } from './snapshot.ts';
import { RouterOsTrap } from './trap.ts';
import type {
  Change,
  InterfaceFacts,
  Lease,
  PeerFacts,
  Reply,
  Request,
  RouterOsOptions,
  Row,
  ServiceConnection,
  Session,
  Snapshot,
  Terminal,
} from './types.ts';
import { parsePrefix } from './values/address.ts';
import { parseVersion, type Version } from './version.ts';

const ALL_POLICIES: ReadonlySet<string> = new Set(POLICIES);

/** Whether `source` lies in one of the prefixes; an empty list lets everyone in. */
function isAllowed(list: string, source: string): boolean {
  if (list === '') return true;
  const allowed = new BlockList();
  for (const prefix of list.split(',').flatMap((word) => parsePrefix(word) ?? [])) {
    allowed.addSubnet(prefix.address, prefix.length, prefix.family === 4 ? 'ipv4' : 'ipv6');
  }
  return allowed.check(source, source.includes(':') ? 'ipv6' : 'ipv4');
}

/** A RouterOS 7 router without hardware: configuration, console and API semantics. Does no I/O. */
export class RouterOs {
  readonly options: RouterOsOptions;
  readonly #version: Version;
  readonly #configuration = new Configuration();
  readonly #safeMode: SafeMode;
  /** Scripts in the background; MACHINE gives them its world. */
  readonly jobs = new Jobs(this.#configuration);
  readonly #menus: ReadonlyMap<string, Menu>;
  readonly #lookup: Lookup;
  #bootedAt: number;

  constructor(options: RouterOsOptions) {
    this.options = options;
    this.#version = parseVersion(options.version);
    this.#menus = menusOf(this.#version, options.board);
    this.#lookup = new Lookup(this.#menus, this.#version);
    this.#bootedAt = options.now();
    this.#safeMode = new SafeMode(this.#configuration, options.unrollsForOthers ?? false);
    restoreFactory(this.#privileged(), options.defaultFirewall);
  }

  /** Runs one command as the API does. @throws {RouterOsTrap} */
  execute(request: Request): Reply {
    return executeRequest(this.#menus, request, this.#contextOf(request.user, request.session));
  }

  /** A connection of the API is over; what it held is undone. */
  sessionEnded(session: string): void {
    this.#safeMode.ended(session, () => this.#derive());
  }

  /** A console session of `user`. */
  terminal(user = 'admin', session = ''): Terminal {
    return this.#terminal(() => this.#contextOf(user, session));
  }

  /** What netwatch runs its scripts in: with these rights, whoever made the entry (manual, "Netwatch"). */
  netwatchTerminal(): Terminal {
    return this.#terminal(() => this.#context('*sys', new Set(['read', 'write', 'test', 'reboot'])));
  }

  /** What a scheduler runs its script in: with the policies of its row. */
  scheduledTerminal(policies: string): Terminal {
    return this.#terminal(() => this.#context('*sys', new Set(policies.split(','))));
  }

  #terminal(context: () => Context): Terminal {
    return new ConsoleTerminal({
      menus: this.#menus,
      lookup: this.#lookup,
      context,
      resolve: this.options.resolve ?? (() => undefined),
    });
  }

  /**
   * Logs in over the API: name, password, `disabled`, the user's `address`, the group's policy `api`.
   * `expired` does not matter to the API (tikoci/routeros-skills, users-rest).
   * @throws {RouterOsTrap} `invalid user name or password (6)`, whatever the reason.
   */
  authenticate(user: string, password: string, sourceAddress: string): Session {
    const context = this.#privileged();
    const entry = this.#configuration.entries(USERS).find((candidate) => candidate.values.name === user);
    const policies = entry ? policiesOf(entry, context) : new Set<string>();
    const welcome =
      entry !== undefined &&
      entry.values.disabled !== 'true' &&
      (entry.values.password ?? '') === password &&
      isAllowed(entry.values.address ?? '', sourceAddress) &&
      policies.has('api');
    if (!welcome) {
      writeLog(
        'system,error,critical',
        `login failure for user ${user} from ${sourceAddress} via api`,
        context,
      );
      throw new RouterOsTrap('invalid user name or password (6)');
    }
    writeLog('system,info,account', `user ${user} logged in from ${sourceAddress} via api`, context);
    return { user, group: entry.values.group ?? '', policies: [...policies] };
  }

  /** Calls `listener` after each change; returns what ends that. */
  onChange(listener: (change: Change) => void): () => void {
    return this.#configuration.listen(listener);
  }

  /** All rows of a menu, in order, secrets in clear; a singleton menu has one. @throws {RangeError} */
  rows(menu: string): readonly Row[] {
    const found = this.#menus.get(menu);
    if (!found) throw new RangeError(`RouterOS ${this.#version.text} has no menu ${menu}`);
    const context = this.#privileged();
    return entriesOf(found, context).map((entry) => readRow(found, entry, context));
  }

  observePeer(id: string, facts: PeerFacts): void {
    observePeer(id, facts, this.#privileged());
  }

  observeInterface(name: string, facts: InterfaceFacts): void {
    observeInterface(name, facts, this.#privileged());
  }

  /** @throws {RangeError} when the entry is gone. */
  observeNetwatch(id: string, status: 'up' | 'down'): void {
    observeNetwatch(id, status, this.#privileged());
  }

  /** The DHCP client of `interfaceName` got (or lost) a lease. */
  observeLease(interfaceName: string, lease: Lease | undefined): void {
    observeLease(interfaceName, lease, this.#privileged());
  }

  /** Connections now open to the router's services. */
  observeConnections(connections: readonly ServiceConnection[]): void {
    observeConnections(connections, this.#privileged());
  }

  /** The power came back: run-time facts, log and connections are gone, the configuration stays. */
  restarted(): void {
    this.#bootedAt = this.options.now();
    this.jobs.stopAll();
    this.#safeMode.restarted();
    const context = this.#privileged();
    observeConnections([], context);
    for (const [store, entries] of this.#configuration.stores()) {
      for (const entry of entries) entry.runtime = {};
      if (store === '/log') entries.length = 0;
    }
    for (const { values } of this.#configuration.entries('/ip/dhcp-client')) {
      observeLease(values.interface ?? '', undefined, context);
    }
  }

  snapshot(): Snapshot {
    return takeSnapshot(this.#menus, this.#privileged());
  }

  #derive(): void {
    for (const menu of this.#menus.values()) menu.rules?.changed?.(this.#privileged());
  }

  #context(user: string, policies: ReadonlySet<string>, session = ''): Context {
    return {
      version: this.#version,
      board: this.options.board,
      serialNumber: this.options.serialNumber,
      now: this.options.now(),
      bootedAt: this.#bootedAt,
      random: this.options.random ?? randomBytes,
      configuration: this.#configuration,
      user,
      policies,
      session,
      safeMode: this.#safeMode,
      jobs: this.jobs,
      deviceMode: this.options.deviceMode,
      freeStorageBytes: this.options.freeStorageBytes ?? 99_614_720,
      execute: (script) => this.jobs.start(script, user, (job) => this.terminal(user, job)),
      print: (script) => this.terminal(user).run(script),
      derive: () => this.#derive(),
    };
  }

  #privileged(): Context {
    return this.#context('', ALL_POLICIES);
  }

  #contextOf(user: string, session = ''): Context {
    const entry = this.#configuration.entries(USERS).find((candidate) => candidate.values.name === user);
    const context = this.#context(user, new Set(), session);
    return { ...context, policies: entry ? policiesOf(entry, context) : new Set() };
  }
}
