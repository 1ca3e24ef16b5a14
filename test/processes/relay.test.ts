/** The tools that people have, as they are, through the relay to two routers that have the same address. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import type { SimulatedRouter } from '../simulator/machine/index.ts';
import { type OwnedDirectory, ownedDirectory, spawnOwned } from '../testbed/lifetime.ts';
import { inside } from '../testbed/namespaces.ts';
import { findOnPath } from '../testbed/path.ts';
import { waitFor } from '../testbed/wait.ts';
import { fromServer, opensTcp } from './node-side.ts';
import { tell, World } from './world.ts';

jest.setTimeout(180_000);

const TENANTS = ['acme', 'globex'] as const;
const AUDIENCE = 'tenant-tunnel-relay';
/** Behind each of the two, as RouterOS comes with. */
const LAN = '192.168.88.0/24';
/** A web server that tells its router's tenant, and who asks. */
const WEB = `require('node:http').createServer((request, reply) =>
  reply.end(process.argv[1] + ' heard ' + request.url + ' from ' + request.socket.remoteAddress + '\\n')).listen(80)`;

let world: World;
let files: OwnedDirectory;
let relay: string;
const field = new Map<string, SimulatedRouter>();
const token = { operator: '', acme: '', stranger: '' };

/** Runs a command line as a pod would have it: the relay's port and a token in variables. */
function shell(
  command: string,
  as: keyof typeof token | undefined,
): { status: number | null; out: string; err: string } {
  const [where, port] = relay.split(':');
  const environment = {
    ...process.env,
    RELAY: relay,
    RELAY_ADDRESS: where,
    RELAY_PORT: port,
    TOKEN: as === undefined ? '' : token[as],
    FILES: files.path,
  };
  const { status, stdout, stderr } = spawnSync('bash', ['-o', 'pipefail', '-c', command], {
    encoding: 'utf8',
    env: environment,
    timeout: 30_000,
  });
  return { status, out: stdout.trim(), err: stderr.trim() };
}

async function tokenOf(account: string): Promise<string> {
  const { plane } = world.system;
  await world.create('/api/v1/namespaces/tools/serviceaccounts', { metadata: { name: account } });
  const answer = await plane.request('POST', `/api/v1/namespaces/tools/serviceaccounts/${account}/token`, {
    spec: { audiences: [AUDIENCE], expirationSeconds: 3_600 },
  });
  return answer.json().status.token;
}

/** `namespace` undefined: a ClusterRoleBinding. */
async function bind(account: string, namespace?: string): Promise<void> {
  const path = namespace === undefined ? 'clusterrolebindings' : `namespaces/${namespace}/rolebindings`;
  await world.create(`/apis/rbac.authorization.k8s.io/v1/${path}`, {
    metadata: { name: `relay-${account}` },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'tenant-tunnel-connect' },
    subjects: [{ kind: 'ServiceAccount', namespace: 'tools', name: account }],
  });
}

/** Web and SSH servers in the place of RouterOS's, which say whose they are. */
async function serve(tenant: string, machine: SimulatedRouter): Promise<void> {
  const seen = await machine.paste(
    [
      '/ip/service/set www disabled=yes',
      '/ip/service/set ssh disabled=yes',
      // What an administrator does who wants to come in from the platform; 81 has nobody behind it. In braces, since a
      // terminal forgets a local variable with its line.
      '{ :local drop [/ip/firewall/filter/find where chain="input" and dynamic=no and action="drop"]',
      '/ip/firewall/filter/add chain=input action=accept protocol=tcp in-interface=tenant-tunnel dst-port=22,80,81 place-before=($drop->0) }',
    ].join('\n'),
  );
  if (/failure|error|expected/i.test(seen)) throw new Error(seen);
  const start = async (name: string, command: string, args: string[]): Promise<void> => {
    const [first, ...rest] = inside(machine.netns, command, args);
    await spawnOwned(files.path, `${name}-${tenant}`, first, rest);
  };
  await start('web', process.execPath, ['-e', WEB, tenant]);
  const config = join(files.path, `sshd-${tenant}.conf`);
  const lines = {
    Port: '22',
    HostKey: join(files.path, 'host-key'),
    AuthorizedKeysFile: join(files.path, 'key.pub'),
    ForceCommand: `echo ${tenant}`,
    PermitRootLogin: 'yes',
    StrictModes: 'no',
    UsePAM: 'no',
    PidFile: 'none',
  };
  writeFileSync(
    config,
    Object.entries(lines)
      .map((line) => `${line.join(' ')}\n`)
      .join(''),
  );
  await start('sshd', findOnPath('sshd') ?? 'sshd', ['-D', '-e', '-f', config]);
}

