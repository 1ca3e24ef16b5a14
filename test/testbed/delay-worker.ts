import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import koffi from 'koffi';
import type { DelayWorkerData } from './delay.ts';
import { enterNetworkNamespace } from './setns.ts';

const TUNSETIFF = 0x400454ca;
const IFF_TUN = 0x0001;
const IFF_NO_PI = 0x1000;
const POLLIN = 1;
const MAX_WAITING = 10_000;
const MAX_PACKET_BYTES = 65_536;
const LONGEST_SLEEP_MS = 50;

const libc = koffi.load('libc.so.6');
const ioctl = libc.func('int ioctl(int fd, unsigned long request, void *argument)');
const poll = libc.func('int poll(void *fds, unsigned long count, int timeout)');

const { namespacePath, device, delayMs, stop } = workerData as DelayWorkerData;
// This thread has nothing else to do: it stays in the namespace until it ends.
enterNetworkNamespace(namespacePath);
const tun = openSync('/dev/net/tun', constants.O_RDWR | constants.O_NONBLOCK);
const request = Buffer.alloc(40);
request.write(device, 'latin1');
request.writeUInt16LE(IFF_TUN | IFF_NO_PI, 16);
if (ioctl(tun, TUNSETIFF, request) < 0) {
  throw new Error(`The delay device could not be made (errno ${koffi.errno()}).`);
}
parentPort?.postMessage('ready');

const waiting: { due: number; packet: Buffer }[] = [];
const buffer = Buffer.alloc(MAX_PACKET_BYTES);
const pollFd = Buffer.alloc(8);
const stopped = new Int32Array(stop);
while (Atomics.load(stopped, 0) === 0) {
  const next = waiting[0]?.due ?? Number.POSITIVE_INFINITY;
  const sleep = Math.max(0, Math.min(LONGEST_SLEEP_MS, Math.ceil(next - performance.now())));
  pollFd.writeInt32LE(tun, 0);
  pollFd.writeInt16LE(POLLIN, 4);
  if (poll(pollFd, 1, sleep) > 0) receive();
  send();
}
closeSync(tun);

function receive(): void {
  for (;;) {
    const length = nonBlocking(() => readSync(tun, buffer));
    if (length === undefined) return;
    // A full queue loses packets, as any router's does.
    if (waiting.length < MAX_WAITING) {
      waiting.push({ due: performance.now() + delayMs, packet: Buffer.from(buffer.subarray(0, length)) });
    }
  }
}

function send(): void {
  for (let head = waiting[0]; head !== undefined && head.due <= performance.now(); head = waiting[0]) {
    const { packet } = head;
    waiting.shift();
    nonBlocking(() => writeSync(tun, packet));
  }
}

/** The result, or nothing where the device has none now or refuses the packet. */
function nonBlocking(operation: () => number): number | undefined {
  try {
    return operation();
  } catch {
    return undefined;
  }
}
