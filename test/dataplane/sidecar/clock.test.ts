import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { publicKeyOf, type RefusedPeer, type TunnelState } from '../../../src/wireguard/index.ts';
import { ensureClockedWireguard } from '../../testbed/binaries.ts';
import { InitiationRecord } from '../../testbed/initiation-record.ts';
import { createNode, type TestNode } from '../../testbed/node.ts';
import { waitFor } from '../../testbed/wait.ts';
import { dataplane, leftOut } from './dataplane.ts';
import { Gateway } from './gateway.ts';
import { Router } from './router.ts';
import { stateOf } from './tunnel-state.ts';

const YEAR_MS = 365 * 86_400_000;
/** An initiation and an answer to it. */
const ANSWER_BYTES = 92;

dataplane(`a router whose clock has jumped back${leftOut}`, () => {
  let gateway: Gateway;
  let router: Router;
  let steady: Router;
  let spy: TestNode;
  let state: TunnelState;
  let record: InitiationRecord;
  let program: string;
  /** Handshakes of the router that were let in while its clock was right. */
  const captured: Buffer[] = [];
  jest.setTimeout(300_000);

  beforeAll(async () => {
    program = await ensureClockedWireguard();
    gateway = await Gateway.create();
    record = new InitiationRecord(gateway.node.pid);
    router = await Router.create(gateway, 'router', '10.100.1.1', { behindNat: true });
    steady = await Router.create(gateway, 'steady', '10.100.1.2', { behindNat: true });
    spy = await createNode(gateway.network, 'spy');
    state = stateOf(0, { peers: [router.peer, steady.peer] });
    await gateway.client.put(state);
    for (const one of [router, steady]) {
      await one.join(server());
      await one.awaitReach('10.100.0.1');
    }
    captured.push(...record.take());
  }, 300_000);

  afterAll(async () => {
    record?.close();
    await gateway?.destroy();
  });

  const server = () => ({ publicKey: publicKeyOf(state.privateKey), listenPort: state.listenPort });

  async function observed(publicKey: string) {
    let found: { endpoint: string | null; lastHandshake: number } | undefined;
    for await (const peer of gateway.client.observe('wg0')) if (peer.publicKey === publicKey) found = peer;
    return found;
  }

  /** Waits until the sidecar has told of the router, reading its peers as an agent does. */
  async function refusal(): Promise<RefusedPeer> {
    let found: RefusedPeer | undefined;
    await waitFor(
      'the router is known to be refused',
      async () => {
        await observed(router.keys.publicKey);
        await sleep(200);
        [found] = await gateway.client.refused();
        return found !== undefined && found.quietMs > 0;
      },
      60_000,
    );
    return found as RefusedPeer;
  }

  /** Sends it from elsewhere; how many bytes come back. */
  async function playBack(packet: Buffer): Promise<number> {
    const script = `exec 3<>/dev/udp/${gateway.node.address}/${state.listenPort}
      echo ${packet.toString('base64')} | base64 -d >&3
      timeout 1 dd bs=2000 count=1 <&3 2>/dev/null | wc -c`;
    return Number(await spy.exec('bash', ['-c', script]));
  }

  test('those that are let in, and those that say nothing, are not among the refused', async () => {
    expect(captured.length).toBeGreaterThanOrEqual(2);
    await steady.fallSilent();
    for (let count = 0; count < 4; count += 1) {
      await observed(router.keys.publicKey);
      await sleep(500);
    }
    expect(await gateway.client.refused()).toEqual([]);
    const call = await gateway.client.call('wg0', router.keys.publicKey);
    expect(call).toEqual({ changes: [] });
  });

  test('is refused, and told from a silent one, with what its clock says', async () => {
    await router.reboot({ program, offsetMs: -YEAR_MS });
    await router.join(server());
    const refused = await refusal();
    expect(refused).toMatchObject({ interfaceName: 'wg0', publicKey: router.keys.publicKey });
    expect(refused.attempts).toBeGreaterThanOrEqual(2);
    expect(Math.abs(Date.now() - YEAR_MS - refused.clock * 1000)).toBeLessThan(60_000);
    expect(await router.lastHandshake()).toBe(0);
    expect(await gateway.client.refused()).toHaveLength(1);
  });

  test('is connected once the server speaks first, and stays so', async () => {
    const { changes } = await gateway.client.call('wg0', router.keys.publicKey);
    expect(changes).toEqual([expect.stringMatching(/^speak first to peer \S+ at [\d.]+:\d+$/)]);
    // At once where no old session is left; here there is one, of which WireGuard despairs after 15 s.
    await waitFor('a handshake', async () => (await router.lastHandshake()) > 0, 60_000);
    await router.awaitReach('10.100.0.1');
    await observed(router.keys.publicKey);
    expect(await gateway.client.refused()).toEqual([]);
    const dump = await gateway.inTunnel('wg0', 'wg', 'show', 'wg0', 'persistent-keepalive');
    expect(dump).toContain(`${router.keys.publicKey}\t25`);
    expect(dump).toContain(`${steady.keys.publicKey}\toff`);
  });

  test('has nothing forgotten for it: what was captured and is played back stays out', async () => {
    const before = await observed(router.keys.publicKey);
    for (const packet of captured) expect(await playBack(packet)).toBe(0);
    const after = await observed(router.keys.publicKey);
    expect(after?.endpoint).toBe(before?.endpoint);
    expect(await router.reaches('10.100.0.1')).toBe(true);
  });

  test('a peer that is added anew would have let it in', async () => {
    const { publicKey } = router.keys;
    await gateway.client.patchPeers('wg0', { set: [], remove: [publicKey] });
    await gateway.client.patchPeers('wg0', { set: [router.peer], remove: [] });
    const answers = [];
    for (const packet of captured) answers.push(await playBack(packet));
    expect(answers).toContain(ANSWER_BYTES);
    expect((await observed(publicKey))?.endpoint).toMatch(`${spy.address}:`);
  });
});
