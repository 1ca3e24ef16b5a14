/** The relay with a real API server: it alone says whose a token is, and what that account may. */
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { ANNOTATION_RELAY, TENANT_TUNNELS } from '../../../src/api/index.ts';
import type { RelaySettings } from '../../../src/gateway/index.ts';
import { leases } from '../../../src/kube/index.ts';
import { run } from '../../testbed/command.ts';
import { type OwnedDirectory, ownedDirectory } from '../../testbed/lifetime.ts';
import { Cluster, type GatewayNode, type HandedOver, type Member, until } from './harness.ts';
import { type Ask, getThrough, through } from './relay-client.ts';

const AUDIENCE = 'tenant-tunnel-relay';
const SETTINGS: RelaySettings = {
  host: '127.0.0.1',
  port: 0,
  advertise: '127.0.0.1',
  audience: AUDIENCE,
  serverName: 'tenant-tunnel-relay.tenant-tunnel-system.svc',
  idleMs: 60_000,
};

let cluster: Cluster;
const nodes: GatewayNode[] = [];
const newNode = (): GatewayNode => {
  const node = cluster.node();
  nodes.push(node);
  return node;
};

beforeAll(async () => {
  cluster = await Cluster.start();
  await create('/api/v1/namespaces', { metadata: { name: 'tools' } });
  for (const name of ['web', 'stranger', 'everywhere']) {
    await create('/api/v1/namespaces/tools/serviceaccounts', { metadata: { name } });
  }
  await bind('clusterrolebindings', 'relay-everywhere', 'everywhere', 'ClusterRole', 'tenant-tunnel-connect');
}, 900_000);
afterEach(async () => {
  for (const node of nodes.splice(0)) await node.stopAgent();
});
afterAll(() => cluster?.stop(), 60_000);

async function create(path: string, body: object) {
  const answer = await cluster.plane.request('POST', path, body);
  if (answer.status >= 300) throw new Error(answer.text);
  return answer.json();
}

async function bind(path: string, name: string, account: string, kind: string, role: string): Promise<void> {
  await create(`/apis/rbac.authorization.k8s.io/v1/${path}`, {
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name: role },
    subjects: [{ kind: 'ServiceAccount', namespace: 'tools', name: account }],
  });
}

async function tokenOf(account: string, audiences = [AUDIENCE]): Promise<string> {
  const answer = await create(`/api/v1/namespaces/tools/serviceaccounts/${account}/token`, {
    spec: { audiences, expirationSeconds: 600 },
  });
  return answer.status.token;
}

/** Where a node's relay says that it is. */
async function relayOf(node: GatewayNode): Promise<string> {
  await until(
    'the relay is told of',
    async () => (await node.annotations())?.[ANNOTATION_RELAY] !== undefined,
  );
  return (await node.annotations())?.[ANNOTATION_RELAY] ?? '';
}

/** Says who it is, and repeats what it hears. */
const echo = (name: string) => (stream: Duplex) => {
  stream.write(`${name}: `);
  stream.on('data', (data) => stream.write(data));
  stream.on('end', () => stream.end());
};

interface Site {
  node: GatewayNode;
  tunnel: HandedOver;
  member: Member;
  /** Of its only router. */
  name: string;
  namespace: string;
  tenant: string;
  relay: string;
}

/** A node with a relay, a tunnel and a router that echoes on port 22. */
async function site(relay: Partial<RelaySettings> = {}): Promise<Site> {
  const node = newNode();
  const tenant = `of-${node.name}`;
  const tunnel = await node.tunnel({ tenant });
  const member = await tunnel.addRouter();
  const { namespace, name, address } = member.peer;
  node.sidecar.listeners.set(`${address}:22`, echo(member.key));
  await tunnel.writeAll();
  await cluster.admin.applyStatus(
    TENANT_TUNNELS,
    {
      metadata: { namespace, name: 'acme' },
      status: { gateway: node.name, interfaceName: tunnel.interfaceName } as never,
    },
    { fieldManager: 'tenant-tunnel-controller' },
  );
  await node.startAgent({ relay: { ...SETTINGS, ...relay } });
  await until('the interface', () => node.sidecar.interfaces.has(tunnel.interfaceName));
  return { node, tunnel, member, namespace, name, tenant, relay: await relayOf(node) };
}

