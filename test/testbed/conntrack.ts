import { closeSync, readSync, writeSync } from 'node:fs';
import koffi from 'koffi';
import { namespacePath } from './namespaces.ts';
import { inNetworkNamespace } from './setns.ts';

const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 3 | 0x80000;
const NETLINK_NETFILTER = 12;
const HEADER_BYTES = 20;
/** NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE (linux/netfilter/nfnetlink_conntrack.h). */
const DELETE_CONNECTIONS = 0x0102;
const NLM_F_REQUEST_ACK = 5;
const ERROR_OFFSET = 16;

const socket = koffi.load('libc.so.6').func('int socket(int domain, int type, int protocol)');

/** Makes the kernel forget all connections of a namespace, as a router that was switched off has. @throws */
export function flushConnections(netns: string): void {
  const fd = inNetworkNamespace(namespacePath(netns), () =>
    socket(AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_NETFILTER),
  );
  if (fd < 0) throw new Error(`No netlink socket in ${netns} (errno ${koffi.errno()}).`);
  try {
    const message = Buffer.alloc(HEADER_BYTES);
    message.writeUInt32LE(HEADER_BYTES, 0);
    message.writeUInt16LE(DELETE_CONNECTIONS, 4);
    message.writeUInt16LE(NLM_F_REQUEST_ACK, 6);
    writeSync(fd, message);
    const answer = Buffer.alloc(4096);
    readSync(fd, answer);
    const error = answer.readInt32LE(ERROR_OFFSET);
    if (error !== 0) throw new Error(`Connections of ${netns} could not be flushed (errno ${-error}).`);
  } finally {
    closeSync(fd);
  }
}
