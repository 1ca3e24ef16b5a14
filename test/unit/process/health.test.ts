import { Counter, Registry } from 'prom-client';
import { createRegistry, type HealthServer, startHealthServer } from '../../../src/process/index.ts';

let server: HealthServer;
let live: string[];
let ready: string[];
let registry: Registry;

beforeEach(async () => {
  live = [];
  ready = [];
  registry = new Registry();
  server = await startHealthServer({
    address: { host: '127.0.0.1', port: 0 },
    live: () => live,
    ready: () => ready,
    registry,
  });
});
afterEach(() => server.close());

const get = async (path: string, init: RequestInit = {}): Promise<[number, string]> => {
  const response = await fetch(`${server.url}${path}`, init);
  return [response.status, await response.text()];
};

test('/healthz is ok until something is broken, and then says what', async () => {
  expect(await get('/healthz')).toEqual([200, 'ok\n']);
  live = ['the sidecar has not answered for 60 s'];
  expect(await get('/healthz')).toEqual([503, 'the sidecar has not answered for 60 s\n']);
});

test('/readyz says what it waits for, a line each', async () => {
  ready = ['the first list of routers', 'the lease'];
  expect(await get('/readyz?verbose')).toEqual([
    503,
    'waiting for the first list of routers\nwaiting for the lease\n',
  ]);
  ready = [];
  expect(await get('/readyz')).toEqual([200, 'ok\n']);
});

test('/metrics serves the registry as Prometheus reads it', async () => {
  new Counter({ name: 'things_total', help: 'Things.', registers: [registry] }).inc(3);
  const response = await fetch(`${server.url}/metrics`);
  expect(response.headers.get('content-type')).toContain('version=0.0.4');
  expect(await response.text()).toContain('things_total 3');
});

test('a metric that fails is answered with 500, and the server lives on', async () => {
  const fail = () => {
    throw new Error('no such counter');
  };
  new Counter({ name: 'things_total', help: 'Things.', registers: [registry], collect: fail });
  expect(await get('/metrics')).toEqual([500, 'no such counter\n']);
  expect((await get('/healthz'))[0]).toBe(200);
});

test('anything else is refused', async () => {
  expect(await get('/nothing')).toEqual([404, 'Here are /healthz, /readyz and /metrics.\n']);
  expect((await get('/healthz', { method: 'POST', body: 'x' }))[0]).toBe(405);
});

test('an address in use is told in one sentence', async () => {
  const address = { host: '127.0.0.1', port: Number(new URL(server.url).port) };
  const second = startHealthServer({ address, live: () => [], ready: () => [], registry });
  await expect(second).rejects.toMatchObject({
    code: 'AddressUnavailable',
    message: `Cannot listen on 127.0.0.1:${address.port} (EADDRINUSE): choose another --metrics-address.`,
  });
});

test('the registry of a process tells its version and the runtime', async () => {
  const text = await createRegistry({ version: '1.2.3', process: 'agent' }).metrics();
  expect(text).toContain('tto_build_info{version="1.2.3",process="agent"} 1');
  expect(text).toContain('nodejs_eventloop_lag_seconds');
});
