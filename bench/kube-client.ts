/** Requests a second through KubeClient, beside bare undici on as many connections. Run: node bench/kube-client.ts */
import { readFileSync } from 'node:fs';
import { KubeConfig } from '@kubernetes/client-node';
import { Agent, request } from 'undici';
import { configMaps, KubeClient } from '../src/kube/index.ts';
import { ADMIN, startControlPlane } from '../test/testbed/control-plane.ts';

const COUNT = 2000;
const IN_FLIGHT = 32;
const CONNECTIONS = 16;

const cluster = await startControlPlane({ isThrifty: true });
const config = new KubeConfig();
config.loadFromFile(cluster.adminKubeconfig);
const client = new KubeClient(config, { maxConnections: CONNECTIONS });
const agent = new Agent({
  connections: CONNECTIONS,
  allowH2: false,
  connect: { ca: readFileSync(cluster.caFile) },
});
const headers = { authorization: `Bearer ${cluster.token(ADMIN)}`, 'content-type': 'application/json' };
const path = `${cluster.url}/api/v1/namespaces/default/configmaps`;

async function rate(one: (index: number) => Promise<unknown>): Promise<number> {
  let next = 0;
  const start = performance.now();
  const worker = async () => {
    while (next < COUNT) await one(next++);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  return Math.round((COUNT * 1000) / (performance.now() - start));
}

const bare = async (method: 'GET' | 'POST', url: string, body: string | null = null) => {
  const reply = await request(url, { dispatcher: agent, method, headers, body });
  return reply.body.json();
};
const object = (name: string) => ({ metadata: { name, namespace: 'default' }, data: { value: 'x' } });

try {
  for (let round = 1; round <= 3; round++) {
    const figures = {
      'create, bare': await rate((index) =>
        bare(
          'POST',
          path,
          JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', ...object(`bare-${round}-${index}`) }),
        ),
      ),
      'create, KubeClient': await rate((index) => client.create(configMaps, object(`own-${round}-${index}`))),
      'get, bare': await rate((index) => bare('GET', `${path}/bare-${round}-${index}`)),
      'get, KubeClient': await rate((index) =>
        client.get(configMaps, { namespace: 'default', name: `own-${round}-${index}` }),
      ),
    };
    console.log(`round ${round}, requests/s:`, figures);
  }
} finally {
  await Promise.all([client.close(), agent.close()]);
  await cluster.stop();
}
