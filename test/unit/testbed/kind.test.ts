import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { namesIn, writeImage } from '../../testbed/kubernetes/images.ts';
import {
  controlPlaneContainer,
  FILES_DIRECTORY,
  kindConfiguration,
  workerContainer,
} from '../../testbed/kubernetes/kind/configuration.ts';
import { choose } from '../../testbed/kubernetes/provider.ts';
import { groupOf } from '../../testbed/kubernetes/stats.ts';

describe('what kind is told', () => {
  const plan = {
    nodes: [{ name: 'edge-1', labels: { zone: 'west' } }, { name: 'edge-2' }],
    files: '/tmp/files',
    apiServerFlags: { 'token-auth-file': `${FILES_DIRECTORY}/tokens.csv` },
    isUnified: true,
  };
  const patchesIn = (some: { kubeadmConfigPatches?: string[] }) =>
    (some.kubeadmConfigPatches ?? []).map((patch) => parse(patch));

  test('is a control plane beside workers, whose Nodes have the names and labels that were asked for', () => {
    const { nodes } = parse(kindConfiguration(plan));
    expect(nodes.map(({ role }: { role: string }) => role)).toEqual(['control-plane', 'worker', 'worker']);
    expect(nodes[1].labels).toEqual({ zone: 'west' });
    expect(nodes.flatMap(patchesIn)).toEqual([
      { kind: 'JoinConfiguration', nodeRegistration: { name: 'edge-1' } },
      { kind: 'JoinConfiguration', nodeRegistration: { name: 'edge-2' } },
    ]);
    expect([0, 1, 2].map((at) => workerContainer('c', at))).toEqual(['c-worker', 'c-worker2', 'c-worker3']);
    expect(controlPlaneContainer('c')).toBe('c-control-plane');
  });

  test('gives the API server its files, from this machine through the container', () => {
    const configuration = parse(kindConfiguration(plan));
    const [{ apiServer }] = patchesIn(configuration);
    expect(configuration.nodes[0].extraMounts).toEqual([
      { hostPath: '/tmp/files', containerPath: FILES_DIRECTORY },
    ]);
    expect(apiServer.extraVolumes).toEqual([
      expect.objectContaining({ hostPath: FILES_DIRECTORY, mountPath: FILES_DIRECTORY }),
    ]);
    expect(apiServer.extraArgs).toEqual(plan.apiServerFlags);
  });

  test.each([
    [true, undefined],
    [false, false],
  ])('lets kubelet start where cgroup version 2 is: %p', (isUnified, failCgroupV1) => {
    const patches = patchesIn(parse(kindConfiguration({ ...plan, isUnified })));
    expect(patches.find(({ kind }) => kind === 'KubeletConfiguration')?.failCgroupV1).toBe(failCgroupV1);
  });
});

test.each<[string | undefined, string | null, string | null, object]>([
  [undefined, null, null, { provider: 'own', obstacle: null }],
  ['', null, 'no kind', { provider: 'own', obstacle: null }],
  [undefined, 'no cgroups', null, { provider: 'kind', image: null, obstacle: null }],
  [undefined, 'no cgroups', 'no kind', { provider: 'own', obstacle: 'no cgroups' }],
  ['1', null, null, { provider: 'kind', image: null, obstacle: null }],
  ['1', null, 'no kind', { provider: 'kind', obstacle: 'no kind' }],
  ['kindest/node:v1.35.0', null, null, { provider: 'kind', image: 'kindest/node:v1.35.0' }],
])('KIND=%s where own nodes meet %p and kind meets %p', (wish, own, kind, expected) => {
  expect(choose(wish, { own: () => own, kind: () => kind })).toMatchObject(expected);
});

test.each([
  [
    'our own node',
    '4:memory:/tto-x/node-1/kubepods/burstable/pod1/abc',
    '/tto-x/node-1/kubepods/burstable/pod1/abc',
  ],
  [
    "kind's node",
    '0::/docker/9/kubelet.slice/pod1.slice/cri-abc.scope',
    '/docker/9/kubelet.slice/pod1.slice/cri-abc.scope',
  ],
  ['a process that went further down', '0::/kubepods/cri-abc.scope/below', '/kubepods/cri-abc.scope'],
])('the control group of a container is found on %s', (_, line, group) => {
  const others = ['0::/init.scope\n', '9:cpu:/abx\n0::/\n'];
  expect(groupOf('abc', [...others, `12:pids:/\n${line}\n0::/\n`])).toBe(group);
  expect(groupOf('abc', others)).toBeNull();
});

test('names of images are read from the archive', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'tto-images-'));
  try {
    writeFileSync(join(directory, 'program'), '');
    const archive = writeImage(directory, 'localhost/some/probe:1', join(directory, 'program'));
    expect(await namesIn(archive)).toEqual(['localhost/some/probe:1']);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