beforeAll(async () => {
  files = ownedDirectory('relay');
  mkdirSync('/run/sshd', { recursive: true });
  for (const name of ['key', 'host-key']) {
    const made = spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(files.path, name)]);
    if (made.status !== 0) throw new Error(String(made.stderr));
  }
  world = await World.start({
    namespaces: [...TENANTS, 'tools'],
    classSpec: { subnetAssignment: 'Equal' },
    flags: { agent: ['--relay-address=127.0.0.1:0', '--relay-advertise=127.0.0.1'] },
  });
  await Promise.all(
    TENANTS.map(async (tenant) => {
      const machine = await world.bringOnline(`${tenant}/branch`, '7.16.2', { spec: { subnets: [LAN] } });
      field.set(tenant, machine);
      await serve(tenant, machine);
      const { interfaceName = '' } = world.tunnel(`${tenant}/${tenant}`).status ?? {};
      const { address = '' } = world.router(`${tenant}/branch`).status ?? {};
      for (const port of [22, 80]) {
        await waitFor(`${tenant} serves ${port}`, () =>
          opensTcp(fromServer(world.system, interfaceName), address, port),
        );
      }
    }),
  );
  token.operator = await tokenOf('operator');
  token.acme = await tokenOf('acme');
  token.stranger = await tokenOf('stranger');
  await bind('operator');
  await bind('acme', 'acme');
  const port = /"port":(\d+)[^\n]*The relay listens/.exec(world.system.log('agent'))?.[1];
  relay = `127.0.0.1:${port}`;
}, 300_000);
afterAll(async () => {
  await world?.stop();
  files?.remove();
});

const address = (tenant: string): string => world.router(`${tenant}/branch`).status?.address ?? '';

test('both routers have the same address, each in the tunnel of its tenant', () => {
  expect(address('acme')).toMatch(/^10\./);
  expect(address('globex')).toBe(address('acme'));
});

/** Command lines as docs/relay.md has them, with what they print for a router; HOST is its name. */
const TOOLS = {
  'curl, plain HTTP': [
    'curl -sS --max-time 10 -x http://$RELAY -U token:$TOKEN http://HOST/x',
    / heard \/x from /,
  ],
  'curl, CONNECT': [
    'curl -sS --max-time 10 -p -x http://$RELAY -U token:$TOKEN http://HOST/x',
    / heard \/x from /,
  ],
  'curl, Bearer': [
    'curl -sS --max-time 10 -p -x http://$RELAY --proxy-header "Proxy-Authorization: Bearer $TOKEN" http://HOST/x',
    / heard \/x from /,
  ],
  wget: [
    'wget -q -O - -T 10 -t 1 -e use_proxy=yes -e http_proxy=http://$RELAY --proxy-user=token --proxy-password=$TOKEN http://HOST/x',
    / heard \/x from /,
  ],
  ssh: [
    'ssh -F none -i $FILES/key -o UserKnownHostsFile=$FILES/known -o StrictHostKeyChecking=accept-new -o HostKeyAlias=HOST -o BatchMode=yes -o ProxyCommand="socat - PROXY:$RELAY_ADDRESS:%h:%p,proxyport=$RELAY_PORT,proxyauth=token:$TOKEN" root@HOST',
    /^$/,
  ],
  socat: [
    'printf "GET /x HTTP/1.0\\r\\n\\r\\n" | socat -t 5 - PROXY:$RELAY_ADDRESS:HOST:80,proxyport=$RELAY_PORT,proxyauth=token:$TOKEN | tail -n 1',
    / heard \/x from /,
  ],
} satisfies Record<string, [command: string, said: RegExp]>;

