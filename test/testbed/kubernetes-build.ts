import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Progress, runGo, usableGo } from './go.ts';

/**
 * Builds commands of the Go module k8s.io/kubernetes into a directory.
 *
 * `go install k8s.io/kubernetes/cmd/…@v…` is refused because that go.mod has `replace` lines to its own tree. So:
 * a module of our own with the same requirements, the replacements turned to the published staging modules.
 */
export async function buildKubernetes(
  version: string,
  commands: readonly string[],
  directory: string,
  progress: Progress,
): Promise<void> {
  const go = usableGo(`${commands[0]} ${version}`);
  mkdirSync(dirname(directory), { recursive: true });
  const work = `${directory}.build`;
  // What a killed run left: only the holder of the lock is here.
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work);
  try {
    const minutes = commands.includes('kube-apiserver') ? 6 : 3;
    const names = new Intl.ListFormat('en-GB').format(commands);
    progress(`Building ${names} ${version}: about ${minutes} minutes the first time, on 2 cores.`);
    const downloadArgs = ['mod', 'download', '-json', `k8s.io/kubernetes@v${version}`];
    const download = await runGo(go, downloadArgs, { cwd: work, doing: 'downloading', progress });
    const packages = commands.map((command) => `k8s.io/kubernetes/cmd/${command}`);
    writeModule(work, (JSON.parse(download) as { Dir: string }).Dir, version, packages);
    mkdirSync(join(work, 'bin'));
    const [, minor] = version.split('.');
    const stamp = 'k8s.io/component-base/version';
    // Without these the server calls itself v0.0.0, and a chart's `kubeVersion` refuses it.
    const ldflags = [
      '-s -w',
      `-X ${stamp}.gitVersion=v${version}`,
      `-X ${stamp}.gitMajor=1`,
      `-X ${stamp}.gitMinor=${minor}`,
    ].join(' ');
    const args = ['build', '-mod=mod', '-trimpath', '-ldflags', ldflags, '-o', 'bin/', ...packages];
    await runGo(go, args, { cwd: work, doing: 'building', progress });
    mkdirSync(directory, { recursive: true });
    for (const command of commands) renameSync(join(work, 'bin', command), join(directory, command));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function writeModule(work: string, source: string, version: string, packages: readonly string[]): void {
  const staging = `v0.${version.slice(2)}`;
  const goMod = readFileSync(join(source, 'go.mod'), 'utf8')
    .replace(/^module .*$/m, 'module controlplane')
    .replace(/=> \.\/staging\/src\/(k8s\.io\/\S+)/g, `=> $1 ${staging}`);
  writeFileSync(join(work, 'go.mod'), `${goMod}\nrequire k8s.io/kubernetes v${version}\n`);
  // Not a copy of the file, which is read-only in the module cache: go adds to it.
  writeFileSync(join(work, 'go.sum'), readFileSync(join(source, 'go.sum')));
  const imports = packages.map((name) => `\t_ "${name}"\n`).join('');
  writeFileSync(join(work, 'tools.go'), `//go:build tools\n\npackage tools\n\nimport (\n${imports})\n`);
}
