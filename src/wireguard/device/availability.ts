import { closeSync, constants, openSync, readFileSync } from 'node:fs';
import { run } from '../command.ts';
import { SidecarError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { type Implementation, kernelImplementation, userspaceImplementation } from './implementation.ts';
import type { Processes } from './processes.ts';
import { PROGRAMS, programProblem, WIREGUARD_GO } from './programs.ts';

/** linux/capability.h */
const CAPABILITIES = { CAP_NET_ADMIN: 12n, CAP_SYS_ADMIN: 21n } as const;
const LOOK_AGAIN_MS = 2000;
const TUN = '/dev/net/tun';

/** The capabilities of `CapEff` in /proc/self/status that a sidecar needs and this one lacks. */
export function missingCapabilities(status: string): string[] {
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  return Object.entries(CAPABILITIES).flatMap(([name, bit]) => (effective & (1n << bit) ? [] : [name]));
}

/** Kernel WireGuard if the node can make an interface of it, which is the only sure sign. */
async function hasKernelWireguard(prefix: string): Promise<boolean> {
  const name = `${prefix}probe`;
  // 2: the kernel refused. One that a killed sidecar left behind is taken away first.
  await run('ip', ['link', 'del', name], { accept: [0, 1, 2] });
  const { code } = await run('ip', ['link', 'add', name, 'type', 'wireguard'], { accept: [0, 1, 2] });
  if (code === 0) await run('ip', ['link', 'del', name]);
  return code === 0;
}

/** What hinders: that the file is there says neither that it may be opened nor that there is a driver behind it. */
function openTun(): string | undefined {
  try {
    closeSync(openSync(TUN, constants.O_RDWR));
    return undefined;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code ?? 'no code';
  }
}

/** Which WireGuard this node has. While it has none it is looked for again, so that a module loaded later is found. */
export class Availability {
  readonly #prefix: string;
  readonly #logger: Logger;
  readonly #userspace: Implementation;
  #found: Implementation | undefined;
  #problem: string | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | undefined;

  constructor(options: { prefix: string; processes: Processes; logger: Logger }) {
    this.#prefix = options.prefix;
    this.#logger = options.logger;
    this.#userspace = userspaceImplementation(options.processes);
  }

  /** What new tunnels are made of; undefined where the node has nothing. */
  get found(): Implementation | undefined {
    return this.#found;
  }

  /** Why there is nothing, and what to do, in one sentence. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** For what is there already: also where nothing could be made now. */
  get forExisting(): Implementation {
    return this.#found ?? this.#userspace;
  }

  /** Throws `NoTunDevice`. */
  async require(): Promise<Implementation> {
    await this.lookAgain();
    if (this.#found !== undefined) return this.#found;
    throw new SidecarError('NoTunDevice', this.#problem ?? 'Nobody has looked yet; try again.');
  }

  /** Looks again where nothing was found, if the last look is not of just now. */
  async lookAgain(): Promise<void> {
    if (this.#found !== undefined) return;
    if (performance.now() - this.#lookedAt < LOOK_AGAIN_MS) return this.#looking;
    this.#lookedAt = performance.now();
    this.#looking = this.#look();
    return this.#looking;
  }

  async #look(): Promise<void> {
    const before = this.#problem;
    try {
      this.#problem = await this.#choose();
    } catch (cause) {
      if (!(cause instanceof SidecarError)) throw cause;
      this.#problem = cause.message;
    }
    if (this.#problem !== undefined && this.#problem !== before) this.#logger.warn({}, this.#problem);
    if (this.#found !== undefined) {
      this.#logger.info(
        { implementation: this.#found.name },
        before === undefined ? 'This node has WireGuard.' : 'This node has WireGuard now.',
      );
    }
  }

  /** Resolves with what hinders. */
  async #choose(): Promise<string | undefined> {
    const lacking = missingCapabilities(readFileSync('/proc/self/status', 'utf8'));
    if (lacking.length > 0) {
      return `The sidecar lacks ${lacking.join(' and ')}; let its container run as root and privileged.`;
    }
    const hindered = await programProblem(PROGRAMS);
    if (hindered !== undefined) return hindered;
    if (await hasKernelWireguard(this.#prefix)) {
      this.#found = kernelImplementation;
      return undefined;
    }
    const code = openTun();
    if (code === undefined) {
      const lacking = await programProblem([WIREGUARD_GO]);
      if (lacking === undefined) this.#found = this.#userspace;
      return lacking;
    }
    return `The node has neither kernel WireGuard nor a usable ${TUN} (${code}); load the module (modprobe wireguard), or give the sidecar that device.`;
  }
}
