import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { CredentialSource } from '../../../src/kube/credentials.ts';
import { configMaps, KubeClient } from '../../../src/kube/index.ts';

let directory: string;
const ends: (() => unknown)[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kube-credentials-'));
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  rmSync(directory, { recursive: true });
});

async function serve(answer: (request: IncomingMessage, reply: ServerResponse) => void): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  ends.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function configFor(server: string, user: object): KubeConfig {
  const config = new KubeConfig();
  config.loadFromClusterAndUser({ name: 'c', server, skipTLSVerify: true }, { name: 'u', ...user } as never);
  return config;
}

function clientFor(config: KubeConfig): KubeClient {
  const client = new KubeClient(config);
  ends.push(() => client.close());
  return client;
}

const reply = (outgoing: ServerResponse, status: number) => {
  outgoing.writeHead(status, { 'content-type': 'application/json' });
  outgoing.end(JSON.stringify({ metadata: { name: 'a' } }));
};
const name = { namespace: 'n', name: 'a' };

test('a token that the server refuses is read from its file again, and the request sent again', async () => {
  const file = join(directory, 'token');
  writeFileSync(file, 'old\n');
  const asked: (string | undefined)[] = [];
  const url = await serve((request, outgoing) => {
    asked.push(request.headers.authorization);
    reply(outgoing, request.headers.authorization === 'Bearer new' ? 200 : 401);
  });
  const client = clientFor(
    configFor(url, { authProvider: { name: 'tokenFile', config: { tokenFile: file } } }),
  );
  writeFileSync(file, 'new\n');
  await client.get(configMaps, name).catch(() => undefined);
  writeFileSync(file, 'newer\n');
  expect(asked.at(-1)).toBe('Bearer new');

  const before = asked.length;
  const many = Array.from({ length: 20 }, () => client.get(configMaps, name));
  expect(await Promise.all(many)).toHaveLength(20);
  expect(asked.length - before).toBe(20);
});

test('a token that stays refused is not asked for in a loop', async () => {
  let requests = 0;
  const url = await serve((_request, outgoing) => {
    requests++;
    reply(outgoing, 401);
  });
  const client = clientFor(configFor(url, { token: 'never' }));
  await expect(client.get(configMaps, name)).rejects.toMatchObject({ code: 'Unauthorized', status: 401 });
  expect(requests).toBe(2);
});

test('credentials are read again after 10 s, and another certificate means other connections', async () => {
  const ca = join(directory, 'ca.crt');
  writeFileSync(ca, 'first');
  let now = 0;
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    { name: 'c', server: 'https://127.0.0.1', caFile: ca, skipTLSVerify: false },
    { name: 'u', token: 't' },
  );
  const source = new CredentialSource(config, () => now);
  const first = await source.get();
  writeFileSync(ca, 'second');
  now = 9_000;
  expect((await source.get()).tlsKey).toBe(first.tlsKey);
  now = 11_000;
  const second = await source.get();
  expect(second.tlsKey).not.toBe(first.tlsKey);
  expect(String(second.tls.ca)).toBe('second');
});

test('a kubeconfig that cannot be used is an error of the request, and is read again for the next', async () => {
  const ca = join(directory, 'ca.crt');
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    { name: 'c', server: 'https://127.0.0.1', caFile: ca, skipTLSVerify: false },
    { name: 'u', token: 't' },
  );
  const source = new CredentialSource(config, () => 0);
  await expect(source.get()).rejects.toMatchObject({
    code: 'Unreachable',
    message: expect.stringMatching(/^The kubeconfig cannot be used: ENOENT/),
  });
  writeFileSync(ca, 'there');
  expect(String((await source.get()).tls.ca)).toBe('there');
});

test('a server behind a path, as Rancher has it, is asked there', async () => {
  let path: string | undefined;
  const url = await serve((request, outgoing) => {
    path = request.url;
    reply(outgoing, 200);
  });
  await clientFor(configFor(`${url}/k8s/clusters/c-1/`, { token: 't' })).get(configMaps, name);
  expect(path).toBe('/k8s/clusters/c-1/api/v1/namespaces/n/configmaps/a');
});
