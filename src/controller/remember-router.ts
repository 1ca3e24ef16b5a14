import type { Remembered, TunnelEntry } from '../allocation/index.ts';
import { ROUTERS, type Router, type TenantTunnel } from '../api/index.ts';
import { keyOf } from '../kube/index.ts';
import { readSecrets } from '../routeros/index.ts';
import { isKey, publicKeyOf } from '../wireguard/index.ts';
import type { World } from './world.ts';

/** What a log-in of ours looks like; no other is taken out of a script. */
const LOGIN = /^[\x21-\x7e]{1,128}$/;

/**
 * What a Router's status tells that it has, if the ledger has lost it: all of it, or only the private key. Whoever can
 * write a status gains nothing by it that pins in the manifest would not give: an address that nobody has, and a key.
 */
export async function rememberedOf(
  world: World,
  router: Router,
  { entry, tunnel }: { entry: TunnelEntry; tunnel: TenantTunnel },
  signal: AbortSignal,
): Promise<Remembered | undefined> {
  const { address, publicKey, tunnel: told } = router.status ?? {};
  if (address === undefined || publicKey === undefined || !isKey(publicKey)) return undefined;
  if (told !== keyOf(tunnel) || !isLost(world, router, entry, publicKey)) return undefined;
  const script = router.status?.script === undefined ? undefined : await storedScript(world, router, signal);
  // Where the tunnel's own key was lost, only a script that names the new one shows that this router has it.
  if (entry.keyLostAt !== undefined && !script?.includes(entry.publicKey)) return { address };
  const secrets = script === undefined ? undefined : secretsIn(script, router, publicKey);
  return { address, publicKey, ...(secrets && { secrets }) };
}

function isLost({ ledger }: World, router: Router, entry: TunnelEntry, publicKey: string): boolean {
  const claims = ledger.claimsOf(keyOf(router));
  if (claims.length === 0) return !ledger.isKnownElsewhere(keyOf(router), publicKey, entry.index);
  const here = claims.find((claim) => claim.tunnel === entry.index);
  const isIncomplete = here?.entry.recovered?.keyLost === true && here.entry.publicKey === publicKey;
  return isIncomplete && router.status?.script !== undefined;
}

/** The script as it is stored; the cache has a digest of it. */
export async function storedScript(
  { client }: World,
  { metadata: { namespace, name } }: Router,
  signal: AbortSignal,
): Promise<string | undefined> {
  return (await client.get(ROUTERS, { namespace, name }, { signal }))?.status?.script;
}

function secretsIn(script: string, { spec }: Router, publicKey: string): Remembered['secrets'] {
  const found = readSecrets(script);
  if (found === undefined) return undefined;
  const { privateKey, presharedKey, management } = found;
  const isOurs = privateKey !== undefined && isKey(privateKey) && publicKeyOf(privateKey) === publicKey;
  // A script whose key is another's is not this router's.
  if (!isOurs && spec.publicKey !== publicKey) return undefined;
  const { user, password, apiPort } = management;
  if (!LOGIN.test(user) || !LOGIN.test(password) || apiPort < 1 || apiPort > 65_535) return undefined;
  return {
    ...(isOurs ? { privateKey } : {}),
    ...(presharedKey !== undefined && isKey(presharedKey) ? { presharedKey } : {}),
    access: management,
  };
}
