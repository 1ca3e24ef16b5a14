/** What a Router's status may tell of what the ledger has lost, and what it may not. */
import type { RouterSpecWritten, RouterStatus } from '../../../src/api/index.ts';
import { rememberedOf } from '../../../src/controller/remember-router.ts';
import { routerScript } from '../../../src/controller/router-script.ts';
import type { World } from '../../../src/controller/world.ts';
import { generateKeyPair } from '../../../src/wireguard/index.ts';
import { addressRequest, ledgerOver, tunnelRequest } from '../allocation/fixtures.ts';
import { MemoryStore } from '../allocation/memory-store.ts';
import { claim, router, tunnel, tunnelClass, tunnelEntry } from './fixtures.ts';

const pair = generateKeyPair();
const entry = tunnelEntry();
const acme = tunnel('a/acme');
const access = { user: 'tenant-tunnel', password: 'password-of-then', apiPort: 8728 };
const scriptOf = (keys: { privateKey?: string; publicKey: string }, login = access): string =>
  routerScript(router('a/r', { tenant: 'acme' }), {
    entry,
    tunnel: acme,
    tunnelClass: tunnelClass('standard'),
    claim: claim('a/r', 1, { ...keys, access: login }),
  });
const told = (more: RouterStatus = {}): RouterStatus => ({
  address: '10.100.1.1',
  publicKey: pair.publicKey,
  tunnel: 'a/acme',
  ...more,
});

interface Setting {
  status: RouterStatus;
  spec?: Partial<RouterSpecWritten>;
  /** As the API server has it; the cache has a digest. */
  script?: string;
  keyLostAt?: string;
  before?: (ledger: ReturnType<typeof ledgerOver>) => Promise<unknown>;
}

async function remembered({ status, spec, script, keyLostAt, before }: Setting) {
  const ledger = ledgerOver(new MemoryStore());
  await ledger.claimTunnel(tunnelRequest('acme', { owner: 'a/acme' }));
  await ledger.claimTunnel(tunnelRequest('other'));
  await before?.(ledger);
  const cached = { ...status, ...(script !== undefined && { script: 'sha256:0' }) };
  const object = router('a/r', { tenant: 'acme', ...spec }, { status: cached });
  const world = { ledger, client: { get: async () => ({ ...object, status: { ...status, script } }) } };
  const grant = { entry: { ...entry, ...(keyLostAt && { keyLostAt }) }, tunnel: acme };
  return rememberedOf(world as unknown as World, object, grant, new AbortController().signal);
}

test('address and public key; with its script all that is in it', async () => {
  expect(await remembered({ status: told() })).toEqual({ address: '10.100.1.1', publicKey: pair.publicKey });
  expect(await remembered({ status: told(), script: scriptOf(pair) })).toEqual({
    address: '10.100.1.1',
    publicKey: pair.publicKey,
    secrets: { privateKey: pair.privateKey, access },
  });
});

test.each<[string, Setting]>([
  ['it tells nothing', { status: {} }],
  ['it tells no key', { status: { address: '10.100.1.1', tunnel: 'a/acme' } }],
  ['what it tells is no key', { status: told({ publicKey: 'nonsense' }) }],
  ['it tells of another tunnel', { status: told({ tunnel: 'a/other' }) }],
  [
    'the ledger has it',
    { status: told(), before: (ledger) => ledger.claimAddress(addressRequest(0, 'a/r')) },
  ],
  [
    'the ledger has it in another tunnel, from which it came',
    {
      status: told(),
      before: async (ledger) => {
        const { publicKey } = pair;
        const there = await ledger.claimAddress(addressRequest(1, 'a/r', { publicKey }));
        await ledger.releaseAddress('a/r', there);
      },
    },
  ],
])('nothing, when %s', async (_what, setting) => {
  expect(await remembered(setting)).toBeUndefined();
});

test.each<[string, string]>([
  ['of another key', scriptOf(generateKeyPair())],
  ['that is none of ours', 'nonsense'],
  ['with a log-in that is none of ours', scriptOf(pair, { ...access, user: 'x'.repeat(600) })],
  ['with a password that is none of ours', scriptOf(pair, { ...access, password: 'a b' })],
])('a script %s tells nothing', async (_what, script) => {
  expect(await remembered({ status: told(), script })).toEqual({
    address: '10.100.1.1',
    publicKey: pair.publicKey,
  });
});

test('of a router that keeps its own key the script has the log-in', async () => {
  const { publicKey } = pair;
  const spec = { publicKey };
  expect(await remembered({ status: told(), spec, script: scriptOf({ publicKey }) })).toMatchObject({
    secrets: { access },
  });
});

test('in a tunnel that has another key by now its key is of no use, unless its script names the new one', async () => {
  const keyLostAt = '2026-01-01T00:00:00Z';
  expect(await remembered({ status: told(), keyLostAt })).toEqual({ address: '10.100.1.1' });
  const older = scriptOf(pair).replaceAll(entry.publicKey, generateKeyPair().publicKey);
  expect(await remembered({ status: told(), keyLostAt, script: older })).toEqual({ address: '10.100.1.1' });
  expect(await remembered({ status: told(), keyLostAt, script: scriptOf(pair) })).toHaveProperty('secrets');
});

test('of one that was taken over without its private key the script still tells it', async () => {
  const before: Setting['before'] = (ledger) => {
    const { publicKey } = pair;
    return ledger.claimAddress(
      addressRequest(0, 'a/r', { remembered: { address: '10.100.1.1', publicKey } }),
    );
  };
  expect(await remembered({ status: told(), script: scriptOf(pair), before })).toHaveProperty(
    'secrets.privateKey',
  );
  expect(await remembered({ status: told(), before })).toBeUndefined();
});
