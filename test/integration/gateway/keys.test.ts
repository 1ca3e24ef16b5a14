import type { Duplex } from 'node:stream';
import { jest } from '@jest/globals';
import { generateKeyPair } from '../../../src/wireguard/index.ts';
import { RouterOs } from '../../simulator/engine/index.ts';
import { serveApi } from '../../simulator/machine/api/without-linux.ts';
import { Cluster, type GatewayNode, type HandedOver, type Member, until } from './harness.ts';

jest.setTimeout(60_000);

let cluster: Cluster;
let node: GatewayNode;

beforeAll(async () => {
  cluster = await Cluster.start();
}, 900_000);
afterAll(() => cluster?.stop(), 60_000);
beforeEach(() => {
  node = cluster.node();
});
afterEach(() => node.stopAgent());

/** A simulated RouterOS behind the fake sidecar, reached only by a key that has its address there. */
class Site {
  readonly os: RouterOs;
  readonly tunnel: HandedOver;
  readonly member: Member;
  readonly former: string;

  static async start({ ownKeys = true } = {}): Promise<Site> {
    const tunnel = await node.tunnel();
    const member = await tunnel.addRouter();
    const pair = generateKeyPair();
    member.peer.publicKey = pair.publicKey;
    Object.assign(member.access, { used: '2026-01-01T00:00:00Z', revision: 1, next: 'another' });
    const site = new Site(tunnel, member, pair);
    node.sidecar.listeners.set(`${member.peer.address}:8728`, site.listen);
    await tunnel.writeBlock();
    await tunnel.writeKey(tunnel.keys.privateKey);
    await tunnel.writeTunnel(ownKeys ? { ownKeys } : {});
    const { publicKey } = pair;
    await tunnel.controllerSays(member, { publicKey, phase: 'AwaitingConnection' });
    await node.startAgent({ keyBackoff: { baseMs: 50, maxMs: 200 } });
    await until('the interface', () => node.sidecar.interfaces.has(tunnel.interfaceName));
    node.sidecar.shakeHands(publicKey);
    await until('Online', async () => (await tunnel.phase(member)) === 'Online');
    await tunnel.controllerSays(member, { publicKey });
    return site;
  }

  private constructor(tunnel: HandedOver, member: Member, pair: { privateKey: string; publicKey: string }) {
    this.tunnel = tunnel;
    this.member = member;
    this.former = pair.publicKey;
    this.os = new RouterOs({
      version: '7.16.2',
      board: 'hAP ax2',
      serialNumber: 'HD608ABCDEF',
      defaultFirewall: true,
      now: Date.now,
    });
    const { user, password } = member.access;
    this.type('/user/group/add name=tenant-tunnel policy=api,policy,read,sensitive,test,write');
    this.type(`/user/add name=${user} group=tenant-tunnel password="${password}"`);
    this.type(`/interface/wireguard/add name="tenant-tunnel" private-key="${pair.privateKey}"`);
    this.os.onChange(({ menu }) => {
      if (menu !== '/interface' && menu !== '/interface/wireguard') return;
      if (this.publicKey !== this.former) node.sidecar.shakeHands(this.publicKey);
    });
  }

  get publicKey(): string {
    return this.keys.get('tenant-tunnel') ?? '';
  }

  /** By the names of their interfaces. */
  get keys(): Map<string, string> {
    const rows = this.os.rows('/interface/wireguard');
    return new Map(rows.map((row) => [row.name ?? '', row['public-key'] ?? '']));
  }

  get networks(): (readonly string[] | undefined)[] {
    const { peers } = node.sidecar.interface(this.tunnel.interfaceName);
    return [this.former, this.publicKey].map((key) => peers.get(key)?.allowedIPs);
  }

  type(line: string): void {
    const said = this.os.terminal().paste(line).trim();
    if (said !== '') throw new Error(`${line}: ${said}`);
  }

  /** Nobody answers where the packets go to another key. */
  readonly listen = (stream: Duplex): void => {
    const { peers } = node.sidecar.interface(this.tunnel.interfaceName);
    if ((peers.get(this.publicKey)?.allowedIPs.length ?? 0) > 0)
      serveApi(stream, { os: this.os, saysEmpty: true });
  };

