/** The relay with a real API server: it alone says whose a token is, and what that account may. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { until } from './harness.ts';
import { type Ask, getThrough, through } from './relay-client.ts';
import {
  AUDIENCE,
  bind,
  cluster,
  create,
  echo,
  letIn,
  rolebindings,
  type Site,
  site,
  tokenOf,
} from './relay-site.ts';

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
