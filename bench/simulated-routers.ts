/**
 * The API of many simulated routers, a Unix socket each, in a process of its own:
 * `node bench/simulated-routers.ts FOLDER COUNT VERSION`. Prints "listening" when all do; ends with its input.
 */
import { createServer } from 'node:net';
import { join } from 'node:path';
import { RouterOs } from '../test/simulator/engine/index.ts';
import { serveApi } from '../test/simulator/machine/api/without-linux.ts';

const [folder = '', count = '1', version = '7.16.2'] = process.argv.slice(2);

for (let number = 0; number < Number(count); number += 1) {
  const os = new RouterOs({
    version,
    board: 'hAP ax2',
    serialNumber: `BENCH${number}`,
    defaultFirewall: true,
    now: Date.now,
  });
  const server = createServer((socket) => {
    serveApi(socket, { os, saysEmpty: true });
  });
  await new Promise<void>((resolve) => server.listen(join(folder, `${number}.sock`), resolve));
}
console.log('listening');
process.stdin.resume().on('end', () => process.exit(0));
