import { closeSync, readdirSync } from 'node:fs';
import { libc } from '../namespace/libc.ts';
import { int } from '../namespace/linux.ts';

/** linux/socket.h, linux/netlink.h and linux/rtnetlink.h */
const SOL_NETLINK = 270;
const NETLINK_DROP_MEMBERSHIP = 2;
const NETLINK_LIST_MEMBERSHIPS = 9;
const RTNLGRP_LINK = 1;
const RTNLGRP_IPV4_IFADDR = 5;
const RTNLGRP_IPV6_IFADDR = 9;

/**
 * Stops the news of interfaces that a wireguard-go gets (tun_linux.go), once its own has been moved to where they do not
 * come from. Each link that comes, goes or changes on the node wakes all of them, so that of a thousand tunnels one more
 * would cost a thousand wake-ups some times over. Its news of routes, which are of the node, stay. What cannot be done,
 * as on an older kernel, is left.
 */
export function endLinkNews(pid: number): void {
  const { pidfd_open, pidfd_getfd } = libc();
  if (pidfd_open === undefined || pidfd_getfd === undefined) return;
  const process = pidfd_open(pid, 0);
  if (process < 0) return;
  try {
    for (const number of descriptorsOf(pid)) {
      const fd = pidfd_getfd(process, number, 0);
      if (fd < 0) continue;
      if (hearsOfLinks(fd)) leave(fd);
      closeSync(fd);
    }
  } finally {
    closeSync(process);
  }
}

function descriptorsOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map(Number);
  } catch {
    // It has ended.
    return [];
  }
}

/** Groups are bits from the lowest on, the first of them 1; anything but a netlink socket has none. */
function hearsOfLinks(fd: number): boolean {
  const groups = Buffer.alloc(8);
  const length = int(groups.length);
  const found = libc().getsockopt(fd, SOL_NETLINK, NETLINK_LIST_MEMBERSHIPS, groups, length);
  const [first = 0] = new Uint32Array(groups.buffer, groups.byteOffset, 1);
  return found === 0 && (first & (1 << (RTNLGRP_LINK - 1))) !== 0;
}

function leave(fd: number): void {
  for (const group of [RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR]) {
    const value = int(group);
    libc().setsockopt(fd, SOL_NETLINK, NETLINK_DROP_MEMBERSHIP, value, value.length);
  }
}
