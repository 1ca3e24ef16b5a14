/** The processes as they are installed: started from the command line, under the roles of deploy/base. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  AGENT_USER,
  CONTROLLER_USER,
  type ControlPlane,
  startControlPlane,
} from '../../testbed/control-plane.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const LEASE = '/apis/coordination.k8s.io/v1/namespaces/tenant-tunnel-system/leases/tenant-tunnel-controller';

let cluster: ControlPlane;
const running = new Set<Program>();

beforeAll(async () => {
  cluster = await startControlPlane();
  await cluster.install();
}, 900_000);
afterEach(() => {
  for (const program of running) program.child.kill('SIGKILL');
  running.clear();
});
afterAll(() => cluster?.stop());

interface Program {
  child: ChildProcess;
  /** Where its health is served. */
  url: string;
  log: () => string;
  ended: Promise<number | null>;
}

async function start(args: string[]): Promise<Program> {
  const command = [join(root, 'src', 'main.ts'), ...args, '--metrics-address=127.0.0.1:0'];
  const child = spawn(join(root, 'node_modules', '.bin', 'node'), command, {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  child.stdout.on('data', (chunk) => {
    log += chunk;
  });
  child.stderr.on('data', (chunk) => {
    log += chunk;
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const program: Program = { child, url: '', log: () => log, ended };
  running.add(program);
  await until(
    () => /"health":"([^"]+)"/.test(log),
    () => log,
  );
  program.url = /"health":"([^"]+)"/.exec(log)?.[1] ?? '';
  return program;
}

async function until(isSo: () => boolean | Promise<boolean>, describe: () => string): Promise<void> {
  const began = performance.now();
  while (!(await isSo())) {
    if (performance.now() - began > 60_000) throw new Error(`Waited 60 s in vain:\n${describe()}`);
    await sleep(50);
  }
}

const get = async (url: string): Promise<[number, string]> => {
  const response = await fetch(url);
  return [response.status, await response.text()];
};
const isReady = async ({ url }: Program) => (await get(`${url}/readyz`))[0] === 200;
const holder = async () => (await cluster.request('GET', LEASE)).json().spec?.holderIdentity;

/** Requests that the API server refused because of the role, as the process itself counted them. */
const forbidden = async ({ url }: Program) =>
  (await get(`${url}/metrics`))[1].split('\n').filter((line) => /^tto_kube_.*status="403"/.test(line));

test('a controller is ready, leads, does its work within its role, and ends in order', async () => {
  const kubeconfig = `--kubeconfig=${cluster.kubeconfig(CONTROLLER_USER)}`;
  const controller = await start(['controller', kubeconfig, '--identity=first']);
  await until(() => isReady(controller), controller.log);
  await until(async () => (await holder()) === 'first', controller.log);
  expect(await get(`${controller.url}/healthz`)).toEqual([200, 'ok\n']);

  cluster.kubectl(['create', 'namespace', 'customer-a']);
  cluster.kubectl(['apply', '-f', '-'], CLASS_AND_ROUTER);
  const tunnels = '/apis/vpn.traidnet.io/v1alpha1/namespaces/customer-a/tenanttunnels';
  await until(
    async () => (await cluster.request('GET', tunnels)).json().items[0]?.status?.interfaceName === 'wg0',
    controller.log,
  );
  expect(await forbidden(controller)).toEqual([]);

  controller.child.kill('SIGTERM');
  expect(await controller.ended).toBe(0);
  // Released, so that the next one need not wait for it to run out.
  expect(await holder()).toBeFalsy();
  expect(controller.log()).toContain('"msg":"Stopped"');
}, 300_000);

test('an agent without its sidecar lives, says what it waits for, and ends in order', async () => {
  const agent = await start([
    'agent',
    `--kubeconfig=${cluster.kubeconfig(AGENT_USER)}`,
    '--node-name=node-1',
    '--sidecar-socket=/nowhere/sidecar.sock',
  ]);
  await until(async () => /sidecar/i.test((await get(`${agent.url}/readyz`))[1]), agent.log);
  expect((await get(`${agent.url}/readyz`))[0]).toBe(503);
  expect((await get(`${agent.url}/healthz`))[0]).toBe(200);
  expect(await forbidden(agent)).toEqual([]);
  agent.child.kill('SIGTERM');
  expect(await agent.ended).toBe(0);
}, 300_000);

const CLASS_AND_ROUTER = `
apiVersion: vpn.traidnet.io/v1alpha1
kind: TunnelClass
metadata:
  name: standard
  annotations:
    vpn.traidnet.io/is-default-class: "true"
spec:
  endpoint:
    host: vpn.example.com
---
apiVersion: vpn.traidnet.io/v1alpha1
kind: Router
metadata:
  name: tower-1
  namespace: customer-a
spec:
  tenant: customer-a
`;
