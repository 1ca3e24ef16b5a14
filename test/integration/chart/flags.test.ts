/** The command lines that the chart writes, held against the program's own parser. */
import type { Command } from 'commander';
import { agentCommand } from '../../../src/main/agent.ts';
import { DEFAULT_SOCKET } from '../../../src/main/common-flags.ts';
import { controllerCommand } from '../../../src/main/controller.ts';
import { applyCrdsCommand, checkCommand, cleanupCommand } from '../../../src/main/once.ts';
import { DEFAULT_AUDIENCE } from '../../../src/main/relay-flags.ts';
import { sidecarCommand } from '../../../src/main/sidecar.ts';
import { type KubeObject, LEAST, NAMESPACE, type Plain, prepareHelm, render } from './chart.ts';
import { EVERYTHING, SETTINGS } from './extremes.ts';

const COMMANDS = [
  controllerCommand,
  agentCommand,
  sidecarCommand,
  applyCrdsCommand,
  checkCommand,
  cleanupCommand,
];

beforeAll(prepareHelm, 900_000);

interface Container {
  name: string;
  args: string[];
  env?: { name: string }[];
  ports?: { name: string; containerPort: number }[];
  volumeMounts: { mountPath: string }[];
}

function containersOf({ kind, spec }: KubeObject): Container[] {
  const pod = (kind === 'Pod' ? spec : ((spec as Plain | undefined)?.template as Plain)?.spec) as
    | { containers: Container[] }
    | undefined;
  return pod?.containers ?? [];
}

const containers = async (values: Plain): Promise<Container[]> =>
  (await render(values)).flatMap(containersOf);

/** What the program makes of the command line; nothing is run. @throws when it does not take it */
async function parsed({ args: [name, ...args], env = [] }: Container) {
  const command = COMMANDS.map((make) => make('0.0.0')).find((one) => one.name() === name);
  if (command === undefined) throw new Error(`There is no subcommand ${name}.`);
  command
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .action(() => undefined);
  const before = { ...process.env };
  for (const { name: variable } of env)
    process.env[variable] = variable === 'POD_IP' ? '10.244.1.5' : 'node-1';
  try {
    await command.parseAsync(args, { from: 'user' });
  } finally {
    process.env = before;
  }
  return { command, options: command.opts() };
}

const flagsOf = (command: Command): string[] => command.options.map(({ long }) => long ?? '');

test.each(SETTINGS)('the program takes every command line with %s', async (_name, values) => {
  const all = await containers(values);
  expect(all.length).toBeGreaterThan(2);
  for (const container of all) await parsed(container);
});

test('flags that the chart does not write have defaults that fit a pod', async () => {
  const left = new Map<string, string[]>();
  for (const container of await containers(EVERYTHING)) {
    const { command } = await parsed(container);
    const written = container.args.map((arg) => arg.split('=')[0] ?? '');
    left.set(
      container.name,
      flagsOf(command).filter((flag) => !written.includes(flag)),
    );
  }
  expect(Object.fromEntries(left)).toEqual({
    controller: ['--kubeconfig', '--leader-elect', '--identity', '--metrics-address'],
    agent: [
      '--node-name',
      '--kubeconfig',
      '--sidecar-socket',
      '--peer-address',
      '--peer-port',
      '--metrics-address',
      '--relay-advertise',
    ],
    wireguard: ['--socket', '--netns-prefix'],
    crds: ['--kubeconfig'],
    check: ['--kubeconfig'],
    cleanup: ['--kubeconfig'],
  });
});

test('each process serves its health and metrics on the port that its container names', async () => {
  for (const container of await containers(LEAST)) {
    const [port] = container.ports ?? [];
    if (port === undefined) continue;
    const { options } = await parsed(container);
    expect([container.name, options.metricsAddress]).toEqual([
      container.name,
      { host: '::', port: port.containerPort },
    ]);
  }
});

test('what a process reads and writes lies in a volume of its container', async () => {
  const paths = { agent: [DEFAULT_SOCKET], wireguard: [DEFAULT_SOCKET] } as Record<string, string[]>;
  for (const container of await containers(EVERYTHING)) {
    const { options } = await parsed(container);
    const own = [options.stateDir, options.nodeNetns, options.relayCertificate].filter(
      (path) => path !== undefined,
    );
    const mounts = container.volumeMounts.map(({ mountPath }) => mountPath);
    for (const path of [...(paths[container.name] ?? []), ...own])
      expect([path, mounts.some((mount) => `${path}/`.startsWith(`${mount}/`))]).toEqual([path, true]);
  }
});

test('the relay listens on the port that its container names, and knows its own name and address', async () => {
  const agent = (await containers(LEAST)).find(({ name }) => name === 'agent');
  if (agent === undefined) throw new Error('There is no agent.');
  const { options } = await parsed(agent);
  const port = agent.ports?.find(({ name }) => name === 'relay')?.containerPort;
  expect(options).toMatchObject({
    relayAddress: { host: '::', port },
    relayAdvertise: '10.244.1.5',
    relayAudience: DEFAULT_AUDIENCE,
    relayServerName: `tenant-tunnel-relay.${NAMESPACE}.svc`,
    relayIdleTimeout: 3_600_000,
  });
  expect(options.relayCertificate).toBeUndefined();
});

test('every process is told the same two namespaces', async () => {
  for (const container of await containers(EVERYTHING)) {
    const { options } = await parsed(container);
    if ('namespace' in options) expect(options.namespace).toBe(NAMESPACE);
    if ('gatewayNamespace' in options) expect(options.gatewayNamespace).toBe('edge');
  }
});
