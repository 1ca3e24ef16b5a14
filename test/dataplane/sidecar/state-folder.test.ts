import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { publicKeyOf, type TunnelState } from '../../../src/wireguard/index.ts';
import { waitFor } from '../../testbed/wait.ts';
import { dataplane, leftOut } from './dataplane.ts';
import type { Pod } from './pod.ts';
import { Router } from './router.ts';
import { Site } from './site.ts';
import { stateOf } from './tunnel-state.ts';

const SAID_ONCE = [
  'The endpoints of peers cannot be written down; after a restart routers have to speak first.',
];

dataplane(`a state folder that fails${leftOut}`, () => {
  let site: Site;
  let router: Router;
  let state: TunnelState;
  jest.setTimeout(60_000);

  beforeAll(async () => {
    site = await Site.create();
    router = await Router.create(site, 'router', '10.100.1.1');
    state = stateOf(0, { peers: [router.peer] });
  });
  afterEach(async () => {
    await site.node.exec('sh', ['-c', 'mountpoint -q "$0" && umount "$0" || true', site.stateDir]);
    await site.clear();
  });
  afterAll(() => site?.destroy());

  /** In memory, so that it can be filled and made read-only. */
  async function mountFolder(): Promise<void> {
    await site.node.exec('mkdir', [site.stateDir]);
    await site.node.exec('mount', ['-t', 'tmpfs', '-o', 'size=16k,mode=0700', 'state', site.stateDir]);
  }

  /** A tunnel that works, and is looked at again and again. */
  async function work(pod: Pod): Promise<void> {
    await pod.client.put(state);
    await router.join({ publicKey: publicKeyOf(state.privateKey), listenPort: state.listenPort });
    await router.awaitReach('10.100.0.1');
    for (let round = 0; round < 3; round += 1) {
      for await (const { endpoint } of pod.client.observe('wg0')) expect(endpoint).not.toBeNull();
      await sleep(1100);
    }
  }

  /** It has ended in order, and the next one goes on. */
  async function expectTurn(pod: Pod, standby: Pod): Promise<void> {
    expect((await standby.client.version()).state).toBe('standby');
    expect(await pod.end('SIGTERM')).toBe(0);
    await standby.active();
    expect((await standby.client.put(state)).changes).toContain('made the interface');
    await standby.client.remove('wg0');
  }

  test('because it is full costs one warning', async () => {
    await mountFolder();
    const pod = await site.start();
    await site.node.exec('sh', ['-c', 'cat /dev/zero > "$0/filler" || true', site.stateDir]);
    await work(pod);
    expect(pod.messages('warn')).toEqual(SAID_ONCE);
    const standby = await site.start();
    await expectTurn(pod, standby);
    expect(await site.left()).toEqual(['filler', 'node.lock']);
  });

  test('because it is full for a while is written to later', async () => {
    await mountFolder();
    const pod = await site.start();
    await site.node.exec('sh', ['-c', 'cat /dev/zero > "$0/filler" || true', site.stateDir]);
    await work(pod);
    await site.node.exec('rm', [`${site.stateDir}/filler`]);
    const record = () => site.node.exec('cat', [`${site.stateDir}/endpoints/wg0.json`]).catch(() => '');
    await waitFor('it is written', async () => (await record()).includes(router.keys.publicKey), 8000);
    expect(pod.messages('warn')).toEqual(SAID_ONCE);
  });

  test('because it has become read-only costs one warning, and whoever comes then takes turns all the same', async () => {
    await mountFolder();
    const pod = await site.start();
    await site.node.exec('mount', ['-o', 'remount,ro', site.stateDir]);
    const standby = await site.start();
    await work(pod);
    expect(pod.messages('warn')).toEqual(SAID_ONCE);
    await expectTurn(pod, standby);
    const third = await site.start();
    expect((await third.client.version()).state).toBe('standby');
    expect(await standby.end('SIGTERM')).toBe(0);
    await third.active();
  });

  test('because it is gone from the node costs one warning', async () => {
    await site.node.exec('mkdir', [site.stateDir]);
    // As the volume of a pod has it: a folder of the node that is mounted.
    const pod = await site.start({ prepare: `mount --bind "${site.stateDir}" "${site.stateDir}"` });
    await site.node.exec('rm', ['-r', site.stateDir]);
    await work(pod);
    expect(pod.messages('warn')).toEqual(SAID_ONCE);
    expect((await pod.client.put(state)).changes).toEqual([]);
    expect(await pod.end('SIGTERM')).toBe(0);
  });

  test('from the beginning is said in one sentence, and the sidecar does not start', async () => {
    await mountFolder();
    await site.node.exec('mount', ['-o', 'remount,ro', site.stateDir]);
    const pod = await site.launch();
    expect(await pod.ended()).toBe(1);
    expect(
      pod.log
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as object),
    ).toEqual([
      {
        level: 'error',
        code: 'CannotStart',
        message: `${site.stateDir}/node.lock cannot be written (EROFS); its folder must exist, on a volume that can be written.`,
      },
    ]);
  });
});