const rolebindings = (namespace: string): string => `namespaces/${namespace}/rolebindings`;
const letIn = ({ namespace }: Site, account = 'web'): Promise<void> =>
  bind(rolebindings(namespace), account, account, 'ClusterRole', 'tenant-tunnel-connect');

test('an account with the right in the namespace of a Router reaches it, by name and by address', async () => {
  const one = await site();
  await letIn(one);
  const { relay, name, namespace, member } = one;
  const token = await tokenOf('web');
  const options: Ask = { token, words: 'hello' };
  const expected = { status: 200, said: `${member.key}: hello` };
  expect(await through(relay, `${name}.${namespace}.router:22`, options)).toEqual(expected);
  const metrics = await one.node.registry.metrics();
  expect(metrics).toContain('tto_relay_up 1');
  expect(metrics).toContain('tto_relay_reviews_total{review="token",outcome="allowed"} 1');
  expect(metrics).toContain('tto_relay_bytes_total{direction="to_router"} 5');
  const byAddress = `${member.peer.address}.${one.tenant}.tenant:22`;
  expect(await through(relay, byAddress, options)).toEqual(expected);
  expect(await through(relay, `10.1.2.3.${one.tenant}.tenant:22`, options)).toMatchObject({ status: 404 });
  expect(JSON.stringify(one.node.logs)).not.toContain(token);
});

test('plain HTTP goes too, with the token in any of three headers, and none of them reaches the router', async () => {
  const one = await site();
  await letIn(one);
  const { relay, name, namespace, member, node } = one;
  let heard = '';
  node.sidecar.listeners.set(`${member.peer.address}:80`, (stream) => {
    stream.on('data', (data) => {
      heard += data;
      if (heard.includes('\r\n\r\n')) stream.end('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhap2');
    });
  });
  const token = await tokenOf('web');
  const basic = Buffer.from(`token:${token}`).toString('base64');
  for (const headers of [
    { 'Proxy-Authorization': `Bearer ${token}` },
    { 'Proxy-Authorization': `Basic ${basic}` },
    { 'Tenant-Tunnel-Token': token },
  ] as Record<string, string>[]) {
    heard = '';
    const answer = await getThrough(relay, `http://${name}.${namespace}.router/rest/system/resource`, {
      headers,
    });
    expect(answer).toEqual({ status: 200, said: 'hap2' });
    expect(heard).toMatch(/^GET \/rest\/system\/resource HTTP\/1.1\r\n/);
    expect(heard).not.toContain(token);
    expect(heard).not.toContain(basic);
  }
});

