import { accessSync, constants } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { SidecarError, stopping } from '../errors.ts';
import { ensureFolder } from '../folder.ts';
import { type StartedDaemon, startDaemon } from '../namespace/start-program.ts';
import { CONTROL_FOLDER, controlSocketOf, probeControlSocket } from './control-socket.ts';
import { inotifyProblem, raiseInstances } from './inotify.ts';
import { endLinkNews } from './link-news.ts';

export interface ProcessesOptions {
  /**
   * A descriptor that each process is to inherit: a lock that falls free only when the last of them has closed its
   * sockets, however it came to its end.
   */
  inherit?: () => number | undefined;
  /** One has ended that was at work; whether somebody wanted it so, the listener has to know. */
  onEnded?: (interfaceName: string, how: string) => void;
  /** The node had no inotify instance left, and now may have so many. */
  onInstancesRaised?: (to: number) => void;
}

const START_LIMIT_MS = 10_000;
const POLL_MS = 10;
const END_LIMIT_MS = 400;

interface Running extends StartedDaemon {
  interfaceName: string;
}

/** The wireguard-go processes that this sidecar has started, each its direct child. */
export class Processes {
  readonly #options: ProcessesOptions;
  readonly #running = new Set<Running>();
  #ending = false;

  constructor(options: ProcessesOptions = {}) {
    this.#options = options;
  }

  /** In a session of its own and with nothing that ties it to this process, which it may outlive. */
  async start(interfaceName: string): Promise<void> {
    try {
      await this.#startOnce(interfaceName);
    } catch (cause) {
      const raised = raiseInstances();
      if (raised === undefined) throw cause;
      this.#options.onInstancesRaised?.(raised);
      await this.#startOnce(interfaceName);
    }
  }

  async #startOnce(interfaceName: string): Promise<void> {
    this.#refuseWhereImpossible();
    const child = this.#spawn(interfaceName);
    let ended: string | undefined;
    let started = false;
    void child.ended.then(({ code, signal }) => {
      this.#running.delete(child);
      const how = signal ?? `exit code ${code}`;
      ended = `it ended at once (${how})`;
      if (started && !this.#ending) this.#options.onEnded?.(interfaceName, how);
    });
    for (let waited = 0; waited < START_LIMIT_MS; waited += POLL_MS) {
      // Whoever answers is right: one started just before this process was killed may have been faster.
      if ((await probeControlSocket(controlSocketOf(interfaceName))) === 'running') {
        started = true;
        return;
      }
      if (ended !== undefined) break;
      await sleep(POLL_MS);
    }
    this.#kill(child, 'SIGKILL');
    const why = inotifyProblem() ?? ended ?? `it was not ready within ${START_LIMIT_MS} ms`;
    throw new SidecarError('DeviceFailed', `wireguard-go could not make ${interfaceName}: ${why}.`);
  }

  #spawn(interfaceName: string): Running {
    try {
      const child = startDaemon('wireguard-go', ['-f', interfaceName], {
        inherited: this.#options.inherit?.() ?? 'ignore',
        env: { PATH: process.env.PATH ?? '', LOG_LEVEL: 'silent' },
      });
      const running = { ...child, interfaceName };
      child.life.unref();
      this.#running.add(running);
      return running;
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      const why = code === 'ENOENT' ? 'it is not installed' : `it could not be started (${code})`;
      throw new SidecarError('DeviceFailed', `wireguard-go could not make ${interfaceName}: ${why}.`, {
        cause,
      });
    }
  }

  #kill(child: Running, signal: NodeJS.Signals): void {
    if (this.#running.has(child)) process.kill(child.pid, signal);
  }

  /** The interface is where it belongs, and its process need not hear of the node's others. */
  moved(interfaceName: string): void {
    for (const child of this.#running) if (child.interfaceName === interfaceName) endLinkNews(child.pid);
  }

  /** Ends them all and waits until their sockets are closed; none can be started any more. */
  async endAll(): Promise<void> {
    this.#ending = true;
    const left = [...this.#running];
    for (const child of left) child.life.ref();
    for (const child of left) this.#kill(child, 'SIGTERM');
    const timer = setTimeout(() => {
      for (const child of left) this.#kill(child, 'SIGKILL');
    }, END_LIMIT_MS);
    await Promise.all(left.map(({ ended }) => ended));
    clearTimeout(timer);
  }

  #refuseWhereImpossible(): void {
    if (this.#ending) throw stopping();
    try {
      ensureFolder(CONTROL_FOLDER);
      accessSync(CONTROL_FOLDER, constants.W_OK);
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      throw new SidecarError(
        'DeviceFailed',
        `wireguard-go cannot keep its control socket in ${CONTROL_FOLDER} (${code}); mount a volume there that can be written.`,
        { cause },
      );
    }
  }
}
