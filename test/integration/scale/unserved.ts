import { formatAddress, isLive, networkOf, type TunnelEntry } from '../../../src/allocation/index.ts';
import type { Router } from '../../../src/api/index.ts';
import { findCondition } from '../../../src/kube/index.ts';
import type { HandedOver, Held, Picture } from './picture.ts';

/** Who lacks what, in words; at rest nobody does. What is there is held against the ledger. */
export function unservedIn(picture: Picture): string[] {
  return [...tunnelsUnserved(picture), ...routersUnserved(picture)];
}

function* tunnelsUnserved({ tunnels, records, handover }: Picture): Generator<string> {
  for (const [key, { metadata, status }] of tunnels) {
    const record = records.find((one) => isLive(one) && one.owner === key);
    if (record === undefined) {
      yield `${key} is not in the ledger`;
      continue;
    }
    const { index, subnet, listenPort, publicKey } = record;
    const said = [status?.index, status?.subnet, status?.listenPort, status?.publicKey].join();
    if (said !== [index, subnet, listenPort, publicKey].join()) yield `${key} says ${said}`;
    const allocated = findCondition(status?.conditions, 'Allocated');
    if (allocated?.status !== 'True') yield `${key} is not Allocated: ${allocated?.message}`;
    if (status?.observedGeneration !== metadata.generation) yield `${key} is observed as it was before`;
    const own = handover.filter((object) => object.index === index);
    const tunnel = own.find((object) => object.part === 'tunnel')?.tunnel;
    const handed = [tunnel?.subnet, tunnel?.listenPort, tunnel?.publicKey, tunnel?.tenantTunnel.uid].join();
    if (handed !== [subnet, listenPort, publicKey, metadata.uid].join())
      yield `${key} is handed over as ${handed}`;
    if (!own.some(({ part }) => part === 'key')) yield `the key of ${key} is not handed over`;
  }
}

function* routersUnserved({ routers, held, handover }: Picture): Generator<string> {
  const places = new Map(held.map((one) => [one.entry.owner, one]));
  const blocks = new Map<string, HandedOver>();
  const tunnels = new Map<number, number[]>();
  for (const object of handover) {
    if (object.part === 'peers' || object.part === 'access')
      blocks.set(`${object.part} ${object.index}/${object.block}`, object);
    if (object.part === 'tunnel') tunnels.set(object.index, object.tunnel.blocks);
  }
  for (const [key, router] of routers) {
    const { metadata, spec, status } = router;
    const place = places.get(key);
    if (place === undefined && isBeaten(router, held)) continue;
    if (place?.tunnel === undefined) {
      yield `${key} is not in the ledger: ${findCondition(status?.conditions, 'Allocated')?.message}`;
      continue;
    }
    const { tunnel, index, block, entry } = place;
    const address = addressIn(tunnel, place);
    const given = [status?.address, status?.publicKey, status?.tunnel].join();
    if (given !== [address, entry.publicKey, tunnel.owner].join())
      yield `${key} was told ${given}, not ${address}`;
    const script = status?.script ?? '';
    const secrets = [entry.privateKey, entry.presharedKey, entry.access?.password];
    const missing = [address, tunnel.publicKey, ...secrets].filter((part) => part && !script.includes(part));
    if (missing.length > 0) yield `the script of ${key} lacks ${missing.length} of what the ledger has`;
    const allocated = findCondition(status?.conditions, 'Allocated');
    if (allocated?.status !== 'True') yield `${key} is not Allocated: ${allocated?.message}`;
    if (status?.observedGeneration !== metadata.generation) yield `${key} is observed as it was before`;
    if (spec.address !== undefined && spec.address !== address) yield `${key} pins another address`;
    if (spec.publicKey !== undefined && spec.publicKey !== entry.publicKey) yield `${key} pins another key`;
    if (spec.suspended) continue;
    if (!tunnels.get(index)?.includes(block)) yield `block ${block} of ${key} is not named to the gateway`;
    const peers = blocks.get(`peers ${index}/${block}`);
    const peer = peers?.part === 'peers' && peers.peers.find((one) => one.uid === metadata.uid);
    if (!peer || peer.address !== address || peer.publicKey !== entry.publicKey) yield `${key} is no peer`;
    const access = blocks.get(`access ${index}/${block}`);
    const login = access?.part === 'access' && access.access.get(address);
    if (!login || login.password !== entry.access?.password) yield `${key} has no log-in at the gateway`;
  }
}

/** It wants what another has, and says so. */
function isBeaten({ spec, status }: Router, held: readonly Held[]): boolean {
  const reason = findCondition(status?.conditions, 'Allocated')?.reason;
  if (reason === 'KeyTaken') return held.some(({ entry }) => entry.publicKey === spec.publicKey);
  return (
    reason === 'AddressTaken' && held.some((one) => one.tunnel && addressIn(one.tunnel, one) === spec.address)
  );
}

const addressIn = (tunnel: TunnelEntry, { block, entry }: Held): string =>
  formatAddress(networkOf(tunnel).base + block * 256 + entry.offset);