describe('who has not the right gets nothing', () => {
  let one: Site;
  let authority: string;
  beforeEach(async () => {
    one = await site();
    authority = `${one.name}.${one.namespace}.router:22`;
  });
  const ask = (token?: string) => through(one.relay, authority, { token, words: 'hello' });

  test('no token, one of another audience, a forged one, one that nobody signed: 407', async () => {
    expect(await ask()).toMatchObject({ status: 407, said: expect.stringContaining(`audience ${AUDIENCE}`) });
    for (const audiences of [['https://kubernetes.default.svc'], ['another']]) {
      expect(await ask(await tokenOf('everywhere', audiences))).toMatchObject({ status: 407 });
    }
    const [head, claims, signature = ''] = (await tokenOf('everywhere')).split('.');
    const forged = `${head}.${claims}.${[...signature].reverse().join('')}`;
    expect(await ask(forged)).toMatchObject({
      status: 407,
      said: expect.stringContaining('does not know the token'),
    });
    const asWeb = Buffer.from(claims ?? '', 'base64url')
      .toString()
      .replaceAll('everywhere', 'web');
    const swapped = `${head}.${Buffer.from(asWeb).toString('base64url')}.${signature}`;
    expect(await ask(swapped)).toMatchObject({ status: 407 });
    expect(await ask(cluster.plane.token('admin'))).toMatchObject({ status: 407 });
    expect(one.node.sidecar.interfaces.size).toBe(1);
    expect(await one.node.registry.metrics()).toContain('tto_relay_requests_total{status="407"} 6');
  });

  test('an account that is gone: 407, though its token is good for ten minutes', async () => {
    await create('/api/v1/namespaces/tools/serviceaccounts', { metadata: { name: 'leaving' } });
    await letIn(one, 'leaving');
    const [first, second] = [await tokenOf('leaving'), await tokenOf('leaving', [AUDIENCE, 'more'])];
    expect(await ask(first)).toMatchObject({ status: 200 });
    await cluster.plane.request('DELETE', '/api/v1/namespaces/tools/serviceaccounts/leaving');
    expect(await ask(second)).toMatchObject({ status: 407 });
  });

  test('a token without the right: 403, which says what is missing, whether there is such a Router or not', async () => {
    const token = await tokenOf('stranger');
    const answer = await ask(token);
    expect(answer).toEqual({
      status: 403,
      said: `system:serviceaccount:tools:stranger lacks the right to create routers/connect.vpn.traidnet.io for Router ${one.name} in namespace ${one.namespace}: bind a Role that has it.\n`,
    });
    const other = await through(one.relay, `nobody.${one.namespace}.router:22`, { token });
    expect(other).toEqual({ status: 403, said: answer.said.replace(one.name, 'nobody') });
    const addresses = [one.member.peer.address, '10.1.2.3'];
    for (const address of addresses) {
      expect(await through(one.relay, `${address}.${one.tenant}.tenant:22`, { token })).toMatchObject({
        status: 403,
      });
    }
    expect(await through(one.relay, '10.1.2.3.nobody.tenant:22', { token })).toMatchObject({ status: 403 });
  });

  test('a right in another namespace does not count', async () => {
    await bind(rolebindings('tools'), 'stranger-at-home', 'stranger', 'ClusterRole', 'tenant-tunnel-connect');
    expect(await ask(await tokenOf('stranger'))).toMatchObject({ status: 403 });
  });

  test('a Role with resourceNames opens these Routers alone', async () => {
    const second = await one.tunnel.addRouter();
    one.node.sidecar.listeners.set(`${second.peer.address}:22`, echo(second.key));
    await one.tunnel.writeAll();
    await create(`/apis/rbac.authorization.k8s.io/v1/namespaces/${one.namespace}/roles`, {
      metadata: { name: 'one-router' },
      rules: [
        {
          apiGroups: ['vpn.traidnet.io'],
          resources: ['routers/connect'],
          resourceNames: [one.name],
          verbs: ['create'],
        },
      ],
    });
    await bind(rolebindings(one.namespace), 'one-router', 'stranger', 'Role', 'one-router');
    const token = await tokenOf('stranger');
    expect(await ask(token)).toMatchObject({ status: 200 });
    expect(
      await through(one.relay, `${second.peer.name}.${one.namespace}.router:22`, { token }),
    ).toMatchObject({
      status: 403,
    });
  });
});

test('the commands of docs/relay.md give rights, and tell them', async () => {
  const page = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'relay.md'), 'utf8');
  const commands = page.match(/^kubectl (create role|auth).*$/gm) ?? [];
  expect(commands).toHaveLength(4);
  for (const namespace of ['acme', 'shop', 'monitoring']) {
    await create('/api/v1/namespaces', { metadata: { name: namespace } });
  }
  const said = commands.map((command) => cluster.plane.kubectl(command.split(' ').slice(1)).trim());
  expect(said.at(-1)).toBe('yes');
  const may = (account: string, name: string): string => {
    const question = ['auth', 'can-i', 'create', `routers.vpn.traidnet.io/${name}`, '--subresource=connect'];
    // It says no by its exit code as well.
    try {
      return cluster.plane
        .kubectl([...question, '-n', 'acme', `--as=system:serviceaccount:${account}`])
        .trim();
    } catch {
      return 'no';
    }
  };
  expect([may('shop:web', 'any'), may('shop:other', 'any'), may('tools:everywhere', 'any')]).toEqual([
    'yes',
    'no',
    'yes',
  ]);
});

