import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './command.ts';
import type { Buildah } from './image-builder.ts';

const SUITE = 'trixie';
const MIRROR = 'http://deb.debian.org/debian';
const AUTHORITIES = '/etc/ssl/certs/ca-certificates.crt';

/**
 * A Debian to build on where no registry is in reach. It trusts whom this machine trusts, since a build goes through
 * the same proxies; nothing of it is in the image that is built.
 *
 * @returns its name in the storage
 */
export async function ensureBaseImage(buildah: Buildah, progress: (line: string) => void): Promise<string> {
  const authorities = existsSync(AUTHORITIES) ? readFileSync(AUTHORITIES) : Buffer.alloc(0);
  const version = createHash('sha256').update(authorities).digest('hex').slice(0, 12);
  const name = `localhost/tenant-tunnel-testbed/${SUITE}:${version}`;
  if (await buildah.has(name)) return name;
  progress(`Making a Debian ${SUITE} to build the image on: about 40 s.`);
  const folder = mkdtempSync(join(tmpdir(), 'tto-base-'));
  try {
    await run('debootstrap', ['--variant=minbase', SUITE, folder, MIRROR], { timeoutMs: 15 * 60_000 });
    if (authorities.length > 0) {
      const own = join(folder, 'usr/local/share/ca-certificates');
      mkdirSync(own, { recursive: true });
      cpSync(AUTHORITIES, join(own, 'build-machine.crt'));
    }
    await buildah.importFolder(folder, name);
    return name;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
