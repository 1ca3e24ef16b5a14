import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { RouterOsApi, readFacts, renderScript, setIdentity } from '../../../src/routeros/index.ts';
import { RouterOs } from '../../simulator/engine/index.ts';
import { serveApi } from '../../simulator/machine/api/without-linux.ts';
import { BASE } from './variants.ts';

/** A simulated router's API on loopback, with nothing of Linux behind it; `use` gets a connected client. */
async function withApi(
  version: string,
  board: string,
  use: (api: RouterOsApi, os: RouterOs) => Promise<void>,
): Promise<void> {
  const os = new RouterOs({
    version,
    board,
    serialNumber: 'HD608ABCDEF',
    defaultFirewall: true,
    now: () => Date.UTC(2026, 5, 1),
  });
  const server = createServer((socket) => {
    serveApi(socket, { os, saysEmpty: version.startsWith('7.2') });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const api = new RouterOsApi(connect((server.address() as AddressInfo).port, '127.0.0.1'));
  try {
    await use(api, os);
  } finally {
    api.close();
    server.close();
    await once(server, 'close');
  }
}

describe.each([
  ['7.9.2', 'hAP ax2'],
  ['7.16.2', 'CHR'],
  ['7.24', 'hAP ax2'],
])('the API of a simulated RouterOS %s on %s', (version, board) => {
  test('lets in by the script’s user and password, tells facts, and takes an identity', async () => {
    await withApi(version, board, async (api, os) => {
      // The script lets the server in alone; here that is loopback.
      os.terminal().paste(renderScript({ ...BASE, server: { ...BASE.server, address: '127.0.0.1' } }));
      const { user, password } = BASE.management;
      await expect(api.login(user, `${password}x`)).rejects.toMatchObject({ code: 'LoginRefused' });
      await api.login(user, password);
      const facts = await readFacts(api);
      expect(facts).toMatchObject({
        identity: BASE.identity,
        version: `${version} (stable)`,
        boardName: board,
      });
      expect('serialNumber' in facts).toBe(board !== 'CHR');
      expect(facts.interfaces.map(({ name }) => name)).toEqual(
        expect.arrayContaining(['ether1', 'tenant-tunnel']),
      );
      await setIdentity(api, 'Zürich "A" = $x');
      expect(os.rows('/system/identity')[0]?.name).toBe('Zürich "A" = $x');
    });
  });

  test('answers of every kind are told apart', async () => {
    await withApi(version, board, async (api) => {
      await api.login('admin', '');
      await expect(api.command(['/no/such/print'])).rejects.toMatchObject({ code: 'NoSuchCommand' });
      await expect(
        api.command({ path: '/ip/address/add', attributes: { address: 'x' } }),
      ).rejects.toMatchObject({ code: 'Trap' });
      expect((await api.command({ path: '/ip/address/print', queries: ['interface=none'] })).rows).toEqual(
        [],
      );
      const listen = api.command({ path: '/interface/listen' }, { timeoutMs: 50 });
      await expect(listen).rejects.toMatchObject({ code: 'Timeout' });
      const { rows } = await api.command({ path: '/ip/service/print', queries: ['name=api'] });
      expect(rows.map((row) => row.port)).toEqual(['8728']);
    });
  });
});
