import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { SidecarError, stopping } from '../errors.ts';
import { ensureFolder } from '../folder.ts';
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

/** The wireguard-go processes that this sidecar has started, each the direct child that Node waits for. */
export class Processes {
  readonly #options: ProcessesOptions;
  readonly #children = new Map<ChildProcess, string>();
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
    const inherited = this.#options.inherit?.();
    const child = spawn('wireguard-go', ['-f', interfaceName], {
      detached: true,
      stdio: ['ignore', 'ignore', 'ignore', ...(inherited === undefined ? [] : [inherited])],
      cwd: '/',
      env: { PATH: process.env.PATH, LOG_LEVEL: 'silent' },
    });
    let ended: string | undefined;
    let started = false;
    this.#children.set(child, interfaceName);
    child.on('error', ({ code }: NodeJS.ErrnoException) => {
      this.#children.delete(child);
      ended = code === 'ENOENT' ? 'it is not installed' : `it could not be started (${code})`;
    });
    child.on('exit', (code, signal) => {
      this.#children.delete(child);
      const how = signal ?? `exit code ${code}`;
      ended = `it ended at once (${how})`;
      if (started && !this.#ending) this.#options.onEnded?.(interfaceName, how);
    });
    child.unref();
    for (let waited = 0; waited < START_LIMIT_MS; waited += POLL_MS) {
      // Whoever answers is right: one started just before this process was killed may have been faster.
      if ((await probeControlSocket(controlSocketOf(interfaceName))) === 'running') {
        started = true;
        return;
      }
      if (ended !== undefined) break;
      await sleep(POLL_MS);
    }
    child.kill('SIGKILL');
    const why = inotifyProblem() ?? ended ?? `it was not ready within ${START_LIMIT_MS} ms`;
    throw new SidecarError('DeviceFailed', `wireguard-go could not make ${interfaceName}: ${why}.`);
  }

  /** The interface is where it belongs, and its process need not hear of the node's others. */
  moved(interfaceName: string): void {
    for (const [{ pid }, name] of this.#children) {
      if (name === interfaceName && pid !== undefined) endLinkNews(pid);
    }
  }

  /** Ends them all and waits until their sockets are closed; none can be started any more. */
  async endAll(): Promise<void> {
    this.#ending = true;
    const left = [...this.#children.keys()];
    const gone = Promise.all(left.map((child) => new Promise((resolve) => child.once('exit', resolve))));
    for (const child of left) child.ref();
    for (const child of left) child.kill('SIGTERM');
    const timer = setTimeout(() => {
      for (const child of left) child.kill('SIGKILL');
    }, END_LIMIT_MS);
    await gone;
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
