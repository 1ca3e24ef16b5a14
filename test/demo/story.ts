import { SimulatedRouter } from '../simulator/machine/index.ts';
import type { Cluster } from '../testbed/borrowed-cluster.ts';
import type { SystemOn } from '../testbed/system.ts';

import { namespaceAndClass, profileManifest, routerManifest } from './manifests.ts';
import type { Progress } from './progress.ts';
import { chapter, dim, green, quoted, red, say, seconds, step, table } from './screen.ts';

interface Site {
  tenant: string;
  name: string;
  identity: string;
  version: string;
}

const ACME: Site[] = [
  { tenant: 'acme', name: 'branch-1', identity: 'Acme Zürich #1', version: '7.9.2' },
  { tenant: 'acme', name: 'branch-2', identity: 'Acme "Depot"', version: '7.16.2' },
  { tenant: 'acme', name: 'branch-3', identity: 'Acme [night; shift]', version: '7.24' },
];
const GLOBEX: Site[] = [
  { tenant: 'globex', name: 'north', identity: 'Globex North', version: '7.12.2' },
  { tenant: 'globex', name: 'south', identity: 'Globex South', version: '7.20.8' },
];

export const NAMESPACES = ['acme', 'globex'];

const keyOf = ({ tenant, name }: Site): string => `${tenant}/${name}`;

/** The main job, told as it happens. */
export async function tellStory(system: SystemOn<Cluster>, progress: Progress): Promise<void> {
  const { plane, node } = system;
  const routers = new Map<string, SimulatedRouter>();

  chapter('Say how tunnels are made, once for the cluster');
  const setUp = namespaceAndClass(NAMESPACES, node.address);
  quoted(setUp.slice(setUp.indexOf('apiVersion: vpn')));
  plane.kubectl(['apply', '-f', '-'], setUp);

  chapter('Apply three Routers of a tenant that has no tunnel yet');
  await apply(system, progress, ACME, true);

  chapter('Each has its script; this is the first, its secrets blotted out');
  const [first] = ACME;
  if (first !== undefined) quoted(blotted(progress.router(keyOf(first))?.status?.script ?? ''), 24);

  chapter('Paste it into the routers: RouterOS 7.9, 7.16 and 7.24, behind NAT, default firewall');
  await paste(system, progress, ACME, routers);

  chapter('A second tenant');
  await apply(system, progress, GLOBEX, false);
  await paste(system, progress, GLOBEX, routers);

  chapter('A profile for the routers of the first, which the operator brings them to');
  await applyProfile(system, progress, ACME);

  chapter('What kubectl says');
  await step('tunnels have counted their routers', async () => {
    for (const tenant of NAMESPACES) {
      const online = [...routers.keys()].filter((key) => key.startsWith(`${tenant}/`)).length;
      const path = `jsonpath={.status.routers.online}=${online}`;
      plane.kubectl(['wait', `--for=${path}`, '-n', tenant, `tenanttunnel/${tenant}`, '--timeout=30s']);
    }
  });
  quoted(plane.kubectl(['get', 'vpn', '-A']));

  chapter('What the gateway node has');
  quoted((await node.exec('ip', ['netns', 'exec', 'tto-wg0', 'wg', 'show', 'wg0'])).trim(), 16);

  chapter('The two tenants do not reach each other');
  await proveIsolation(progress, routers);
}

async function apply(
  system: SystemOn<Cluster>,
  progress: Progress,
  sites: Site[],
  show: boolean,
): Promise<void> {
  const manifests = sites.map(({ tenant, name, identity }) => routerManifest(tenant, name, identity));
  if (show) quoted(manifests[0] ?? '');
  const began = performance.now();
  system.plane.kubectl(['apply', '-f', '-'], manifests.join('---\n'));
  const applied = performance.now();
  await progress.all(sites.map(keyOf), 'script');
  table([
    ['router', 'address', 'kubectl apply → script in its status'],
    ...sites.map((site) => [
      keyOf(site),
      progress.router(keyOf(site))?.status?.address ?? '',
      seconds((progress.at(keyOf(site), 'script') ?? applied) - began),
    ]),
  ]);
}

