import { accessObjectName, type HandoverPeer, type RouterAccess } from '../../src/api/index.ts';
import type { DesiredPeer } from '../../src/gateway/handover-block.ts';
import { readAccess } from '../../src/gateway/handover-parts.ts';
import type { KeySaying, KeyStep } from '../../src/gateway/keys/key-step.ts';
import { secrets } from '../../src/kube/index.ts';
import type { ApiServer } from './api/server.ts';
import { GATEWAYS } from './crew.ts';
import { keyText } from './secrets.ts';

/** A router in the field, as far as it is logged in to. */
export interface Device {
  /** That of the script which it was set up with, or the one that it has made since. */
  publicKey: string;
  /** The one before that. */
  former?: string;
  /** One that it has made, and does not use. */
  made?: string;
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
  #made = 0;

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
    const device = this.#device(peer, access);
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

  /**
   * A session about its key. Answers what the agent says then; undefined when that is lost, as every third time, after the
   * router did what it was asked for.
   */
  changeKey({ tunnel, block, peer }: Handed, step: KeyStep): KeySaying | undefined {
    const access = this.#access(tunnel, block, peer.address);
    if (access === undefined || step.step === 'none') return undefined;
    const device = this.#device(peer, access);
    const after = peer.publicKey;
    const isLost = ++this.#sessions % 3 === 0;
    const say = (saying: KeySaying): KeySaying | undefined => (isLost ? undefined : saying);
    if (step.step === 'use' && device.publicKey === step.next)
      return say({ publicKey: step.next, after, inUse: true });
    if (step.step === 'make' || device.made !== step.next) {
      if (step.step === 'use') delete device.made;
      device.made ??= keyText(`own${++this.#made}`);
      return say({ publicKey: device.made, after });
    }
    this.#devices.delete(device.publicKey);
    device.former = device.publicKey;
    device.publicKey = step.next;
    delete device.made;
    this.#devices.set(device.publicKey, device);
    return say({ publicKey: step.next, after, inUse: true });
  }

  /** What of a router's handover decides about its key. */
  keys({ tunnel, block, peer }: Handed): Pick<DesiredPeer, 'isScriptUsed' | 'isOwnKey' | 'next'> {
    const { used, nextPublicKey, ownKey } = this.#access(tunnel, block, peer.address) ?? {};
    return {
      ...(used !== undefined && { isScriptUsed: true }),
      ...(ownKey && { isOwnKey: true }),
      ...(nextPublicKey !== undefined && { next: nextPublicKey }),
    };
  }

  /** By whichever of its keys it comes. */
  #device({ publicKey }: HandoverPeer, { password, nextPublicKey = '' }: RouterAccess): Device {
    const device = this.#devices.get(publicKey) ??
      this.#devices.get(nextPublicKey) ?? { publicKey, password };
    this.#devices.set(device.publicKey, device);
    return device;
  }

  #access(tunnel: number, block: number, address: string): RouterAccess | undefined {
    const secret = this.#server.peek(secrets, `${GATEWAYS}/${accessObjectName(tunnel, block)}`);
    return secret && readAccess(secret, address);
  }
}
