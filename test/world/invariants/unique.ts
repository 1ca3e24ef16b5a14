/** 1. No two live tunnels share an index, interface, port, subnet or tenant; no two live routers of a tunnel an address or key. */
import { isLive, networkOf } from '../../../src/allocation/index.ts';
import { overlaps } from '../../../src/allocation/ipv4.ts';
import { ROUTERS } from '../../../src/api/index.ts';
import { secrets } from '../../../src/kube/index.ts';
import type { ApiServer } from '../api/server.ts';
import { SYSTEM } from '../crew.ts';
import type { Picture } from '../picture.ts';
import { Violation } from '../violation.ts';

/** Remembers who said a thing first, and refuses whoever says it again. */
function once(where: string) {
  const holders = new Map<string, string>();
  return (what: string, value: string | number, holder: string): void => {
    const name = `${what} ${value}`;
    const first = holders.get(name);
    if (first !== undefined && first !== holder) {
      throw new Violation('1 unique', `${where}: ${first} and ${holder} share ${name}`);
    }
    holders.set(name, holder);
  };
}

export function ledgerIsUnique(picture: Picture, server: ApiServer): void {
  const claim = once('ledger');
  const tunnels = [...picture.tunnels.values()];
  const stored = server.peek(secrets, `${SYSTEM}/ledger-tunnels`);
  const indices = Object.keys(stored?.data ?? {}).map((key) => key.split('.')[0] ?? '');
  if (new Set(indices).size !== indices.length) throw new Violation('1 unique', `ledger: indices ${indices}`);
  for (const { index, tenant, listenPort, publicKey } of tunnels) {
    for (const [what, value] of Object.entries({ tenant, listenPort, publicKey }))
      claim(what, value, `tunnel ${index}`);
  }
  for (const a of tunnels) {
    const other = tunnels.find((b) => b.index > a.index && overlaps(networkOf(a), networkOf(b)));
    if (other !== undefined) {
      throw new Violation(
        '1 unique',
        `ledger: tunnels ${a.index} and ${other.index} overlap: ${a.subnet}, ${other.subnet}`,
      );
    }
  }
  for (const { tunnel, block, entry } of picture.records()) {
    if (!isLive(entry)) continue;
    // Two leaders may write one key of routers' own into two blocks: one of them is not handed over.
    const scope = entry.privateKey === undefined ? `key in block ${tunnel}/${block}` : 'key';
    claim(scope, entry.publicKey, `${entry.owner} in ${tunnel}/${block}`);
    claim(`place in block ${tunnel}/${block}`, entry.owner, `offset ${entry.offset}`);
  }
}

export function handoverIsUnique(picture: Picture): void {
  const claim = once('handed over');
  for (const { tunnel } of picture.handovers.values()) {
    if (tunnel === undefined) continue;
    for (const what of ['interfaceName', 'listenPort', 'subnet', 'tenant', 'publicKey'] as const) {
      claim(what, tunnel[what], `tunnel ${tunnel.index}`);
    }
  }
  for (const { tunnel, block, peer } of picture.peers()) {
    const holder = `${peer.namespace}/${peer.name}`;
    claim(`address in tunnel ${tunnel}`, peer.address, holder);
    claim(`${peer.uid} in tunnel`, tunnel, peer.address);
    // A key that goes from one block to another may for a moment stand in both: agents leave it with the first.
    const isOld = !isRecorded(picture, tunnel, holder, peer.publicKey);
    claim(`key in tunnel ${tunnel}${isOld ? `/${block}` : ''}`, peer.publicKey, holder);
  }
}

export function statusesAreUnique(picture: Picture, server: ApiServer): void {
  const claim = once('statuses');
  for (const { entry, address, tunnel } of picture.records()) {
    const { status } = server.peek(ROUTERS, entry.owner) ?? {};
    if (!isLive(entry)) continue;
    // A status may lag behind: what counts is what it says and the ledger as well.
    if (status?.address === address) claim(`address in tunnel ${tunnel}`, String(address), entry.owner);
    if (status?.publicKey === entry.publicKey) claim(`key in tunnel ${tunnel}`, entry.publicKey, entry.owner);
  }
}

function isRecorded(picture: Picture, tunnel: number, owner: string, publicKey: string): boolean {
  for (const { tunnel: index, entry } of picture.records()) {
    if (index === tunnel && entry.owner === owner && entry.publicKey === publicKey && isLive(entry))
      return true;
  }
  return false;
}
