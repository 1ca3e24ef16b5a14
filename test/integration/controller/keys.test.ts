/** Keys that routers make: what the controller makes of what an agent says of them, also when the ledger is from before. */
import { jest } from '@jest/globals';
import { generateKeyPair, parsePeers } from '../../../src/wireguard/index.ts';
import { ControllerHarness, SYSTEM, until } from './harness.ts';

jest.setTimeout(120_000);

let harness: ControllerHarness;
beforeAll(async () => {
  harness = await ControllerHarness.start();
  await harness.addNamespace('a');
  await harness.addClass('standard');
  await harness.addNode('node-1');
  await harness.startController();
});
afterAll(() => harness?.stop());

const KEY = 'a/router';
const BLOCK = 'ledger-tunnel-0-block-1';
const ledgerPath = `/api/v1/namespaces/${SYSTEM}/secrets/${BLOCK}`;

/** As an agent says it of a router that is Online. */
async function say(credentials: object): Promise<void> {
  const lastTransitionTime = `${new Date().toISOString().slice(0, 19)}Z`;
  const connected = { type: 'Connected', status: 'True', reason: 'Connected', message: '' };
  const body = {
    apiVersion: 'vpn.traidnet.io/v1alpha1',
    kind: 'Router',
    metadata: { namespace: 'a', name: 'router' },
    status: { phase: 'Online', credentials, conditions: [{ ...connected, lastTransitionTime }] },
  };
  const path = `${harness.path('routers', KEY)}/status?fieldManager=tenant-tunnel-gateway&force=true`;
  const answer = await harness.plane.request('PATCH', path, body, 'application/apply-patch+yaml');
  if (answer.status !== 200) throw new Error(answer.text);
}

const status = async () => (await harness.router(KEY))?.status;
const handedKeys = async () =>
  parsePeers((await harness.handedOver('configmaps', 'tunnel-0-peers-1'))?.['peers.conf'] ?? '').map(
    ({ publicKey }) => publicKey,
  );
const access = async () => {
  const texts = Object.values((await harness.handedOver('secrets', 'tunnel-0-access-1')) ?? {});
  return JSON.parse(texts[0] ?? '{}') as Record<string, unknown>;
};
const ledger = async (): Promise<string> =>
  (await harness.handedOver('secrets', BLOCK, SYSTEM))?.['block.json'] ?? '';

let former: string;
const made = generateKeyPair().publicKey;
let older: { data: Record<string, string>; metadata: { annotations?: Record<string, string> } };

test('a key that is only said is let in beside the one that is there, and one that is in use takes its place', async () => {
  await harness.addRouter(KEY, { tenant: 'one' });
  former = (await harness.granted(KEY)).publicKey ?? '';
  await until('it is handed over', async () => (await handedKeys()).length === 1);
  await say({ revision: 1 });
  await until('its script counts as used', async () => (await status())?.script?.startsWith('# Used on '));
  older = (await harness.plane.request('GET', ledgerPath)).json();
  await say({ revision: 1, key: { publicKey: made, after: former } });
  await until('it is let in', async () => (await access()).nextPublicKey === made);
  expect(await handedKeys()).toEqual([former]);
  expect((await status())?.publicKey).toBe(former);

  await say({ revision: 1, key: { publicKey: made, after: former, inUse: true } });
  await until('it is told', async () => (await status())?.publicKey === made);
  await until('it is handed over', async () => (await handedKeys()).join() === made);
  expect(await access()).toMatchObject({ ownKey: true });
  expect(await access()).not.toHaveProperty('nextPublicKey');
  for (const gone of [former, 'privateKey']) expect(await ledger()).not.toContain(gone);
  expect(await status()).toMatchObject({ phase: 'Online', script: expect.stringMatching(/^# Used on /) });
});

/** The ledger out of a backup from before the router had a key of its own. */
async function restoreOlderLedger(): Promise<void> {
  await harness.stopController();
  const { data } = older;
  const annotations = older.metadata.annotations ?? {};
  await harness.patch(ledgerPath, { data, metadata: { annotations } });
  expect(await ledger()).toContain(former);
}

const isBack = async (): Promise<void> => {
  await until('the ledger has it', async () => (await ledger()).includes(made));
  expect(await ledger()).not.toContain(former);
  await until('it is told', async () => (await status())?.publicKey === made);
  await until('it is handed over', async () => (await handedKeys()).join() === made);
};

test('an older ledger takes it over from the gateways, and never hands the former one over again', async () => {
  await restoreOlderLedger();
  await harness.startController();
  await isBack();
});

test('and from the status where the gateways have nothing any more', async () => {
  await restoreOlderLedger();
  for (const kind of ['configmaps', 'secrets'])
    await harness.delete(`/api/v1/namespaces/tenant-tunnel-gateways/${kind}`);
  await harness.startController();
  await isBack();
});

test('a fresh script has another key, and what is still said of the one before means nothing', async () => {
  await harness.patch(harness.path('routers', KEY), { spec: { script: { renew: 'replaced' } } });
  await until(
    'there is another',
    async () => ![made, former, undefined].includes((await status())?.publicKey),
  );
  const fresh = (await status())?.publicKey;
  expect(await status()).toMatchObject({ phase: 'AwaitingConnection', script: expect.stringContaining('{') });
  await until('it is handed over', async () => (await handedKeys()).join() === fresh);
  await say({ revision: 1, key: { publicKey: generateKeyPair().publicKey, after: made, inUse: true } });
  await harness.addRouter('a/later', { tenant: 'one' });
  await harness.granted('a/later');
  expect((await status())?.publicKey).toBe(fresh);
  expect(await access()).not.toHaveProperty('nextPublicKey');
});

test('a key that is another router’s is nobody else’s to take', async () => {
  const { publicKey: others } = await harness.granted('a/later');
  const { publicKey: after } = (await status()) ?? {};
  // Its script is used by now, by the number of the password that follows.
  const revision = Number((await access()).revision) + 1;
  await say({ revision });
  await until('its script counts as used', async () => (await status())?.script?.startsWith('# Used on '));
  await say({ revision, key: { publicKey: others, after, inUse: true } });
  await harness.addRouter('a/last', { tenant: 'one' });
  await harness.granted('a/last');
  expect((await status())?.publicKey).toBe(after);
  expect(new Set(await handedKeys()).size).toBe((await handedKeys()).length);
});
