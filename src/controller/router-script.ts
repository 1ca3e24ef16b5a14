import { createHash } from 'node:crypto';
import {
  type AddressEntry,
  formatAddress,
  isShown,
  parseNetwork,
  routerAddress6,
  serverAddress,
} from '../allocation/index.ts';
import type { Router } from '../api/index.ts';
import { renderScript } from '../routeros/index.ts';
import { scriptHost } from './endpoint/host.ts';
import { tenantOf } from './find-tunnel.ts';
import type { Grant } from './router-status.ts';

/** What a Router's status tells of its script: the script, or that it was used. */
export const scriptOf = (router: Router, grant: Grant): string =>
  isShown(grant.claim.entry) ? routerScript(router, grant) : usedScript(grant.claim.entry);

/** A comment for the terminal: pasted all the same, it does nothing. */
export const usedScript = ({ access }: Pick<AddressEntry, 'access'>): string =>
  `# Used on ${access?.used}: the router has another password since then, and the script is gone. For a router that was reset or replaced set spec.script.renew to a new value.\n`;

/** The script that makes a router what its grant says; the same grant gives the same text. */
export function routerScript(router: Router, { claim, entry, tunnel, tunnelClass }: Grant): string {
  const { name, namespace } = router.metadata;
  const { access, privateKey, presharedKey, publicKey } = claim.entry;
  const subnet = parseNetwork(entry.subnet);
  // Only a released entry has no log-in, and a released entry is never granted.
  if (access === undefined) throw new Error(`The ledger has no log-in for Router ${namespace}/${name}.`);
  const endpointHost = scriptHost(tunnelClass, entry, tunnel);
  const address6 = routerAddress6(entry, claim);
  // A Router waits for that before it is granted anything.
  if (endpointHost === undefined) throw new Error(`Tunnel ${entry.index} has no endpoint yet.`);
  return renderScript({
    router: { namespace, name },
    identity: router.spec.identity ?? name,
    tenant: tenantOf(tunnel),
    address: claim.address,
    prefixLength: subnet.length,
    ...(entry.subnet6 && address6 && { ipv6: { address: address6, subnet: entry.subnet6 } }),
    mtu: tunnel.spec.mtu ?? tunnelClass.spec.mtu,
    ...(privateKey === undefined ? { publicKey } : { privateKey }),
    server: {
      publicKey: entry.publicKey,
      ...(presharedKey === undefined ? {} : { presharedKey }),
      endpointHost,
      endpointPort: entry.listenPort,
      address: formatAddress(serverAddress(subnet)),
    },
    persistentKeepaliveSeconds:
      tunnel.spec.persistentKeepaliveSeconds ?? tunnelClass.spec.persistentKeepaliveSeconds,
    management: access,
  });
}

/** What the cache keeps in a script's place: 65,000 scripts are a quarter of a gigabyte, and full of secrets. */
export const digestOf = (script: string): string =>
  `sha256:${createHash('sha256').update(script).digest('hex')}`;
