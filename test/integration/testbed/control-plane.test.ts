import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AGENT_USER, type ControlPlane, startControlPlane } from '../../testbed/control-plane.ts';
import { identify, sweep } from '../../testbed/lifetime.ts';

let cluster: ControlPlane;
const node = join(import.meta.dirname, '..', '..', '..', 'node_modules', '.bin', 'node');

beforeAll(async () => {
  const users = [{ name: 'anna', groups: ['support'] }];
  cluster = await startControlPlane({ users, crds: true, audit: true });
}, 900_000);
afterAll(() => cluster?.stop());

const whoami = (kubeconfig: string) =>
  JSON.parse(cluster.kubectl(['auth', 'whoami', '-o', 'json', '--kubeconfig', kubeconfig])).status.userInfo;

test('a kubeconfig speaks for its user and groups, and for no other', () => {
  expect(whoami(cluster.kubeconfig('anna'))).toMatchObject({
    username: 'anna',
    groups: ['support', 'system:authenticated'],
  });
  expect(whoami(cluster.kubeconfig(AGENT_USER))).toMatchObject({
    username: AGENT_USER,
    groups: ['system:serviceaccounts', 'system:serviceaccounts:tenant-tunnel-system', 'system:authenticated'],
  });
  expect(() => cluster.kubeconfig('nobody')).toThrow('does not know user nobody');
});

test('a user without a role may read nothing', () => {
  const kubeconfig = cluster.kubeconfig('anna');
  expect(() => cluster.kubectl(['get', 'ns', '--kubeconfig', kubeconfig])).toThrow(/forbidden/i);
});

test('the kinds are served', () => {
  const served = cluster.kubectl(['api-resources', '--api-group=vpn.traidnet.io', '-o', 'name']);
  expect(served.trim().split('\n').sort()).toEqual([
    'routerprofiles.vpn.traidnet.io',
    'routers.vpn.traidnet.io',
    'tenanttunnels.vpn.traidnet.io',
    'tunnelclasses.vpn.traidnet.io',
  ]);
});

test('requests are counted by /metrics and noted in the audit log', async () => {
  expect(await cluster.metrics()).toMatch(/^apiserver_request_total\{.*resource="namespaces"/m);
  expect(readFileSync(cluster.auditLog as string, 'utf8')).toContain('"username":"admin"');
});

test('a restarted API server has the same data, users and certificate', async () => {
  const kubeconfig = cluster.kubeconfig('anna');
  cluster.kubectl(['create', 'namespace', 'kept']);
  await cluster.stopApiServer();
  await expect(cluster.request('GET', '/readyz')).rejects.toThrow(/ECONNREFUSED/);
  await cluster.startApiServer();
  expect((await cluster.request('GET', '/api/v1/namespaces/kept')).status).toBe(200);
  expect(whoami(kubeconfig).username).toBe('anna');
}, 120_000);

test('a flag that the API server refuses is told with the end of its log', async () => {
  const failing = startControlPlane({ apiServerArgs: ['--no-such-flag'] });
  await expect(failing).rejects.toThrow(/exit code 1.*unknown flag: --no-such-flag/s);
}, 120_000);

test('two stand side by side, and one that stops leaves nothing behind', async () => {
  const second = await startControlPlane();
  expect(second.url).not.toBe(cluster.url);
  expect((await second.request('GET', '/apis/vpn.traidnet.io/v1alpha1/routers')).status).toBe(404);
  const children = childrenOf(second.directory);
  expect(children).toHaveLength(2);
  await second.stop();
  expect(existsSync(second.directory)).toBe(false);
  expect(children.map(identify)).toEqual([null, null]);
  expect((await cluster.request('GET', '/readyz')).status).toBe(200);
}, 120_000);

test.each(['SIGKILL', 'SIGTERM'] as const)(
  'an owner ended by %s takes its control plane along',
  async (signal) => {
    const owner = spawn(node, [join(import.meta.dirname, 'hold.ts')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const directory = await firstLine(owner);
    const children = childrenOf(directory);
    expect(children).toHaveLength(2);
    owner.kill(signal);
    for (const pid of children) {
      // SIGKILL comes from the kernel; how soon the process is reaped is the machine's affair.
      while (identify(pid) !== null) await sleep(20);
    }
    while (identify(owner.pid as number) !== null) await sleep(20);
    sweep();
    expect(existsSync(directory)).toBe(false);
  },
  120_000,
);

const childrenOf = (directory: string) => readdirSync(join(directory, 'children')).map(Number);

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk;
      if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')));
    });
    child.once('exit', (code) => reject(new Error(`The owner ended early, exit code ${code}.`)));
  });
}
