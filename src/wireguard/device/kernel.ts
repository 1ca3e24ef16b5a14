import { run } from '../command.ts';
import { publicKeyOf } from '../keys.ts';
import { type Namespace, openNamespace } from '../namespace/namespace.ts';
import type { PeerObservation } from '../protocol.ts';
import { CALL_SECONDS, type Device, type DeviceChange, type DeviceState } from './device.ts';

/** Peers in one `wg set … remove`: their keys are arguments, which the kernel bounds to 128 KiB each and 2 MiB. */
const REMOVALS_AT_ONCE = 1000;

const KEEPALIVE = 'persistent-keepalive';
const NO_KEY = Buffer.alloc(32).toString('base64');

/**
 * A change as `wg addconf` takes it: what it does not name stays, and a `[Peer]` that is there already keeps session
 * and endpoint, while its allowed IPs become these (wireguard-tools, config.c).
 */
export function* encodeConfiguration(change: Omit<DeviceChange, 'remove'>): Generator<string> {
  if (change.privateKey !== undefined || change.listenPort !== undefined) {
    yield '[Interface]\n';
    if (change.privateKey !== undefined) yield `PrivateKey = ${change.privateKey}\n`;
    if (change.listenPort !== undefined) yield `ListenPort = ${change.listenPort}\n`;
  }
  for (const [publicKey, { presharedKey, allowedIPs }] of change.set) {
    yield `[Peer]\nPublicKey = ${publicKey}\n`;
    // `wg` takes no empty list; without a line a peer has none.
    if (allowedIPs.length > 0) yield `AllowedIPs = ${allowedIPs.join(', ')}\n`;
    // A peer that is there already keeps its pre-shared key unless told otherwise; all zeros are none.
    yield `PresharedKey = ${presharedKey ?? NO_KEY}\n`;
    const endpoint = change.endpoints?.get(publicKey);
    if (endpoint !== undefined) yield `Endpoint = ${endpoint}\n`;
  }
}

const present = (field: string | undefined): field is string => field !== undefined && field !== '(none)';

/** The first line of `wg show IF dump`: private key, public key, port, mark. */
export function parseHeaderLine(line: string): Pick<DeviceState, 'publicKey' | 'listenPort'> {
  const [privateKey, , port] = line.split('\t');
  return {
    publicKey: present(privateKey) ? publicKeyOf(privateKey) : null,
    listenPort: port === undefined ? null : Number(port),
  };
}

/** Another line of it: key, pre-shared key, endpoint, allowed IPs, handshake, received, sent, keepalive. */
export function parsePeerLine(line: string) {
  const [publicKey = '', presharedKey, endpoint, allowedIPs, handshake, rx, tx] = line.split('\t');
  return {
    settings: {
      ...(present(presharedKey) ? { presharedKey } : {}),
      allowedIPs: present(allowedIPs) && allowedIPs !== '' ? allowedIPs.split(',') : [],
    },
    observation: {
      publicKey,
      lastHandshake: Number(handshake),
      rx: Number(rx),
      tx: Number(tx),
      endpoint: present(endpoint) ? endpoint : null,
    },
  };
}

/** Kernel WireGuard, by the `wg` program in the tunnel's namespace. */
export class KernelDevice implements Device {
  readonly #namespacePath: string;
  readonly #interfaceName: string;

  constructor(namespacePath: string, interfaceName: string) {
    this.#namespacePath = namespacePath;
    this.#interfaceName = interfaceName;
  }

  async read(): Promise<DeviceState> {
    const [first = '', ...lines] = await this.#dump();
    const peers = lines.map(parsePeerLine);
    return {
      ...parseHeaderLine(first),
      peers: new Map(peers.map(({ settings, observation }) => [observation.publicKey, settings])),
    };
  }

  async *observe(): AsyncGenerator<PeerObservation> {
    const [, ...lines] = await this.#dump();
    for (const line of lines) yield parsePeerLine(line).observation;
  }

  async apply(change: DeviceChange): Promise<void> {
    await this.#within(async (namespace) => {
      for (let from = 0; from < change.remove.length; from += REMOVALS_AT_ONCE) {
        const keys = change.remove.slice(from, from + REMOVALS_AT_ONCE);
        await run('wg', ['set', this.#interfaceName, ...keys.flatMap((key) => ['peer', key, 'remove'])], {
          namespace,
        });
      }
      const input = [...encodeConfiguration(change)].join('');
      if (input === '') return;
      await run('wg', ['addconf', this.#interfaceName, '/dev/stdin'], { namespace, input, secret: true });
    });
  }

  /** By `wg set`, which leaves allowed IPs alone where it is told none; it would make a peer that is not there. */
  greet(publicKeys: readonly string[]): Promise<void> {
    return this.#setPeers(
      publicKeys.flatMap((key) => ['1', 'off'].flatMap((interval) => ['peer', key, KEEPALIVE, interval])),
    );
  }

  call(publicKey: string, endpoint: string): Promise<void> {
    const off = ['peer', publicKey, 'endpoint', endpoint, KEEPALIVE, 'off'];
    return this.#setPeers([...off, 'peer', publicKey, KEEPALIVE, String(CALL_SECONDS)]);
  }

  hush(publicKey: string): Promise<void> {
    return this.#setPeers(['peer', publicKey, KEEPALIVE, 'off']);
  }

  #setPeers(words: readonly string[]): Promise<void> {
    return this.#within(async (namespace) => {
      await run('wg', ['set', this.#interfaceName, ...words], { namespace });
    });
  }

  async #dump(): Promise<string[]> {
    const { stdout } = await this.#within((namespace) =>
      run('wg', ['show', this.#interfaceName, 'dump'], { namespace }),
    );
    return stdout.split('\n').filter((line) => line !== '');
  }

  async #within<T>(action: (namespace: Namespace) => Promise<T>): Promise<T> {
    const namespace = await openNamespace(this.#namespacePath);
    try {
      return await action(namespace);
    } finally {
      await namespace.close();
    }
  }
}
