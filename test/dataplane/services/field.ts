import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { publicKeyOf, type Service, type TunnelState } from '../../../src/wireguard/index.ts';
import { createNode, type TestNode } from '../../testbed/node.ts';
import type { Gateway } from '../sidecar/gateway.ts';
import { Router } from '../sidecar/router.ts';
import { stateOf } from '../sidecar/tunnel-state.ts';

const here = (file: string): string => new URL(file, import.meta.url).pathname;

/** What a pod says that it got. */
export interface Got {
  peer: string;
  text: string;
  /** By the PROXY protocol. */
  source?: string;
  destination?: string;
  family?: string;
}

/** A machine that acts as a pod, with one thing that answers. */
export class Pod {
  readonly node: TestNode;
  readonly endpoint: string;
  readonly got: Got[] = [];
  readonly #process: ChildProcess;

  private constructor(node: TestNode, endpoint: string, process: ChildProcess) {
    this.node = node;
    this.endpoint = endpoint;
    this.#process = process;
  }

  static async start(
    { network }: Pick<Gateway, 'network'>,
    name: string,
    protocol: Service['protocol'],
    port: number,
  ): Promise<Pod> {
    const node = await createNode(network, name);
    const process = node.spawn(
      globalThis.process.execPath,
      [here('pod-script.cjs'), name, protocol, String(port)],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const pod = new Pod(node, `${node.address}:${port}`, process);
    const lines = createInterface({ input: process.stdout as NodeJS.ReadableStream });
    await once(lines, 'line');
    lines.on('line', (line) => pod.got.push(JSON.parse(line)));
    return pod;
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }
}

/** Runs the router's script there and resolves with what it prints. */
export async function atRouter<T>(router: Router, ...args: (string | number)[]): Promise<T> {
  const text = await router.node.exec(process.execPath, [here('router-script.cjs'), ...args.map(String)]);
  return JSON.parse(text) as T;
}

/** Holds connections until it is released. */
export async function hold(
  router: Router,
  port: number,
  count: number,
): Promise<{ held: number; ended: number; release: () => Promise<void> }> {
  const child = router.node.spawn(
    process.execPath,
    [here('router-script.cjs'), 'hold', String(port), String(count)],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const [line] = await once(lines, 'line');
  return {
    ...JSON.parse(line as string),
    release: async () => {
      const closed = once(child, 'close');
      child.stdin?.end();
      await closed;
    },
  };
}

/** A tunnel with so many routers in it, joined. */
export async function tunnelWith(
  gateway: Gateway,
  count: number,
): Promise<{ state: TunnelState; routers: Router[] }> {
  const state = stateOf(0);
  const routers: Router[] = [];
  for (let number = 1; number <= count; number += 1) {
    routers.push(await Router.create(gateway, `router-${number}`, `10.100.1.${number}`));
  }
  state.peers = routers.map(({ peer }) => peer);
  await gateway.client.put(state);
  const server = { publicKey: publicKeyOf(state.privateKey), listenPort: state.listenPort };
  for (const router of routers) {
    await router.join(server);
    await router.awaitReach('10.100.0.1');
  }
  return { state, routers };
}
