import { closeSync, writeSync } from 'node:fs';
import { errno, libc } from './libc.ts';

/** linux/memfd.h */
const MFD_CLOEXEC = 1;

/**
 * Lends an action a descriptor of a file that exists in memory alone and holds this text, to be a program's standard
 * input: Node's pipes are sockets, which programs that open /dev/stdin by its name (`wg addconf`) cannot open.
 */
export function withMemoryFile<T>(text: string, action: (fd: number) => T): T {
  const fd = libc().memfd_create('input', MFD_CLOEXEC);
  if (fd < 0) throw new Error(`No file could be made in memory (errno ${errno()}).`);
  try {
    // At a position, so that the descriptor's own offset stays at the beginning.
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at, at);
    return action(fd);
  } finally {
    closeSync(fd);
  }
}