test('who may is told what is the matter: no such Router, refused, silent, suspended, not ready', async () => {
  const { node, relay, name, namespace, member, tunnel } = await site();
  const token = await tokenOf('everywhere');
  const { address } = member.peer;
  node.sidecar.failures.set(`${address}:23`, 'ConnectFailed');
  node.sidecar.failures.set(`${address}:24`, 'ConnectTimeout');
  node.sidecar.failures.set(`${address}:25`, 'Busy');
  node.sidecar.failures.set(`${address}:26`, 'TooManyStreams');
  const router = `${name}.${namespace}.router`;
  expect(await through(relay, `nobody.${namespace}.router:22`, { token })).toEqual({
    status: 404,
    said: `There is no Router ${namespace}/nobody.\n`,
  });
  expect(await through(relay, '10.1.2.3.nobody.tenant:22', { token })).toMatchObject({ status: 404 });
  for (const [port, status, sentence] of [
    [23, 502, /refuses the connection/],
    [24, 504, /does not answer/],
    [25, 503, /not ready/],
    [26, 503, /Too many connections/],
  ] as const) {
    expect(await through(relay, `${router}:${port}`, { token })).toEqual({
      status,
      said: expect.stringMatching(sentence),
    });
  }
  await tunnel.controllerSays(member, { phase: 'Suspended' });
  await tunnel.writeBlock([]);
  await until('it is told', async () =>
    /suspended/.test((await through(relay, `${router}:22`, { token })).said),
  );
});

test('a router that leaves its tunnel takes its streams with it', async () => {
  const one = await site();
  await letIn(one);
  let stream: Duplex | undefined;
  one.node.sidecar.listeners.set(`${one.member.peer.address}:22`, (opened) => {
    stream = opened;
  });
  const said = through(one.relay, `${one.name}.${one.namespace}.router:22`, { token: await tokenOf('web') });
  await until('the stream is open', () => stream !== undefined);
  await one.tunnel.writeBlock([]);
  expect((await said.catch(() => ({ said: '' }))).said).toBe('');
});

describe('a router of another node', () => {
  test('is reached through the relay of that node, which looks at token and right itself', async () => {
    const [here, there] = [await site(), await site()];
    await letIn(there);
    const token = await tokenOf('web');
    const authority = `${there.name}.${there.namespace}.router:22`;
    expect(await through(here.relay, authority, { token, words: 'hello' })).toEqual({
      status: 200,
      said: `${there.member.key}: hello`,
    });
    expect(await there.node.registry.metrics()).toContain(
      'tto_relay_reviews_total{review="token",outcome="allowed"} 1',
    );
    there.node.sidecar.failures.set(`${there.member.peer.address}:23`, 'ConnectFailed');
    expect(await through(here.relay, authority.replace(/22$/, '23'), { token })).toEqual({
      status: 502,
      said: expect.stringContaining('refuses the connection'),
    });
  });

  test('is not sent on a second time, nor in a circle', async () => {
    const [here, there] = [await site(), await site()];
    const token = await tokenOf('everywhere');
    const authority = `${there.name}.${there.namespace}.router:22`;
    const headers = { 'Tenant-Tunnel-Forwarded': 'node-x' };
    expect(await through(here.relay, authority, { token, headers })).toMatchObject({
      status: 503,
      said: expect.stringContaining(`moved, to node ${there.node.name}`),
    });
    // The status says this node, which knows nothing of it.
    const status = { gateway: here.node.name } as never;
    await cluster.admin.applyStatus(
      TENANT_TUNNELS,
      { metadata: { namespace: there.namespace, name: 'acme' }, status },
      { fieldManager: 'tenant-tunnel-controller' },
    );
    await until('it is told', async () => {
      const { status: code, said } = await through(here.relay, authority, { token });
      return code === 503 && said.includes('is taking the tunnel over');
    });
  });

  test('whose relay is gone, or says nonsense of itself, is 503', async () => {
    const [here, there] = [await site(), await site()];
    const token = await tokenOf('everywhere');
    const authority = `${there.name}.${there.namespace}.router:22`;
    await there.node.stopAgent();
    expect(await through(here.relay, authority, { token })).toMatchObject({
      status: 503,
      said: expect.stringContaining('does not answer'),
    });
    const name = { namespace: 'tenant-tunnel-gateways', name: `gateway-${there.node.name}` };
    for (const url of [
      'http://kubernetes.default.svc:443',
      'http://127.0.0.1:1/x',
      'ftp://127.0.0.1:1',
      '',
    ]) {
      await cluster.admin.patch(leases, name, { metadata: { annotations: { [ANNOTATION_RELAY]: url } } });
      expect(await through(here.relay, authority, { token })).toMatchObject({
        status: 503,
        said: expect.stringContaining('says of no relay'),
      });
    }
  });

  test('a pod that stands by sends on to the one that works on its node', async () => {
    const one = await site();
    const token = await tokenOf('everywhere');
    const pod = one.node.secondPod();
    nodes.push(pod);
    const port = 20_000 + (process.pid % 10_000);
    await pod.startAgent({ relay: { ...SETTINGS, port } });
    const ask = () =>
      through(`http://127.0.0.1:${port}`, `${one.name}.${one.namespace}.router:22`, {
        token,
        words: 'hello',
      });
    await until('it listens', () =>
      ask()
        .then(({ status }) => status === 200)
        .catch(() => false),
    );
    expect(await ask()).toEqual({ status: 200, said: `${one.member.key}: hello` });
    expect(await relayOf(one.node)).toBe(one.relay);
  });
});

