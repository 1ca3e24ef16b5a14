import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { ipBatch, namespacePath, runInside } from './namespaces.ts';

/** The TUN device on whose other side packets wait. */
export const DELAY_DEVICE = 'delay';

export interface Delay {
  stop(): Promise<void>;
}

/** What the worker of delay-worker.ts is started with. */
export interface DelayWorkerData {
  namespacePath: string;
  device: string;
  delayMs: number;
  /** One Int32; anything but 0 ends the worker. */
  stop: SharedArrayBuffer;
}

/**
 * Delays what passes a NAT router from `lan` to `wan` and back. The kernel need not have netem: packets are routed
 * into a TUN device by rule and come back out of it later. Conntrack sees each packet once, on the side of `wan`,
 * or masquerading would be decided on the way into the device.
 */
export async function startDelay(natNetns: string, host: string, delayMs: number): Promise<Delay> {
  const stop = new SharedArrayBuffer(4);
  const workerData: DelayWorkerData = {
    namespacePath: namespacePath(natNetns),
    device: DELAY_DEVICE,
    delayMs,
    stop,
  };
  const worker = new Worker(new URL('./delay-worker.ts', import.meta.url), { workerData });
  const ended = once(worker, 'exit');
  await once(worker, 'message');
  const rules = [`iif lan lookup 100`, `iif wan to ${host} lookup 100`];
  await ipBatch(natNetns, [
    `link set ${DELAY_DEVICE} up`,
    `route add default dev ${DELAY_DEVICE} table 100`,
    ...rules.map((rule) => `rule add ${rule}`),
  ]);
  await runInside(natNetns, 'nft', ['-f', '-'], untracked(host));
  return {
    async stop() {
      await ipBatch(
        natNetns,
        rules.map((rule) => `rule del ${rule}`),
      );
      await runInside(natNetns, 'nft', ['delete', 'table', 'ip', 'delay']);
      Atomics.store(new Int32Array(stop), 0, 1);
      await ended;
    },
  };
}

function untracked(host: string): string {
  return `table ip delay {
  chain prerouting {
    type filter hook prerouting priority raw
    iifname "lan" notrack
    iifname "${DELAY_DEVICE}" ip daddr ${host} notrack
  }
}\n`;
}
