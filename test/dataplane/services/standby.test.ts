import { jest } from '@jest/globals';
import { publicKeyOf, type Service } from '../../../src/wireguard/index.ts';
import { waitFor } from '../../testbed/wait.ts';
import { dataplane, leftOut } from '../sidecar/dataplane.ts';
import { Router } from '../sidecar/router.ts';
import { Site } from '../sidecar/site.ts';
import { stateOf } from '../sidecar/tunnel-state.ts';
import { atRouter, Pod } from './field.ts';

jest.setTimeout(120_000);

dataplane(`services, when gateway pods take turns${leftOut}`, () => {
  let site: Site;

  beforeAll(async () => {
    site = await Site.create();
  });
  afterAll(async () => {
    await site?.clear();
    await site?.destroy();
  });

  test("are reached from a pod that is not on the node's network, and by its successors", async () => {
    const router = await Router.create(site, 'router', '10.100.1.1');
    const radius = await Pod.start(site, 'radius', 'UDP', 1812);
    const web = await Pod.start(site, 'web', 'TCP', 8080);
    const state = stateOf(0, { peers: [router.peer] });
    const services: Service[] = [
      { protocol: 'UDP', port: 1812, endpoints: [radius.endpoint] },
      { protocol: 'TCP', port: 80, endpoints: [web.endpoint] },
    ];
    const ask = (text: string) => atRouter<{ reply: string } | null>(router, 'ask', 1812, text);
    const call = () => atRouter<{ length?: number }>(router, 'call', 80, 100);

    let working = await site.start();
    await working.client.put(state);
    await working.client.putServices('wg0', { services });
    await router.join({ publicKey: publicKeyOf(state.privateKey), listenPort: state.listenPort });
    await router.awaitReach('10.100.0.1');
    expect((await ask('one'))?.reply).toBe('radius one');
    expect(await call()).toMatchObject({ length: 104 });
    expect(radius.got[0]?.peer).toBe(site.node.address);

    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      const second = await site.start();
      await working.end(signal);
      working = second;
      await second.active();
      await second.client.put(state);
      expect(await second.client.putServices('wg0', { services })).toMatchObject({ problems: [] });
      await waitFor('the service answers', async () => (await ask(signal))?.reply === `radius ${signal}`);
      expect(await call()).toMatchObject({ length: 104 });
      expect(await second.client.putServices('wg0', { services })).toEqual({ changes: [], problems: [] });
    }
  });
});
