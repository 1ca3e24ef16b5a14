import { isLive } from '../../../src/allocation/index.ts';
import { accessObjectName, peersObjectName, tunnelObjectName } from '../../../src/api/index.ts';
import type { Picture } from './picture.ts';

/** What is still there of routers and tunnels that are gone, in words; at rest there is none. */
export function leaksIn({ records, held, routers, tunnels, handover }: Picture): string[] {
  const found: string[] = [];
  const live = new Map(records.filter(isLive).map((record) => [record.index, record]));
  for (const { owner, index } of live.values()) {
    if (!tunnels.has(owner)) found.push(`tunnel ${index} is live in the ledger without ${owner}`);
  }
  const blocks = new Set<string>();
  const owners = new Set<string>();
  const keys = new Map<string, string>();
  for (const { index, block, entry } of held) {
    if (owners.has(entry.owner)) found.push(`Router ${entry.owner} is live in the ledger twice`);
    owners.add(entry.owner);
    const rival = keys.get(`${index} ${entry.publicKey}`);
    if (rival !== undefined) found.push(`Routers ${rival} and ${entry.owner} are live with one key`);
    keys.set(`${index} ${entry.publicKey}`, entry.owner);
    blocks.add(`${index}/${block}`);
    const router = routers.get(entry.owner);
    const where = `an address in tunnel ${index}, block ${block}`;
    if (router === undefined) found.push(`${where} is live without Router ${entry.owner}`);
    else if (!live.has(index)) found.push(`${where} of ${entry.owner} is live without its tunnel`);
  }
  const peers = new Map<string, boolean>();
  for (const [key, { spec, status }] of routers) {
    if (status?.address !== undefined) peers.set(`${key} ${status.address}`, !spec.suspended);
  }
  const addresses = new Set([...peers].filter(([, isPeer]) => isPeer).map(([key]) => key.split(' ')[1]));
  for (const object of handover) {
    const { name, index } = object;
    if (!live.has(index)) found.push(`${name} is handed over of no tunnel`);
    if (object.part === 'tunnel') {
      const named = object.tunnel.blocks.filter((block) => !blocks.has(`${index}/${block}`));
      if (named.length > 0) found.push(`${name} names blocks without routers: ${named}`);
    }
    if (object.part === 'peers' || object.part === 'access') {
      if (!blocks.has(`${index}/${object.block}`)) found.push(`${name} is of a block without routers`);
    }
    if (object.part === 'peers') {
      for (const peer of object.peers) {
        const isPeer = peers.get(`${peer.namespace}/${peer.name} ${peer.address}`);
        if (isPeer !== true)
          found.push(`${name} has the peer ${peer.namespace}/${peer.name} ${peer.address}`);
      }
    }
    if (object.part === 'access') {
      for (const address of object.access.keys()) {
        if (!addresses.has(address)) found.push(`${name} has a log-in for ${address}`);
      }
    }
  }
  const known = new Set(
    [...blocks].flatMap((key) => {
      const [index = 0, block = 0] = key.split('/').map(Number);
      return [peersObjectName(index, block), accessObjectName(index, block)];
    }),
  );
  for (const index of live.keys()) known.add(tunnelObjectName(index));
  for (const { name } of handover) if (!known.has(name)) found.push(`${name} is none that anybody made`);
  return found;
}
