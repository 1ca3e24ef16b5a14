import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hierarchies } from '../testbed/kubernetes/cgroups.ts';
import { type Kubernetes, PROBE_IMAGE, startKubernetes } from '../testbed/kubernetes/index.ts';
import { findEngine } from '../testbed/kubernetes/kind/engine.ts';
import { inside, runInside } from '../testbed/namespaces.ts';
import { waitFor } from '../testbed/wait.ts';

let cluster: Kubernetes;

beforeAll(async () => {
  cluster = await startKubernetes({ nodes: [{ labels: { zone: 'west' } }, { tun: false }] });
  await cluster.runKubectl(['apply', '-f', '-'], { input: [DEPLOYMENT, SERVICE, DAEMONSET].join('\n---\n') });
  await cluster.runKubectl(['rollout', 'status', 'deployment/plain', '--timeout=60s']);
  await cluster.runKubectl(['rollout', 'status', 'daemonset/privileged', '--timeout=60s']);
}, 900_000);
afterAll(() => cluster?.stop());

/** Runs the probe in a pod of a workload, on a node. */
const probe = async (app: string, node: string, args: string[]): Promise<string> =>
  cluster.runKubectl(['exec', await podOf(app, node), '--', '/probe', ...args]);

async function podOf(app: string, node: string): Promise<string> {
  const where = ['-l', `app=${app}`, '--field-selector', `spec.nodeName=${node}`];
  return (await cluster.runKubectl(['get', 'pods', ...where, '-o', 'name'])).trim();
}

test('pods of a Deployment are spread over nodes, can be read and entered', async () => {
  for (const node of ['node-1', 'node-2']) {
    expect(await cluster.runKubectl(['logs', await podOf('plain', node)])).toBe('probe: up\n');
    expect(await probe('plain', node, ['read', '/proc/1/cmdline'])).toBe('/probe\0serve\0');
    // A read-only root, and memory to write to.
    await expect(probe('plain', node, ['write', '/file', 'x'])).rejects.toThrow('read-only file system');
    await probe('plain', node, ['write', '/scratch/file', 'x']);
  }
  const west = await cluster.runKubectl(['get', 'nodes', '-l', 'zone=west', '-o', 'name']);
  expect(west).toBe('node/node-1\n');
});

test("a pod reaches the API server by the Service's address, as its service account and nobody else", async () => {
  const url = 'https://10.96.0.1/apis/authentication.k8s.io/v1';
  expect(await probe('plain', 'node-1', ['get', url])).toMatch(/^200\n/);
  const refused = await probe('plain', 'node-2', ['get', 'https://10.96.0.1/api/v1/pods']);
  expect(refused).toMatch(/^403\n.*system:serviceaccount:default:default/s);
});

test('pods reach each other across nodes, and a Service spreads over them', async () => {
  const { items } = JSON.parse(
    await cluster.runKubectl(['get', 'pods', '-l', 'app=plain', '-o', 'json']),
  ) as {
    items: { metadata: { name: string }; status: { podIP: string } }[];
  };
  for (const { metadata, status } of items) {
    for (const node of ['node-1', 'node-2']) {
      const answer = await probe('plain', node, ['get', `http://${status.podIP}:8080/`]);
      expect(answer).toContain(metadata.name);
    }
  }
  const address = ['get', 'service', 'plain', '-o', 'jsonpath={.spec.clusterIP}'];
  const url = `http://${await cluster.runKubectl(address)}/`;
  const seen = new Set<string>();
  await waitFor('an answer of each pod', async () => {
    seen.add(/plain-\S+/.exec(await probe('privileged', 'node-1', ['get', url]))?.[0] ?? '');
    return items.every(({ metadata }) => seen.has(metadata.name));
  });
});

