import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../command.ts';

/** Holds a pod's namespaces open. */
export const PAUSE_IMAGE = 'localhost/tenant-tunnel-testbed/pause:1';
/** For tests of the cluster itself: see probe.go. Every node has it. */
export const PROBE_IMAGE = 'localhost/tenant-tunnel-testbed/probe:1';

/**
 * Writes an image of one static program and nothing else.
 *
 * @returns path of a docker-archive (moby's "image specification v1.2": manifest.json, configuration, layers)
 */
export function writeImage(directory: string, image: string, program: string, args: string[] = []): string {
  const name = /([^/]+):[^:]*$/.exec(image)?.[1] as string;
  const work = join(directory, `image-${name}`);
  mkdirSync(join(work, 'root'), { recursive: true });
  copyFileSync(program, join(work, 'root', name));
  tar(join(work, 'layer.tar'), join(work, 'root'), [name]);
  const layer = createHash('sha256')
    .update(readFileSync(join(work, 'layer.tar')))
    .digest('hex');
  const config = {
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    config: { Entrypoint: [`/${name}`], Cmd: args, User: '65535:65535' },
    rootfs: { type: 'layers', diff_ids: [`sha256:${layer}`] },
  };
  writeFileSync(join(work, 'config.json'), JSON.stringify(config));
  const manifest = [{ Config: 'config.json', RepoTags: [image], Layers: ['layer.tar'] }];
  writeFileSync(join(work, 'manifest.json'), JSON.stringify(manifest));
  const archive = join(directory, `${name}.tar`);
  tar(archive, work, ['manifest.json', 'config.json', 'layer.tar']);
  return archive;
}

/** Names of the images of a docker-archive, as it has them. */
export async function namesIn(archive: string): Promise<string[]> {
  const manifest = JSON.parse(await run('tar', ['-xOf', archive, 'manifest.json'])) as {
    RepoTags: string[];
  }[];
  return manifest.flatMap(({ RepoTags }) => RepoTags);
}

function tar(archive: string, directory: string, names: readonly string[]): void {
  const { status, stderr } = spawnSync('tar', ['-C', directory, '-cf', archive, ...names], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`tar failed: ${stderr}`);
}
