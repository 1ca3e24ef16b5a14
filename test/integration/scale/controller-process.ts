import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONTROLLER_USER, type ControlPlane } from '../../testbed/control-plane.ts';
import { type Fault, type FaultProxy, startFaultProxy } from '../../testbed/fault-proxy.ts';
import {
  type OwnedDirectory,
  type OwnedProcess,
  ownedDirectory,
  spawnOwned,
} from '../../testbed/lifetime.ts';
import { waitFor } from '../../testbed/wait.ts';
import { isWrite } from './write-count.ts';

const MAIN = join(import.meta.dirname, '..', '..', '..', 'src', 'main.ts');

/** Says what happens to the controller's write number `n`, from 1 on; nothing: it passes. */
export type WriteRule = (n: number) => Fault | undefined;

/**
 * A controller as it is installed, told that it leads, behind a proxy that counts what it writes. It is started ahead of
 * time: its requests are held until it is let go, so that whoever kills another need not wait for Node.js.
 */
export class ControllerProcess {
  readonly #directory: OwnedDirectory;
  readonly #proxy: FaultProxy;
  readonly #process: OwnedProcess;
  readonly #go: () => void;
  #writes = 0;
  #rule: WriteRule | undefined;

  static async start(plane: ControlPlane): Promise<ControllerProcess> {
    const directory = ownedDirectory('controller');
    const proxy = await startFaultProxy(plane.url, plane.caFile);
    const kubeconfig = join(directory.path, 'kubeconfig');
    writeFileSync(kubeconfig, kubeconfigText(proxy.url, plane.token(CONTROLLER_USER)), { mode: 0o600 });
    const process = await spawnOwned(
      directory.path,
      'controller',
      globalThis.process.execPath,
      [
        MAIN,
        'controller',
        '--leader-elect=false',
        '--metrics-address=127.0.0.1:0',
        '--kubeconfig',
        kubeconfig,
      ],
      { NODE_COMPILE_CACHE: join(plane.directory, 'compile-cache') },
    );
    return new ControllerProcess(directory, proxy, process);
  }

  private constructor(directory: OwnedDirectory, proxy: FaultProxy, process: OwnedProcess) {
    this.#directory = directory;
    this.#proxy = proxy;
    this.#process = process;
    const begins = Promise.withResolvers<void>();
    let isHeld = true;
    this.#go = () => {
      isHeld = false;
      begins.resolve();
    };
    proxy.decide((request) => {
      if (isHeld) return { kind: 'hold', until: begins.promise };
      if (!isWrite(request)) return undefined;
      this.#writes++;
      return this.#rule?.(this.#writes);
    });
  }

  /** Lets it begin. */
  go(): this {
    this.#go();
    return this;
  }

  /** Since its start, or since they were last counted anew. */
  get writes(): number {
    return this.#writes;
  }

  countAnew(rule?: WriteRule): void {
    this.#writes = 0;
    this.#rule = rule;
  }

  get log(): string {
    return this.#process.logTail(1_000_000);
  }

  async untilLeading(): Promise<void> {
    await waitFor('the controller leads', () => this.log.includes('"leading"'), 120_000).catch(
      (error: Error) => {
        throw new Error(`${error.message} Its log ends:\n${this.#process.logTail()}`);
      },
    );
  }

  /** SIGKILL, at once: what it has sent may still arrive. */
  killNow(): void {
    process.kill(this.#process.pid, 'SIGKILL');
  }

  /** SIGKILL if it still runs; its log and its proxy go with it. */
  async remove(): Promise<void> {
    if (this.#process.ended() === null) await this.#process.kill();
    await this.#proxy.stop();
    this.#directory.remove();
  }

  /** SIGTERM; @throws when it did not end in order. */
  async end(): Promise<void> {
    await this.#process.stop(10_000);
    const how = this.#process.ended();
    if (how !== 'ended with exit code 0')
      throw new Error(`The controller ${how}:\n${this.#process.logTail()}`);
  }
}

/** Of plain HTTP, which is what the proxy speaks. */
function kubeconfigText(server: string, token: string): string {
  const name = 'proxy';
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    clusters: [{ name, cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  });
}
