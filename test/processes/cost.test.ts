import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import type { SimulatedRouter } from '../simulator/machine/index.ts';
import { waitFor } from '../testbed/wait.ts';
import { peersOnNode } from './node-side.ts';
import { type RequestCounts, RequestLog, total } from './requests.ts';
import { tell, World } from './world.ts';

jest.setTimeout(400_000);

type Column = 'one more router' | 'first of a tenant';

/** The bounds in docs/cost.md: `process request` → most requests. */
function documented(column: Column): RequestCounts {
  const text = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'cost.md'), 'utf8');
  const rows = text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.split('|').map((cell) => cell.trim()));
  const at = (rows.find((cells) => cells.includes(column)) ?? []).indexOf(column);
  return new Map(
    rows
      .filter(([, process]) => /^(controller|agent|both)$/.test(process ?? ''))
      .filter((cells) => /^\d+$/.test(cells[at + 1] ?? ''))
      .map((cells) => [`${cells[1]} ${cells[2]}`, Number(cells[at + 1])]),
  );
}

let world: World;
let log: RequestLog;
const field = new Map<string, SimulatedRouter>();

beforeAll(async () => {
  world = await World.start({ namespaces: ['acme', 'globex'], audit: true });
  log = new RequestLog(world.system);
  // So that nothing of the class itself, or of a first tunnel ever, is counted.
  field.set('globex/before', await world.bringOnline('globex/before', '7.16.2'));
  await world.untilUsed('globex/before');
});
afterAll(() => world?.stop());

describe('one Router from apply to Online', () => {
  test.each<[string, Column]>([
    ['acme/first', 'first of a tenant'],
    ['acme/second', 'one more router'],
    ['acme/third', 'one more router'],
  ])('costs no more requests than docs/cost.md says: %s, %s', async (key, column) => {
    await log.quiet();
    const point = log.now();
    field.set(key, await world.bringOnline(key, '7.16.2'));
    await world.untilUsed(key);
    await log.quiet();
    const counts = log.since(point);
    tell(`${key}, ${column}: ${total(counts)} requests`);
    for (const [request, n] of counts) tell(`  ${request}: ${n}`);

    const bounds = documented(column);
    const beyond = [...counts].filter(([request, n]) => n > (bounds.get(request) ?? 0));
    expect(beyond).toEqual([]);
    expect(total(counts)).toBeLessThanOrEqual(bounds.get('both all') ?? 0);
    // The log does show what is surely asked.
    expect(counts.get('controller patch routers/status')).toBe(3);
    expect(counts.get('agent patch routers/status')).toBeGreaterThan(0);
  });
});

describe('a fleet at rest', () => {
  test('asks for nothing but its heartbeats in a minute in which each router makes a new handshake', async () => {
    await log.quiet();
    const handshakes = async () => [
      ...(await peersOnNode(world.system, 'wg0', 'latest-handshakes')).values(),
      ...(await peersOnNode(world.system, 'wg1', 'latest-handshakes')).values(),
    ];
    const before = (await handshakes()).map(Number);
    expect(before).toHaveLength(4);
    const point = log.now();
    const began = performance.now();
    for (const machine of field.values()) {
      await machine.paste('/interface/wireguard/peers/disable [find where interface="tenant-tunnel"]');
      await machine.paste('/interface/wireguard/peers/enable [find where interface="tenant-tunnel"]');
    }
    await waitFor('each router has made a new handshake', async () => {
      return (await handshakes()).every((time, i) => Number(time) > (before[i] ?? 0));
    });
    await sleep(60_000 - (performance.now() - began));
    const minutes = (performance.now() - began) / 60_000;
    const heartbeats = log.heartbeatsSince(point);
    for (const [request, n] of heartbeats) tell(`at rest: ${request}, ${Math.round(n / minutes)} a minute`);
    expect([...log.since(point)]).toEqual([]);
    // The log does show what is asked in this minute.
    expect([...heartbeats.keys()].sort()).toEqual(['agent update leases', 'controller update leases']);
    expect(total(heartbeats) / minutes).toBeLessThanOrEqual(45);
    expect(field.size).toBe(
      world.history.routers().filter(({ status }) => status?.phase === 'Online').length,
    );
  });
});
