import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const PAUSE_IMAGE = 'localhost/tenant-tunnel-testbed/pause:1';

/**
 * Writes the image of the container that holds a pod's namespaces open: one static program and nothing else.
 *
 * @returns path of a docker-archive (moby's "image specification v1.2": manifest.json, configuration, layers)
 */
export function writePauseImage(directory: string, program: string): string {
  const image = join(directory, 'pause-image');
  mkdirSync(join(image, 'root'), { recursive: true });
  copyFileSync(program, join(image, 'root', 'pause'));
  tar(join(image, 'layer.tar'), join(image, 'root'), ['pause']);
  const layer = createHash('sha256')
    .update(readFileSync(join(image, 'layer.tar')))
    .digest('hex');
  const config = {
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    config: { Entrypoint: ['/pause'], User: '65535:65535' },
    rootfs: { type: 'layers', diff_ids: [`sha256:${layer}`] },
  };
  writeFileSync(join(image, 'config.json'), JSON.stringify(config));
  const manifest = [{ Config: 'config.json', RepoTags: [PAUSE_IMAGE], Layers: ['layer.tar'] }];
  writeFileSync(join(image, 'manifest.json'), JSON.stringify(manifest));
  const archive = join(directory, 'pause.tar');
  tar(archive, image, ['manifest.json', 'config.json', 'layer.tar']);
  return archive;
}

function tar(archive: string, directory: string, names: readonly string[]): void {
  const { status, stderr } = spawnSync('tar', ['-C', directory, '-cf', archive, ...names], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`tar failed: ${stderr}`);
}