  async said() {
    return (await this.tunnel.router(this.member)).status?.credentials?.key;
  }

  /** As the controller does once it is said that there is a key. */
  async letIn(): Promise<string> {
    await until('a key is said', async () => (await this.said()) !== undefined);
    const next = (await this.said())?.publicKey ?? '';
    Object.assign(this.member.access, { nextPublicKey: next });
    await this.tunnel.writeBlock();
    return next;
  }

  /** And once it is in use. */
  async promote(): Promise<void> {
    await until('it is said to be in use', async () => (await this.said())?.inUse === true);
    expect(this.networks).toEqual([[], this.member.peer.allowedIPs]);
    const { publicKey = '' } = (await this.said()) ?? {};
    // The Secret first, as the controller writes it: with that alone the router must not lose its peer.
    Object.assign(this.member.access, { nextPublicKey: undefined, ownKey: true });
    await this.tunnel.writeBlock();
    await node.readings(5);
    expect(this.networks).toEqual([[], this.member.peer.allowedIPs]);
    this.member.peer.publicKey = publicKey;
    await this.tunnel.writeBlock();
    await this.tunnel.controllerSays(this.member, { publicKey });
  }

  async isDone(): Promise<void> {
    const key = this.publicKey;
    const { interfaceName } = this.tunnel;
    await until('one peer is left', () => node.sidecar.keysOf(interfaceName).join() === key);
    expect(key).not.toBe(this.former);
    expect([...this.keys]).toEqual([['tenant-tunnel', key]]);
    expect(this.networks[1]).toEqual(this.member.peer.allowedIPs);
    expect(await this.tunnel.phase(this.member)).toBe('Online');
    const { routerWrites } = node;
    await node.readings(10);
    expect(node.routerWrites).toBe(routerWrites);
    const events = await this.tunnel.events(this.member);
    expect(events).not.toContain('RouterOffline');
    expect(events).not.toContain('KeyKept');
    const secret = this.os.snapshot()['/interface/wireguard']?.[0]?.['private-key'] ?? '';
    expect(secret).not.toBe('');
    expect(JSON.stringify([node.logs, await this.tunnel.router(this.member)])).not.toContain(secret);
  }
}

test('a router makes its key, uses it once it is let in, and is Online all the time', async () => {
  const site = await Site.start();
  const writes = node.routerWrites;
  const next = await site.letIn();
  expect(site.keys.get('tenant-tunnel-next')).toBe(next);
  await site.promote();
  expect(site.publicKey).toBe(next);
  await site.isDone();
  // That it has made one, which may be said by now, and that it uses it.
  expect(node.routerWrites - writes).toBeLessThanOrEqual(2);
});

test('an agent that is killed when the router has just taken its key leaves the rest to the next one', async () => {
  const site = await Site.start();
  const next = await site.letIn();
  await until('the router has it', () => site.publicKey === next);
  await node.stopAgent();
  expect((await site.said())?.inUse).toBeUndefined();
  await node.startAgent({ keyBackoff: { baseMs: 50, maxMs: 200 } });
  await site.promote();
  await site.isDone();
});

test('routers that were there before make keys once their class begins to ask for it', async () => {
  const site = await Site.start({ ownKeys: false });
  await node.readings(10);
  expect(await site.said()).toBeUndefined();
  await site.tunnel.writeTunnel({ ownKeys: true });
  await site.letIn();
  await site.promote();
  await site.isDone();
});

test('a router of a tunnel whose routers keep their keys, or with one that somebody wrote, keeps it', async () => {
  const site = await Site.start();
  await site.letIn();
  await site.promote();
  await site.isDone();
  // The same again, as for a new router, with nothing that asks for it.
  const other = await site.tunnel.addRouter({ publicKey: generateKeyPair().publicKey });
  Object.assign(other.access, { used: '2026-01-01T00:00:00Z' });
  await site.tunnel.writeTunnel({ ownKeys: true });
  await site.tunnel.writeBlock();
  await node.readings(10);
  expect((await site.tunnel.router(other)).status?.credentials).toBeUndefined();
});