describe('with a certificate', () => {
  let directory: OwnedDirectory;
  beforeAll(() => {
    directory = ownedDirectory('relay-certificates');
  });
  afterAll(() => directory?.remove());

  /** A certificate that signs itself, as files of a Secret. */
  async function certificate(where: string, name = SETTINGS.serverName): Promise<string> {
    const path = join(directory.path, where);
    mkdirSync(path, { recursive: true });
    const files = ['-keyout', join(path, 'tls.key'), '-out', join(path, 'tls.crt')];
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    await run('openssl', [
      'req',
      '-x509',
      ...key,
      ...files,
      '-days',
      '2',
      '-subj',
      '/CN=relay',
      '-addext',
      `subjectAltName=DNS:${name}`,
    ]);
    return path;
  }
  const trusting = (path: string) => ({
    ca: readFileSync(join(path, 'tls.crt')),
    servername: SETTINGS.serverName,
  });

  test('clients and relays of other nodes see who it is; who shows another certificate gets no token', async () => {
    const [path, foreign] = [await certificate('own'), await certificate('foreign')];
    const [here, there] = [
      await site({ certificateDirectory: path }),
      await site({ certificateDirectory: path }),
    ];
    expect(here.relay).toMatch(/^https:/);
    const token = await tokenOf('everywhere');
    const tls = trusting(path);
    const authority = `${there.name}.${there.namespace}.router:22`;
    expect(await through(here.relay, authority, { token, tls, words: 'hello' })).toEqual({
      status: 200,
      said: `${there.member.key}: hello`,
    });
    expect(await here.node.registry.metrics()).toMatch(
      /tto_relay_certificate_expiry_timestamp_seconds 1\d{9}/,
    );
    await expect(through(here.relay, authority, { token, tls: trusting(foreign) })).rejects.toThrow();
    // Plain HTTP is not understood there.
    await expect(through(here.relay.replace('https', 'http'), authority, { token })).rejects.toThrow();

    const stranger = await site({ certificateDirectory: foreign });
    const plain = await site();
    for (const other of [stranger, plain]) {
      const before = await other.node.registry.metrics();
      const answer = await through(here.relay, `${other.name}.${other.namespace}.router:22`, { token, tls });
      expect(answer.status).toBe(503);
      expect(await other.node.registry.metrics()).not.toContain('tto_relay_reviews_total{');
      expect(before).not.toContain('tto_relay_reviews_total{');
    }
  });

  test('one that comes late is waited for, one that cannot be used is not taken, and the tunnels do not mind', async () => {
    const path = join(directory.path, 'late');
    mkdirSync(path);
    const node = newNode();
    const tunnel = await node.tunnel();
    await tunnel.writeAll();
    await node.startAgent({ relay: { ...SETTINGS, certificateDirectory: path } });
    await until('the interface', () => node.sidecar.interfaces.has(tunnel.interfaceName));
    await until('it says so', () => node.logs.some((line) => line.includes('waits for one that does')));
    expect(node.waitingFor()).toEqual([]);
    expect((await node.annotations())?.[ANNOTATION_RELAY]).toBeUndefined();
    const made = await certificate('made');
    writeFileSync(join(path, 'tls.crt'), 'nonsense');
    copyFileSync(join(made, 'tls.key'), join(path, 'tls.key'));
    await until('it says so', () => node.logs.some((line) => line.includes('PEM')));
    copyFileSync(join(made, 'tls.crt'), join(path, 'tls.crt'));
    const relay = await relayOf(node);
    expect(relay).toMatch(/^https:/);
    rmSync(path, { recursive: true });
    const tls = trusting(made);
    expect(await through(relay, 'a.b.router:1', { tls })).toMatchObject({ status: 407 });
    expect(node.logs.join('\n')).not.toContain('PRIVATE KEY');
  });
});
