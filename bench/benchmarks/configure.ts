/** How many routers a second one gateway configures: facts, identity, and a profile of five rows, against simulated routers. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RouterProfileSpec } from '../../src/api/index.ts';
import { Answers, RouterOsApi, readFacts, setIdentity, underUndo } from '../../src/routeros/index.ts';
import { runProfiles } from '../../src/routeros/profile/index.ts';
import { percentile } from '../percentile.ts';
import type { Metrics } from '../results.ts';

export interface Configure {
  routers: number;
  /** At a time. */
  atOnce: number;
  version: string;
}

const USER = 'admin';

/** Rows that cut nobody off, and rules of the firewall, which go under an undo. */
const PROFILES: Readonly<Record<string, RouterProfileSpec>> = {
  fiveRows: {
    resources: ['ntp', 'radius', 'backup', 'printer', 'camera'].map((name, at) => ({
      path: '/ip/dns/static',
      match: { name: `${name}.example.net` },
      set: { address: `10.7.0.${at + 1}` },
    })),
  },
  fiveRules: {
    lists: [
      {
        path: '/ip/firewall/filter',
        rows: [1, 2, 3, 4, 5].map((at) => ({
          set: { chain: 'forward', action: 'drop', 'src-address': `10.7.${at}.0/24` },
        })),
      },
    ],
  },
};

export async function configure(
  { routers, atOnce, version }: Configure,
  say: (line: string) => void,
): Promise<Metrics> {
  const folder = await mkdtemp(join(tmpdir(), 'routers-'));
  const farm = spawn(
    process.execPath,
    [join(import.meta.dirname, '../simulated-routers.ts'), folder, String(routers), version],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  try {
    await listening(farm);
    say(`${routers} simulated routers of ${version} listen`);
    const kept = new Answers();
    const metrics: Metrics = { routers, atOnce, version };
    const run = async (name: string, session: (api: RouterOsApi, number: number) => Promise<unknown>) => {
      metrics[name] = await measured(folder, routers, atOnce, session);
      say(`${name}: ${JSON.stringify(metrics[name])}`);
    };
    await run('factsAndIdentity', factsAndIdentity);
    for (const [name, spec] of Object.entries(PROFILES)) {
      await run(name, async (api, number) => {
        const version = await factsAndIdentity(api, number);
        await apply(api, () => open(folder, number), spec, version, kept);
      });
    }
    return metrics;
  } finally {
    farm.stdin?.end();
    await once(farm, 'exit');
    await rm(folder, { recursive: true });
  }
}

async function listening(farm: ChildProcess): Promise<void> {
  await Promise.race([
    once(farm.stdout ?? farm, 'data'),
    once(farm, 'exit').then(() => {
      throw new Error('the simulated routers ended');
    }),
  ]);
}

async function measured(
  folder: string,
  routers: number,
  atOnce: number,
  session: (api: RouterOsApi, number: number) => Promise<unknown>,
): Promise<Metrics> {
  const took: number[] = [];
  let next = 0;
  let mostBytes = 0;
  const began = performance.now();
  const worker = async (): Promise<void> => {
    while (next < routers) {
      const number = next++;
      const start = performance.now();
      const api = await open(folder, number);
      await session(api, number);
      api.close();
      took.push(performance.now() - start);
      if (number % 20 === 0) mostBytes = Math.max(mostBytes, process.memoryUsage.rss());
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  const seconds = (performance.now() - began) / 1000;
  return {
    routersPerSecond: routers / seconds,
    p50Ms: percentile(took, 0.5),
    p99Ms: percentile(took, 0.99),
    mostRssMiB: mostBytes / 2 ** 20,
  };
}

async function open(folder: string, number: number): Promise<RouterOsApi> {
  const socket = connect(join(folder, `${number}.sock`));
  await once(socket, 'connect');
  const api = new RouterOsApi(socket);
  await api.login(USER, '');
  return api;
}

async function factsAndIdentity(api: RouterOsApi, number: number): Promise<string> {
  const facts = await readFacts(api);
  const identity = `router-${number}`;
  if (facts.identity !== identity) await setIdentity(api, identity);
  return facts.version;
}

async function apply(
  api: RouterOsApi,
  openAnother: () => Promise<RouterOsApi>,
  spec: RouterProfileSpec,
  version: string,
  kept: Answers,
): Promise<void> {
  const { problems, writes } = await runProfiles({
    api,
    openAnother,
    underUndo,
    tasks: [{ profile: 'bench/five', spec, mode: 'apply', secrets: new Map() }],
    subject: SUBJECT,
    ours: { user: 'tenant-tunnel', address: '10.100.1.1' },
    version,
    answers: { kept, router: version },
    key: 'bench',
    signal: new AbortController().signal,
  });
  if (problems.length > 0 || writes < 5)
    throw new Error(`a router was not configured: ${JSON.stringify(problems)}`);
}

const SUBJECT = {
  router: {
    name: 'router',
    namespace: 'bench',
    address: '10.100.1.1',
    identity: 'router',
    tenant: 'bench',
    labels: {},
  },
  tunnel: {
    name: 'bench',
    serverAddress: '10.100.0.1',
    subnet: '10.100.0.0/16',
    listenPort: '51820',
    endpoint: 'vpn.example.net',
    interface: 'tenant-tunnel',
  },
  facts: { model: 'hAP ax2', version: '7.16.2 (stable)', serialNumber: 'BENCH', identity: 'router' },
};
