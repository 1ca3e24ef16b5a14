import { once } from 'node:events';
import { jest } from '@jest/globals';
import type { Service } from '../../../src/wireguard/index.ts';
import { FreeRadius, hasFreeRadius, radclient } from '../../testbed/freeradius.ts';
import { dataplane, leftOut } from '../sidecar/dataplane.ts';
import { Gateway } from '../sidecar/gateway.ts';
import type { Router } from '../sidecar/router.ts';
import { tunnelWith } from './field.ts';

jest.setTimeout(120_000);

const why = hasFreeRadius ? '' : ' (left out: no freeradius or radclient; make deps installs them)';

/** What takes the header off in the pod; MMPROXY=path has go-mmproxy itself do so (commit 9c89649: later ones panic). */
const { MMPROXY } = process.env;
const UNWRAP: [string, string[]] =
  MMPROXY === undefined
    ? [process.execPath, [new URL('unwrap-script.cjs', import.meta.url).pathname, '11812', '1812']]
    : [MMPROXY, ['-p', 'udp', '-l', '0.0.0.0:11812', '-4', '127.0.0.1:1812', '-close-after', '20']];

/** What a router's RADIUS client prints of the answer. */
async function ask(router: Router, kind: 'auth' | 'acct', attributes: readonly string[]): Promise<string> {
  const [command, args] = radclient('10.100.0.1', kind);
  return router.node.exec(command, args, `${attributes.join(',')}\n`).catch((error: Error) => error.message);
}

const LOGIN = ['User-Name=alice', 'User-Password=wonderland', 'Message-Authenticator=0x00'];
const as = (router: Router): string[] => [...LOGIN, `NAS-IP-Address=${router.address}`];

(hasFreeRadius ? dataplane : describe.skip)(`a real RADIUS server behind a service${why || leftOut}`, () => {
  let gateway: Gateway;
  let first: Router;
  let second: Router;
  const servers: FreeRadius[] = [];

  beforeAll(async () => {
    gateway = await Gateway.create();
    const { routers } = await tunnelWith(gateway, 2);
    [first, second] = routers as [Router, Router];
  });
  afterAll(async () => {
    await gateway?.destroy();
    for (const server of servers) server.remove();
  });

  const put = (server: FreeRadius, fields: Partial<Service> = {}) =>
    gateway.client.putServices('wg0', {
      services: [1812, 1813].map((port) => ({
        protocol: 'UDP',
        port,
        endpoints: [`${server.node.address}:${port}`],
        ...fields,
      })),
    });

  test('accepts a user of each router, and knows the router by its NAS-IP-Address', async () => {
    const server = await FreeRadius.start(gateway, 'radius', { client: `${gateway.node.address}/32` });
    servers.push(server);
    await put(server);
    for (const router of [first, second]) {
      const answer = await ask(router, 'auth', as(router));
      expect(answer).toContain('Received Access-Accept');
      // The gateway node as the sender, and the router by what it says of itself.
      expect(answer).toContain(`Reply-Message = "from ${gateway.node.address}, ${router.address}"`);
    }
    expect(await ask(first, 'auth', ['User-Name=alice', 'User-Password=wrong'])).toContain('Access-Reject');
    const accounting = ['User-Name=alice', 'Acct-Status-Type=Start', 'Acct-Session-Id=1'];
    expect(await ask(first, 'acct', accounting)).toContain('Received Accounting-Response');
  });

  test('sees the address of the router itself as the sender, by the PROXY protocol', async () => {
    // Only routers of the tunnel are clients of this one: another source address gets no answer.
    const server = await FreeRadius.start(gateway, 'radius-own', {
      client: '10.100.0.0/16',
      address: '127.0.0.1',
    });
    servers.push(server);
    await server.node.exec('ip', ['link', 'set', 'lo', 'up']);
    await server.node.exec('ip', ['rule', 'add', 'from', '127.0.0.1/8', 'iif', 'lo', 'table', '123']);
    await server.node.exec('ip', ['route', 'add', 'local', '0.0.0.0/0', 'dev', 'lo', 'table', '123']);
    const unwrap = server.node.spawn(...UNWRAP, { stdio: ['ignore', 'pipe', 'pipe'] });
    await Promise.race(
      [unwrap.stdout, unwrap.stderr].map((says) => once(says as NodeJS.ReadableStream, 'data')),
    );
    await put(server, { endpoints: [`${server.node.address}:11812`], proxyProtocol: true });
    for (const router of [first, second]) {
      const answer = await ask(router, 'auth', LOGIN);
      process.stdout.write(
        `  ${router.address}: ${/Received Access-\w+/.exec(answer)?.[0]}, ${/Reply-Message = .*/.exec(answer)?.[0]}\n`,
      );
      expect(answer).toContain('Received Access-Accept');
      expect(answer).toContain(`Reply-Message = "from ${router.address}, `);
    }
  });
});
