import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseUdpPorts } from '../../../src/wireguard/tunnel/listing.ts';
import type { Site } from './site.ts';

/** For each port of a node, how long it was not listened on, ms, looked at each `lookMs`; ends when all are again. */
export async function watchGaps(site: Site, ports: readonly number[], lookMs: number): Promise<number[]> {
  const gone = new Map<number, number>();
  const gaps = new Map<number, number>();
  while (gaps.size < ports.length) {
    const there = new Set(parseUdpPorts(readFileSync(`/proc/${site.node.pid}/net/udp`, 'utf8')));
    const now = performance.now();
    for (const port of ports) {
      const since = gone.get(port);
      if (!there.has(port)) gone.set(port, since ?? now);
      else if (since !== undefined && !gaps.has(port)) gaps.set(port, now - since);
    }
    await sleep(lookMs);
  }
  return [...gaps.values()].toSorted((a, b) => a - b);
}
