import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { SidecarError } from '../errors.ts';
import type { PeerObservation } from '../protocol.ts';
import type { Device, DeviceChange, DeviceState } from './device.ts';
import { encodeCall, encodeChange, encodeGreeting, encodeHush, type ReadPeer, ReplyParser } from './uapi.ts';

/** Milliseconds that wireguard-go may be silent: setting 65,000 peers in one request takes it some seconds. */
const SILENCE_MS = 30_000;
const WRITE_CHARACTERS = 64 * 1024;

/** wireguard-go, by its control socket, which answers whatever the network namespace. */
export class UserspaceDevice implements Device {
  readonly #path: string;

  constructor(socketPath: string) {
    this.#path = socketPath;
  }

  async read(): Promise<DeviceState> {
    const peers: DeviceState['peers'] = new Map();
    const parser = new ReplyParser(({ settings, observation }) => peers.set(observation.publicKey, settings));
    for await (const _ of this.#get(parser)) {
      // The parser has taken what there was.
    }
    return { ...parser.header, peers };
  }

  async *observe(): AsyncGenerator<PeerObservation> {
    const ready: ReadPeer[] = [];
    const parser = new ReplyParser((peer) => ready.push(peer));
    for await (const _ of this.#get(parser)) {
      for (const { observation } of ready.splice(0)) yield observation;
    }
  }

  apply(change: DeviceChange): Promise<void> {
    return this.#set(encodeChange(change));
  }

  greet(publicKeys: readonly string[]): Promise<void> {
    return this.#set(encodeGreeting(publicKeys));
  }

  call(publicKey: string, endpoint: string): Promise<void> {
    return this.#set(encodeCall(publicKey, endpoint));
  }

  hush(publicKey: string): Promise<void> {
    return this.#set(encodeHush(publicKey));
  }

  async #set(request: Iterable<string>): Promise<void> {
    const parser = new ReplyParser(() => undefined);
    for await (const _ of this.#ask(request, parser)) {
      // Only `errno` comes.
    }
  }

  #get(parser: ReplyParser): AsyncGenerator<void> {
    return this.#ask(['get=1\n', '\n'], parser);
  }

  /** Sends a request and feeds the reply to the parser; yields after each chunk, so that a reader sets the pace. */
  async *#ask(request: Iterable<string>, parser: ReplyParser): AsyncGenerator<void> {
    const socket = createConnection({ path: this.#path });
    socket.setTimeout(SILENCE_MS, () => socket.destroy(this.#timeout()));
    try {
      await once(socket, 'connect');
      const sent = send(socket, request);
      // Its failure is the socket's, which the loop below meets.
      sent.catch(() => undefined);
      let rest = '';
      for await (const chunk of socket.setEncoding('utf8')) {
        const lines = (rest + (chunk as string)).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) parser.line(line);
        yield;
        if (parser.errno !== undefined) break;
      }
    } catch (cause) {
      throw cause instanceof SidecarError
        ? cause
        : this.#failure(String((cause as NodeJS.ErrnoException).code), cause);
    } finally {
      socket.destroy();
    }
    if (parser.errno !== 0) throw this.#failure(`errno ${parser.errno ?? 'missing'}`);
  }

  #timeout(): SidecarError {
    return new SidecarError(
      'DeviceTimeout',
      `wireguard-go behind ${this.#path} was silent for ${SILENCE_MS} ms.`,
    );
  }

  #failure(what: string, cause?: unknown): SidecarError {
    return new SidecarError(
      'DeviceFailed',
      `wireguard-go behind ${this.#path} did not do what it was asked (${what}).`,
      {
        cause,
      },
    );
  }
}

async function send(socket: Socket, request: Iterable<string>): Promise<void> {
  let chunk = '';
  const flush = async (): Promise<void> => {
    if (!socket.write(chunk)) await once(socket, 'drain');
    chunk = '';
  };
  for (const part of request) {
    chunk += part;
    if (chunk.length > WRITE_CHARACTERS) await flush();
  }
  await flush();
}
