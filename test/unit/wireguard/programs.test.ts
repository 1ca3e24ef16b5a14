import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROGRAMS, programProblem, WIREGUARD_GO } from '../../../src/wireguard/device/programs.ts';

let folder = '';
const install = (name: string, script: string): void => {
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, name), 0o755);
};
/** The same, of a folder of the test's own. */
const inFolder = () =>
  [...PROGRAMS, WIREGUARD_GO].map(({ command: [name, ...args], remedy }) => ({
    command: [join(folder, name), ...args] as const,
    remedy,
  }));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'programs-'));
  for (const name of ['ip', 'wg', 'nft', 'wireguard-go']) install(name, 'exit 0');
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the programs that a tunnel takes', () => {
  test('are no problem where all of them work', async () => {
    expect(await programProblem(inFolder())).toBeUndefined();
  });

  test.each(['ip', 'wg', 'nft', 'wireguard-go'])('without %s are a problem of the image', async (name) => {
    rmSync(join(folder, name));
    expect(await programProblem(inFolder())).toBe(
      `The sidecar's image has no ${folder}/${name}; use the project's image, or add it to the image that you have.`,
    );
  });

  test('are a problem of the node where its kernel has no nftables, until it has', async () => {
    const complaint = 'netlink: Error: cache initialization failed: Operation not supported';
    install('nft', `[ "$1 $2" = "list tables" ] && { echo '${complaint}' >&2; exit 1; }; exit 0`);
    expect(await programProblem(inFolder())).toBe(
      `The sidecar cannot use ${folder}/nft: "${folder}/nft list tables" failed with exit code 1: ${complaint}; load nf_tables on the node (modprobe nf_tables), or give it a kernel that has it.`,
    );
    install('nft', 'exit 0');
    expect(await programProblem(inFolder())).toBeUndefined();
  });
});