async function paste(
  system: SystemOn<Cluster>,
  progress: Progress,
  sites: Site[],
  routers: Map<string, SimulatedRouter>,
): Promise<void> {
  await step('routers powered on', async () => {
    for (const { tenant, name, version } of sites) {
      const router = await SimulatedRouter.start({
        network: system.network,
        name: `${tenant}-${name}`,
        version,
      });
      routers.set(`${tenant}/${name}`, router);
    }
  });
  const pastedAt = new Map<string, number>();
  await Promise.all(
    sites.map(async (site) => {
      const key = keyOf(site);
      pastedAt.set(key, performance.now());
      const said = await routers.get(key)?.paste(progress.router(key)?.status?.script ?? '');
      say(`   ${dim(`${key} >`)} ${said?.trim()}`);
    }),
  );
  await progress.all(sites.map(keyOf), 'Online');
  table([
    ['router', 'RouterOS', 'model', 'paste → VPNConnected', 'VPNConnected → Online', ''],
    ...sites.map((site) => {
      const key = keyOf(site);
      const [pasted, connected, online] = [
        pastedAt.get(key) ?? 0,
        progress.at(key, 'VPNConnected') ?? 0,
        progress.at(key, 'Online') ?? 0,
      ];
      const { version = '', model = '' } = progress.router(key)?.status ?? {};
      return [
        key,
        version,
        model,
        seconds(connected - pasted),
        seconds(online - connected),
        green('● Online'),
      ];
    }),
  ]);
}

async function applyProfile(system: SystemOn<Cluster>, progress: Progress, sites: Site[]): Promise<void> {
  const [{ tenant } = { tenant: '' }] = sites;
  const manifest = profileManifest(tenant);
  quoted(manifest.slice(manifest.indexOf('spec:')));
  const began = performance.now();
  system.plane.kubectl(['apply', '-f', '-'], manifest);
  await progress.all(sites.map(keyOf), 'profile');
  table([
    ['router', 'RouterOS', 'kubectl apply → the router has it', ''],
    ...sites.map((site) => [
      keyOf(site),
      progress.router(keyOf(site))?.status?.version ?? '',
      seconds((progress.at(keyOf(site), 'profile') ?? began) - began),
      green('● Applied'),
    ]),
  ]);
}

async function proveIsolation(progress: Progress, routers: Map<string, SimulatedRouter>): Promise<void> {
  const address = (key: string): string => progress.router(key)?.status?.address ?? '';
  const cases: [string, string, string, boolean][] = [
    ['acme/branch-1', 'its server', '10.100.0.1', true],
    ['acme/branch-1', 'acme/branch-2', address('acme/branch-2'), true],
    ['globex/north', 'globex/south', address('globex/south'), true],
    ['globex/north', 'acme/branch-1', address('acme/branch-1'), false],
    ['acme/branch-1', 'globex/north', address('globex/north'), false],
    ['acme/branch-1', "globex's server", '10.101.0.1', false],
  ];
  const rows = await Promise.all(
    cases.map(async ([from, to, target, expected]) => {
      const result = await routers.get(from)?.ping(target, { count: 5 });
      const reached = (result?.received ?? 0) > 0;
      if (reached !== expected)
        throw new Error(`${from} ${reached ? 'reaches' : 'does not reach'} ${to} (${target}).`);
      const counts = `${result?.received} of ${result?.sent} pings answered`;
      return [from, `→ ${to}`, target, counts, reached ? green('reached') : red('not reached')];
    }),
  );
  table([['from', 'to', 'address', '', ''], ...rows]);
}

/** The script without what nobody else may see. */
const blotted = (script: string): string =>
  script.replace(
    /((?:private-key|preshared-key|password|ttKey|ttPass|ttPsk)[= ]\\?")[^"]+(")/g,
    '$1●●●●●●●●$2',
  );
