import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { jest } from '@jest/globals';
import { dataplane, leftOut } from './dataplane.ts';
import type { Pod } from './pod.ts';
import { Site } from './site.ts';
import { stateOf } from './tunnel-state.ts';

/** linux/rtnetlink.h, as /proc/net/netlink has them. */
const RTMGRP_LINK = 0x1;
const RTMGRP_IPV4_ROUTE = 0x40;

/** Of each netlink socket that a process has: the groups that it hears. */
function groupsOf(pid: number): number[] {
  const sockets = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  const rows = readFileSync(`/proc/${pid}/net/netlink`, 'utf8').trim().split('\n').slice(1);
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter((columns) => sockets.includes(`socket:[${columns.at(-1)}]`))
    .map((columns) => Number.parseInt(columns[3] ?? '', 16));
}

dataplane(`a node with many tunnels${leftOut}`, () => {
  let site: Site;
  let pod: Pod;
  jest.setTimeout(120_000);

  beforeAll(async () => {
    site = await Site.create();
    pod = await site.start();
  });
  afterAll(async () => {
    await site?.clear();
    await site?.destroy();
  });

  test('WireGuard of each hears of routes, and not of the interfaces of others', async () => {
    for (const index of [0, 1]) await pod.client.put(stateOf(index));
    expect(pod.wireguards).toHaveLength(2);
    for (const pid of pod.wireguards) {
      const groups = groupsOf(pid);
      expect(groups.filter((bits) => (bits & RTMGRP_LINK) !== 0)).toEqual([]);
      expect(groups.some((bits) => (bits & RTMGRP_IPV4_ROUTE) !== 0)).toBe(true);
    }
  });
});
