/** The relays of several nodes with a real API server: what one sends on to another, and by which certificate they know each other. */
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ANNOTATION_RELAY, TENANT_TUNNELS } from '../../../src/api/index.ts';
import { leases } from '../../../src/kube/index.ts';
import { run } from '../../testbed/command.ts';
import { type OwnedDirectory, ownedDirectory } from '../../testbed/lifetime.ts';
import { until } from './harness.ts';
import { through } from './relay-client.ts';
import { cluster, letIn, newNode, nodes, relayOf, SETTINGS, site, tokenOf } from './relay-site.ts';

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
