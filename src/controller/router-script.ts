import { createHash } from 'node:crypto';
import { formatAddress, parseNetwork, serverAddress } from '../allocation/index.ts';
import type { Router } from '../api/index.ts';
import { renderScript } from '../routeros/index.ts';
import { scriptHost } from './endpoint/host.ts';
import { tenantOf } from './find-tunnel.ts';
import type { Grant } from './router-status.ts';

/** The script that makes a router what its grant says; the same grant gives the same text. */
export function routerScript(router: Router, { claim, entry, tunnel, tunnelClass }: Grant): string {
  const { name, namespace } = router.metadata;
  const { access, privateKey, presharedKey, publicKey } = claim.entry;
  const subnet = parseNetwork(entry.subnet);
  // Only a released entry has no log-in, and a released entry is never granted.
  if (access === undefined) throw new Error(`The ledger has no log-in for Router ${namespace}/${name}.`);
  const endpointHost = scriptHost(tunnelClass, entry, tunnel);
  // A Router waits for that before it is granted anything.
  if (endpointHost === undefined) throw new Error(`Tunnel ${entry.index} has no endpoint yet.`);
  return renderScript({
    router: { namespace, name },
    identity: router.spec.identity ?? name,
    tenant: tenantOf(tunnel),
    address: claim.address,
    prefixLength: subnet.length,
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