describe.each(Object.entries(TOOLS))('%s', (name, [command, said]) => {
  const to = (host: string, as: keyof typeof token | undefined) =>
    shell(command.replaceAll('HOST', host), as);

  test('reaches each of the two, by name and by address and tenant', () => {
    for (const tenant of TENANTS) {
      for (const host of [`branch.${tenant}.router`, `${address(tenant)}.${tenant}.tenant`]) {
        const { status, out, err } = to(host, 'operator');
        expect({ host, status, out, err }).toMatchObject({ host, status: 0 });
        expect([host, out.startsWith(tenant), said.test(out.slice(tenant.length))]).toEqual([
          host,
          true,
          true,
        ]);
      }
    }
    tell(`${name}: acme and globex at ${address('acme')}, told apart`);
  });

  test('is refused without a token, with a token without the right, and for the other tenant', () => {
    const hosts = TENANTS.flatMap((tenant) => [
      `branch.${tenant}.router`,
      `${address(tenant)}.${tenant}.tenant`,
    ]);
    const refused = [
      ...hosts.map((host) => [host, undefined] as const),
      ...hosts.map((host) => [host, 'stranger'] as const),
      ...hosts.filter((host) => host.includes('globex')).map((host) => [host, 'acme'] as const),
    ];
    for (const [host, as] of refused) {
      const { status, out } = to(host, as);
      const isRefused =
        status !== 0 || /lacks the right|Show a service account token|no service account token/.test(out);
      expect([host, as, isRefused, /^(acme|globex)( heard|$)/.test(out)]).toEqual([host, as, true, false]);
    }
    for (const host of hosts.filter((one) => one.includes('acme'))) {
      expect(to(host, 'acme').out).toMatch(/^acme/);
    }
  });
});

test('what is behind a router is reached by its address and tenant, the same address behind each', () => {
  for (const tenant of TENANTS) {
    const command = `curl -sS --max-time 10 -x http://$RELAY -U token:$TOKEN http://192.168.88.1.${tenant}.tenant/lan`;
    expect(shell(command, 'operator').out).toMatch(new RegExp(`^${tenant} heard /lan from `));
    expect(shell(command, 'stranger').out).toMatch(/lacks the right/);
  }
});

test('what is the matter is told by status and a sentence', () => {
  const ask = (host: string, as?: keyof typeof token) => {
    const { out } = shell(
      `curl -s --max-time 15 -p -x http://$RELAY -U token:$TOKEN -o /dev/null -D - http://${host}/ | tr -d '\\r'`,
      as,
    );
    return out
      .split('\n')
      .filter((line) => /^(HTTP|Proxy-Status)/.test(line))
      .join(' ');
  };
  const lines = [
    ask('branch.acme.router'),
    ask('branch.acme.router', 'stranger'),
    ask('nobody.acme.router', 'operator'),
    ask('branch.acme.router:81', 'operator'),
    ask('kubernetes.default.svc', 'operator'),
  ];
  for (const line of lines) tell(line);
  expect(lines).toEqual([
    expect.stringMatching(/^HTTP\/1.1 407 .*Show a service account token/),
    expect.stringMatching(/^HTTP\/1.1 403 .*lacks the right to create routers\/connect/),
    expect.stringMatching(/^HTTP\/1.1 404 .*There is no Router acme\/nobody/),
    expect.stringMatching(/^HTTP\/1.1 502 .*refuses the connection/),
    expect.stringMatching(/^HTTP\/1.1 400 .*no name of a router/),
  ]);
});

test('no log has a token, and the metrics have no name of a caller', async () => {
  const log = ['agent', 'sidecar'].map((name) => world.system.log(name as 'agent')).join('\n');
  for (const one of Object.values(token)) expect(log).not.toContain(one.split('.')[2]);
  const metrics = await world.system.metrics('agent');
  expect(metrics).toMatch(/^tto_relay_requests_total\{status="200"\} [1-9]/m);
  expect(metrics).not.toMatch(/tto_relay.*(tools|operator|branch|acme)/);
});
