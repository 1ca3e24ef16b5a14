/**
 * The API of simulated routers, each after its script was pasted: `node bench/scripted-routers.ts FOLDER VERSION`. For each
 * `ADDRESS.rsc` in the folder it listens on `ADDRESS.sock` there. Prints "listening" when all do; ends with its input.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { RouterOs } from '../test/simulator/engine/index.ts';
import { serveApi } from '../test/simulator/machine/api/without-linux.ts';

const [folder = '', version = '7.16.2'] = process.argv.slice(2);
const scripts = readdirSync(folder).filter((name) => name.endsWith('.rsc'));

for (const [number, name] of scripts.entries()) {
  const os = new RouterOs({
    version,
    board: 'hAP ax2',
    serialNumber: `BENCH${number}`,
    defaultFirewall: true,
    now: Date.now,
    resolve: () => '198.51.100.1',
  });
  os.terminal().import(readFileSync(join(folder, name), 'utf8'));
  // The first address of the tunnel is the server's, which alone may log in.
  const server = name.replace(/^(\d+\.\d+)\..*/, '$1.0.1');
  const listening = createServer((socket) => {
    Object.defineProperty(socket, 'remoteAddress', { value: server });
    serveApi(socket, { os, saysEmpty: true });
  });
  await new Promise<void>((resolve) => {
    listening.listen(join(folder, name.replace(/rsc$/, 'sock')), resolve);
  });
}
console.log('listening');
process.stdin.resume().on('end', () => process.exit(0));
