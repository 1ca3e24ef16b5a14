import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KubeConfig } from '@kubernetes/client-node';
import fc from 'fast-check';
import { configMaps, KubeClient } from '../../../src/kube/index.ts';
import { offsetFrom, ServerClock } from '../../../src/kube/server-clock.ts';

const HOUR = 3_600_000;
const http = (ms: number): string => new Date(ms).toUTCString();

describe("the offset to the API server's clock", () => {
  test('lies between the bounds, however far clocks differ and however long a reply takes', () => {
    const ms = fc.integer({ min: 0, max: 4e12 });
    const leg = fc.integer({ min: 0, max: 30_000 });
    fc.assert(
      fc.property(ms, fc.integer({ min: -1e12, max: 1e12 }), leg, leg, (made, offset, there, back) => {
        const known = offsetFrom(http(made), made + offset - there, made + offset + back);
        expect(known?.least).toBeLessThanOrEqual(offset);
        expect(known?.most).toBeGreaterThanOrEqual(offset);
        expect(Number(known?.most) - Number(known?.least)).toBe(there + back + 1000);
      }),
    );
  });

  test.each([undefined, '', 'soon', ['Thu, 01 Jan 1970 00:00:00 GMT'], 5])(
    'is not learnt from %j',
    (date) => {
      const clock = new ServerClock();
      clock.learn(http(HOUR), HOUR, HOUR);
      clock.learn(date, 5 * HOUR, 5 * HOUR);
      expect(clock.offset).toEqual({ least: -1000, most: 0 });
    },
  );

  test('is learnt by the client from each reply, an error too', async () => {
    let ahead = HOUR;
    const server = createServer((_request, response) => {
      response.writeHead(404, { date: http(Date.now() + ahead), 'content-type': 'application/json' });
      response.end('{"kind":"Status","reason":"NotFound","message":"not found"}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const config = new KubeConfig();
    const { port } = server.address() as AddressInfo;
    const cluster = { name: 'c', server: `http://127.0.0.1:${port}`, skipTLSVerify: true };
    config.loadFromClusterAndUser(cluster, { name: 'u' });
    const client = new KubeClient(config);
    try {
      expect(client.clockOffset).toBeUndefined();
      await client.get(configMaps, { namespace: 'n', name: 'a' });
      expect(client.clockOffset?.least).toBeLessThanOrEqual(-HOUR);
      expect(client.guarded(() => true).clockOffset?.most).toBeLessThan(-HOUR / 2);
      ahead = -HOUR;
      await client.get(configMaps, { namespace: 'n', name: 'a' });
      expect(client.clockOffset?.least).toBeGreaterThan(HOUR / 2);
    } finally {
      await client.close();
      server.close();
    }
  });
});