test("a privileged pod's mounts reach its node, and no further; pid 1 there is the node", async () => {
  await probe('privileged', 'node-1', ['mount', '/run/netns/from-pod']);
  expect(await cluster.nodeExec('node-1', ['cat', '/run/netns/from-pod/mounted'])).toBe('by a pod\n');
  expect(readdirSync('/run/netns')).not.toContain('from-pod');
  expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain('from-pod');
  const init = await cluster.nodeExec('node-1', ['readlink', '/proc/1/ns/net']);
  const seenByPod = await probe('privileged', 'node-1', ['link', '/host/proc/1/ns/net']);
  expect(seenByPod).toBe(init);
  expect(statSync(`/run/netns/${cluster.node('node-1').netns}`).ino).toBe(Number(/\d+/.exec(init)?.[0]));
});

test('a privileged pod finds /dev/net/tun unless its node has none', async () => {
  await probe('privileged', 'node-1', ['open', '/dev/net/tun']);
  await expect(probe('privileged', 'node-2', ['open', '/dev/net/tun'])).rejects.toThrow('no such file');
});

test("a host behind NAT reaches a node's UDP port and gets its answer", async () => {
  const home = await cluster.network.attachBehindNat('home');
  const node = cluster.node('node-2');
  const [command, ...args] = inside(node.netns, process.execPath, ['-e', ECHO]);
  const echo = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => echo.stdout?.once('data', resolve));
  expect(await runInside(home.netns, process.execPath, ['-e', ASK, node.address])).toBe(
    `${home.publicAddress} said hello`,
  );
  echo.kill('SIGKILL');
  await home.detach();
});

test("containers' use of processor and memory is told", async () => {
  const stats = await cluster.stats({ namespace: 'default' });
  expect(stats.map(({ pod, node }) => `${pod.split('-')[0]} ${node}`).sort()).toEqual([
    'plain node-1',
    'plain node-2',
    'privileged node-1',
    'privileged node-2',
  ]);
  for (const { cpuSeconds, memoryBytes, peakMemoryBytes, restarts } of stats) {
    expect(cpuSeconds).toBeGreaterThan(0);
    expect(memoryBytes).toBeGreaterThan(2 ** 18);
    expect(memoryBytes).toBeLessThan(2 ** 26);
    expect(peakMemoryBytes ?? memoryBytes).toBeGreaterThanOrEqual(memoryBytes);
    expect(restarts).toBe(0);
  }
});

test('kubelet and containerd come back without a pod noticing', async () => {
  const node = cluster.node('node-1');
  const began = await startTimes('node-1');
  await node.restartService('containerd');
  await node.restartService('kubelet');
  await waitFor('pods that can be entered', () => isEntered('plain', 'node-1'), 60_000);
  expect(await startTimes('node-1')).toBe(began);
}, 180_000);

test('helm speaks to it', async () => {
  expect(await cluster.helm(['version', '--template', '{{.Version}}'])).toMatch(/^v3\.\d+\.\d+$/);
  expect(JSON.parse(await cluster.helm(['list', '-A', '-o', 'json']))).toEqual([]);
});

test('stop() leaves nothing of it on this machine', async () => {
  const names = [`ttn${process.pid}-`, ...directoriesOfThisProcess()];
  expect(traces(names).length).toBeGreaterThan(5);
  await cluster.stop();
  await waitFor('the end of its last process', () => traces(names).length === 0).catch(() => {});
  expect(traces(names)).toEqual([]);
  expect(directoriesOfThisProcess()).toEqual([]);
}, 60_000);

/** Names of the owned directories: other testbeds may be at work beside this one. */
function directoriesOfThisProcess(): string[] {
  return readdirSync(tmpdir())
    .filter((name) => name.startsWith('tto-testbed-'))
    .filter((name) => {
      const owner = JSON.parse(readFileSync(join(tmpdir(), name, 'owner.json'), 'utf8'));
      return owner.pid === process.pid;
    });
}

/**
 * Directories, network namespaces, control groups, mounts and processes of this machine, containers and networks of its
 * engine, that carry such a name.
 */
