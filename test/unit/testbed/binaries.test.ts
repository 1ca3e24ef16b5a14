import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBinaries } from '../../testbed/binaries.ts';
import { type OwnedDirectory, ownedDirectory } from '../../testbed/lifetime.ts';

let owned: OwnedDirectory;
let cacheDirectory: string;
let lines: string[];
const kept = { ...process.env };

/** An executable that comes first on the PATH. */
function program(name: string, script: string): void {
  const file = join(owned.path, 'bin', name);
  mkdirSync(join(owned.path, 'bin'), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
}

/** A Go that answers as the real one does, and whose build of Kubernetes takes `seconds` and leaves the two programs. */
function fakeGo({ version = 'go1.26.3', toolchain = 'auto', seconds = 0, build = '' } = {}): void {
  const source = join(owned.path, 'source');
  mkdirSync(source, { recursive: true });
  const goMod = 'module k8s.io/kubernetes\n\nreplace k8s.io/api => ./staging/src/k8s.io/api\n';
  writeFileSync(join(source, 'go.mod'), goMod);
  writeFileSync(join(source, 'go.sum'), 'sum\n', { mode: 0o444 });
  program(
    'go',
    `case "$1" in
       env) echo ${version}; echo ${toolchain} ;;
       mod) echo '{"Dir": "${source}"}' ;;
       build) case "$*" in
         *kubernetes*) echo "$@" >> ${join(owned.path, 'builds')}
           cp go.mod ${join(owned.path, 'go.mod')}; sleep ${seconds}; ${build}
           for name in kube-apiserver kubectl; do echo built > bin/$name; chmod +x bin/$name; done ;;
         *) while [ "$1" != -o ]; do shift; done; echo built > "$2"; chmod +x "$2" ;;
       esac ;;
     esac`,
  );
}

const builds = (): string[] => {
  const file = join(owned.path, 'builds');
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
};
const ensure = () => ensureBinaries({ cacheDirectory, progress: (line) => lines.push(line) });

beforeEach(() => {
  owned = ownedDirectory('binaries');
  cacheDirectory = join(owned.path, 'cache');
  lines = [];
  delete process.env.KUBEBUILDER_ASSETS;
  process.env.PATH = `${join(owned.path, 'bin')}:${kept.PATH}`;
});
afterEach(() => {
  process.env = { ...kept };
  owned.remove();
});

test('they are built once, from a module that requires what that release requires, and then found', async () => {
  fakeGo();
  const first = await ensure();
  for (const file of Object.values(first)) expect(readFileSync(file, 'utf8')).toBe('built\n');
  expect(await ensure()).toEqual(first);
  expect(builds()).toEqual([
    expect.stringMatching(
      /^build .*gitVersion=v1\.36\.\d+ .*kube-apiserver k8s\.io\/kubernetes\/cmd\/kubectl$/,
    ),
  ]);
  const goMod = readFileSync(join(owned.path, 'go.mod'), 'utf8');
  expect(goMod).toMatch(/^module controlplane$/m);
  expect(goMod).toMatch(/^replace k8s\.io\/api => k8s\.io\/api v0\.36\.\d+$/m);
  expect(goMod).toMatch(/^require k8s\.io\/kubernetes v1\.36\.\d+$/m);
  expect(lines[0]).toContain('about 6 minutes the first time');
});

test('runs at the same time build once', async () => {
  fakeGo({ seconds: 2 });
  const [first, second] = await Promise.all([ensure(), ensure()]);
  expect(second).toEqual(first);
  expect(builds()).toHaveLength(1);
}, 60_000);

test('a build that fails says why and leaves nothing half-made; the next run builds anew', async () => {
  fakeGo({ build: 'echo "no space left on device" >&2; exit 1' });
  await expect(ensure()).rejects.toThrow(/go build failed \(exit code 1\):\nno space left on device/);
  expect(readdirSync(cacheDirectory).filter((name) => !name.endsWith('.lock'))).toEqual([]);
  fakeGo();
  await ensure();
  expect(builds()).toHaveLength(2);
});

test.each([
  ['go1.19.8', '', 'go1.19.8, too old'],
  ['go1.25.1', 'local', 'go1.25.1, too old'],
])('Go %s with toolchain %j is refused, with what to install', async (version, toolchain, message) => {
  fakeGo({ version, toolchain });
  await expect(ensure()).rejects.toThrow(message);
  await expect(ensure()).rejects.toThrow(/install Go 1\.26 or later \(https:\/\/go\.dev\/dl\)/);
  expect(builds()).toEqual([]);
});

test('a Go from 1.21 on may fetch the newer one by itself', async () => {
  fakeGo({ version: 'go1.21.0' });
  await ensure();
  expect(builds()).toHaveLength(1);
});

test('with KUBEBUILDER_ASSETS nothing is built, and what is missing there is named', async () => {
  fakeGo();
  const assets = join(owned.path, 'bin');
  program('etcd', '');
  process.env.KUBEBUILDER_ASSETS = assets;
  await expect(ensure()).rejects.toThrow(`KUBEBUILDER_ASSETS=${assets} holds no executable kube-apiserver.`);
  program('kube-apiserver', '');
  program('kubectl', '');
  expect(await ensure()).toEqual({
    etcd: join(assets, 'etcd'),
    kubeApiserver: join(assets, 'kube-apiserver'),
    kubectl: join(assets, 'kubectl'),
  });
  expect(builds()).toEqual([]);
});
