/** The operator's image for tests, built by the Dockerfile of a source tree and kept by the hash of what goes into it. */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultCacheDirectory } from './binaries.ts';
import { ensureBaseImage } from './image-base.ts';
import { Buildah } from './image-builder.ts';
import { hashOfContext } from './image-context.ts';
import { withFileLock } from './lock.ts';

const REPOSITORY = join(import.meta.dirname, '..', '..');
const NAME = 'localhost/tenant-tunnel-operator';
/** Archives are 190 MB each. */
const KEPT = 4;

export interface BuiltImage {
  /** Its name in the archive, with registry host and tag. */
  name: string;
  /** docker-archive, a tar file. */
  archive: string;
  buildSeconds: number;
  wasCached: boolean;
}

export interface ImageOptions {
  progress?: (line: string) => void;
}

/** Of the work tree as it is. @throws one sentence that says what to install, or the end of the build's output. */
export function buildImage(options: ImageOptions = {}): Promise<BuiltImage> {
  return buildFrom(REPOSITORY, options);
}

/** Of a commit. @throws when git does not have it */
export async function buildImageOf(commit: string, options: ImageOptions = {}): Promise<BuiltImage> {
  const context = mkdtempSync(join(tmpdir(), 'tto-context-'));
  try {
    const command = `git -C "$0" archive "$1" | tar -x -C "$2"`;
    const { status, stderr } = spawnSync(
      'bash',
      ['-o', 'pipefail', '-c', command, REPOSITORY, commit, context],
      {
        encoding: 'utf8',
      },
    );
    if (status !== 0) throw new Error(`Cannot read commit ${commit}: ${stderr.trim()}`);
    return await buildFrom(context, options);
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
}

async function buildFrom(context: string, { progress = () => {} }: ImageOptions): Promise<BuiltImage> {
  const hash = hashOfContext(context);
  const directory = join(defaultCacheDirectory(), 'images');
  const archive = join(directory, `${hash}.tar`);
  const name = `${NAME}:${hash}`;
  const began = performance.now();
  mkdirSync(directory, { recursive: true });
  let wasCached = true;
  await withFileLock(
    join(directory, 'lock'),
    () => progress('Waiting for another run that is building an image.'),
    async () => {
      if (!existsSync(archive)) {
        wasCached = false;
        const buildah = new Buildah(join(directory, 'storage'), progress);
        const base = await ensureBaseImage(buildah, progress);
        await buildah.build({ context, name, base });
        await buildah.push(name, `${archive}.new`);
        renameSync(`${archive}.new`, archive);
      }
      const now = new Date();
      utimesSync(archive, now, now);
      forgetOldest(directory);
    },
  );
  return { name, archive, wasCached, buildSeconds: (performance.now() - began) / 1_000 };
}

function forgetOldest(directory: string): void {
  const archives = readdirSync(directory)
    .filter((file) => file.endsWith('.tar'))
    .map((file) => join(directory, file))
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  for (const file of archives.slice(KEPT)) rmSync(file);
}
