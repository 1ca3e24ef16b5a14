import { accessObjectName, type HandoverPeer, type RouterAccess } from '../../src/api/index.ts';
import { readAccess } from '../../src/gateway/handover-parts.ts';
import { secrets } from '../../src/kube/index.ts';
import type { ApiServer } from './api/server.ts';
import { GATEWAYS } from './crew.ts';

/** A router in the field, as far as it is logged in to. */
export interface Device {
  /** That of the script which it was set up with. */
  publicKey: string;
  password: string;
}

interface Handed {
  tunnel: number;
  block: number;
  peer: HandoverPeer;
}

/** The routers in the field: each was set up by the script with its key, and changes its password as the agent asks. */
export class Devices {
  readonly #server: ApiServer;
  /** By public key. */
  readonly #devices = new Map<string, Device>();
  #sessions = 0;

  constructor(server: ApiServer) {
    this.#server = server;
  }

  all(): Iterable<Device> {
    return this.#devices.values();
  }

  /**
   * A session as the agent has it. Answers the number of the password that the router has then; undefined when it was not
   * let in, or was cut off after the router had taken its next password, which happens every third time.
   */
  logIn({ tunnel, block, peer }: Handed): number | undefined {
    const access = this.#access(tunnel, block, peer.address);
    if (access === undefined) return undefined;
    const { publicKey } = peer;
    const device = this.#devices.get(publicKey) ?? { publicKey, password: access.password };
    this.#devices.set(publicKey, device);
    const { password, next, revision = 0, due } = access;
    if (device.password === next) return revision + 1;
    if (device.password !== password) return undefined;
    if (next === undefined || !due) return revision;
    device.password = next;
    this.#sessions += 1;
    return this.#sessions % 3 === 0 ? undefined : revision + 1;
  }

  /** Number of the password that a router is to be given. */
  due({ tunnel, block, peer }: Handed): number | undefined {
    const { due, next, revision = 0 } = this.#access(tunnel, block, peer.address) ?? {};
    return due && next !== undefined ? revision + 1 : undefined;
  }

  #access(tunnel: number, block: number, address: string): RouterAccess | undefined {
    const secret = this.#server.peek(secrets, `${GATEWAYS}/${accessObjectName(tunnel, block)}`);
    return secret && readAccess(secret, address);
  }
}
