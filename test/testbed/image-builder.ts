import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { findOnPath } from './path.ts';

/** A build downloads packages: a mirror may be slow, but not for ever. */
const LIMIT_MS = 20 * 60_000;

export interface BuildOptions {
  context: string;
  /** With tag. */
  name: string;
  /** The base image's name in the same storage. */
  base: string;
}

/** Builds images without an engine and without a registry, in a storage of its own. */
export class Buildah {
  readonly #storage: string[];
  readonly #progress: (line: string) => void;

  /** @throws one sentence when it is not installed */
  constructor(directory: string, progress: (line: string) => void) {
    if (findOnPath('buildah') === null) {
      throw new Error('No buildah on the PATH to build the image with: apt-get install buildah.');
    }
    mkdirSync(directory, { recursive: true });
    this.#storage = [
      '--root',
      join(directory, 'root'),
      '--runroot',
      join(directory, 'run'),
      '--storage-driver',
      'overlay',
    ];
    this.#progress = progress;
  }

  async has(name: string): Promise<boolean> {
    const names = await this.#run('looking', ['images', '--format', '{{.Name}}:{{.Tag}}']);
    return names.split('\n').includes(name);
  }

  /** Makes an image of a folder's contents. */
  async importFolder(folder: string, name: string): Promise<void> {
    const container = (await this.#run('importing', ['from', 'scratch'])).trim();
    await this.#run('importing', ['add', '--quiet', container, folder, '/']);
    await this.#run('importing', ['commit', '--quiet', '--rm', container, name]);
  }

  async build({ context, name, base }: BuildOptions): Promise<void> {
    const args = [
      'bud',
      '--isolation',
      'chroot',
      '--layers',
      '--build-arg',
      `BASE_IMAGE=${base}`,
      '--tag',
      name,
      context,
    ];
    await this.#run('building the image', args);
  }

  async push(name: string, archive: string): Promise<void> {
    await this.#run('writing the image', ['push', '--quiet', name, `docker-archive:${archive}:${name}`]);
  }

  /** To its end, with a progress line every 15 s. */
  #run(doing: string, args: string[]): Promise<string> {
    const began = performance.now();
    const child = spawn('buildah', [...this.#storage, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    const ticker = setInterval(() => {
      this.#progress(`  ${doing} … ${Math.round((performance.now() - began) / 1_000)} s`);
    }, 15_000);
    const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
    let stdout = '';
    let tail = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
      tail = (tail + chunk).slice(-4_000);
    });
    child.stderr.on('data', (chunk) => {
      tail = (tail + chunk).slice(-4_000);
    });
    return new Promise<string>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => {
        if (code === 0) resolve(stdout);
        else reject(new Error(`buildah ${args[0]} failed (exit code ${code}); its output ends:\n${tail}`));
      });
    }).finally(() => {
      clearInterval(ticker);
      clearTimeout(limit);
    });
  }
}