function traces(names: readonly string[]): string[] {
  const isOurs = (text: string): boolean =>
    names.some((name) => text.includes(name) || text.includes(name.toLowerCase()));
  const groups = hierarchies().map(({ mountPoint }) => mountPoint);
  const files = [tmpdir(), '/run/netns', ...groups].flatMap((directory) =>
    readdirSync(directory).map((name) => `${directory}/${name}`),
  );
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  const processes = readdirSync('/proc').flatMap((pid) => {
    try {
      const [line, group] = ['cmdline', 'cgroup'].map((file) => readFileSync(`/proc/${pid}/${file}`, 'utf8'));
      return [`${pid} ${line} ${group}`];
    } catch {
      return [];
    }
  });
  return [...files, ...mounts, ...processes, ...containers()].filter(isOurs);
}

/** Names of containers and networks, where there is an engine. */
function containers(): string[] {
  const engine = findEngine();
  if (engine === null) return [];
  const lists = [
    ['ps', '-a', '--format', '{{.Names}}'],
    ['network', 'ls', '--format', '{{.Name}}'],
  ];
  return lists.flatMap((args) => spawnSync(engine, args, { encoding: 'utf8' }).stdout.split('\n'));
}

/** When containers of a node's pods were started. */
async function startTimes(node: string): Promise<string> {
  const what = 'jsonpath={.items[*].status.containerStatuses[*].state.running.startedAt}';
  const where = ['--field-selector', `spec.nodeName=${node}`];
  return cluster.runKubectl(['get', 'pods', ...where, '-o', what]);
}

const isEntered = (app: string, node: string): Promise<boolean> =>
  probe(app, node, ['read', '/proc/1/cmdline']).then(
    (line) => line === '/probe\0serve\0',
    () => false,
  );

const ECHO = `const s = require('dgram').createSocket('udp4');
s.on('message', (m, from) => s.send(from.address + ' said ' + m, from.port, from.address));
s.bind(51820, '0.0.0.0', () => console.log('ready'));`;
const ASK = `const s = require('dgram').createSocket('udp4');
s.on('message', (m) => { process.stdout.write(m); s.close(); });
s.send('hello', 51820, process.argv[1]);`;

const DEPLOYMENT = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: plain }
spec:
  replicas: 2
  selector: { matchLabels: { app: plain } }
  template:
    metadata: { labels: { app: plain } }
    spec:
      terminationGracePeriodSeconds: 0
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: DoNotSchedule
          labelSelector: { matchLabels: { app: plain } }
      containers:
        - name: probe
          image: ${PROBE_IMAGE}
          readinessProbe: { httpGet: { path: /, port: 8080 }, periodSeconds: 1 }
          resources:
            requests: { cpu: 10m, memory: 16Mi }
            limits: { memory: 64Mi }
          securityContext:
            runAsNonRoot: true
            readOnlyRootFilesystem: true
            allowPrivilegeEscalation: false
            capabilities: { drop: [ALL] }
            seccompProfile: { type: RuntimeDefault }
          volumeMounts: [{ name: scratch, mountPath: /scratch }]
      volumes: [{ name: scratch, emptyDir: { medium: Memory } }]`;

const SERVICE = `
apiVersion: v1
kind: Service
metadata: { name: plain }
spec:
  selector: { app: plain }
  ports: [{ port: 80, targetPort: 8080 }]`;

const DAEMONSET = `
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: privileged }
spec:
  selector: { matchLabels: { app: privileged } }
  template:
    metadata: { labels: { app: privileged } }
    spec:
      terminationGracePeriodSeconds: 0
      containers:
        - name: probe
          image: ${PROBE_IMAGE}
          securityContext: { privileged: true, runAsUser: 0, readOnlyRootFilesystem: true }
          volumeMounts:
            - { name: proc, mountPath: /host/proc, readOnly: true }
            - { name: netns, mountPath: /run/netns, mountPropagation: Bidirectional }
      volumes:
        - { name: proc, hostPath: { path: /proc } }
        - { name: netns, hostPath: { path: /run/netns, type: DirectoryOrCreate } }`;
