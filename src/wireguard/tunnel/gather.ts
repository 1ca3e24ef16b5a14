import { readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from '../command.ts';
import { controlSocketOf, probeControlSocket } from '../device/control-socket.ts';
import type { Implementation } from '../device/implementation.ts';
import { inNamespace, type Namespace, openNamespace, readNetworkFile } from '../namespace/namespace.ts';
import { TABLE } from './firewall.ts';
import { hasIPv6, KERNEL_SETTINGS, KERNEL_SETTINGS_6 } from './kernel-settings.ts';
import { type Link, NO_LINK, parseInterfaces, parseLink, parseRoutes, parseUdpPorts } from './listing.ts';
import type { TunnelNames } from './names.ts';
import type { ObservedTunnel } from './state.ts';

/** linux/magic.h: the file system of namespaces, mounted on each file of /run/netns that stands for one. */
const NSFS_MAGIC = 0x6e736673;

export async function gatherNamespace(names: TunnelNames): Promise<ObservedTunnel['namespace']> {
  try {
    return (await statfs(names.namespacePath)).type === NSFS_MAGIC ? 'present' : 'broken';
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return 'absent';
    throw cause;
  }
}

/** Lends the tunnel's namespace to an action. */
export async function withNamespace<T>(
  names: TunnelNames,
  action: (namespace: Namespace) => Promise<T>,
): Promise<T> {
  const namespace = await openNamespace(names.namespacePath);
  try {
    return await action(namespace);
  } finally {
    await namespace.close();
  }
}

type Inside = Pick<ObservedTunnel, 'settings' | 'loopbackUp' | 'firewall' | 'routes'> & { link: Link };

const NOTHING: Inside = { settings: {}, loopbackUp: false, firewall: null, routes: [], link: NO_LINK };

function readSettings(namespace: Namespace): Inside['settings'] {
  const read = (path: string): string | null => {
    try {
      return readFileSync(`/proc/sys/${path}`, 'utf8').trim();
    } catch {
      return null;
    }
  };
  return inNamespace(namespace, () =>
    Object.fromEntries([...KERNEL_SETTINGS, ...KERNEL_SETTINGS_6].map(({ path }) => [path, read(path)])),
  );
}

async function gatherInside(names: TunnelNames): Promise<Inside> {
  return withNamespace(names, async (namespace) => {
    const input = 'addr show\nroute show table main\n';
    const [{ stdout }, firewall] = await Promise.all([
      run('ip', ['-j', '-d', '-batch', '-'], { namespace, input }),
      listFirewall(namespace),
    ]);
    // A line each; there is always `lo`, and there may be no routes, which some versions print nothing for.
    const [links = '', routes = ''] = stdout.split('\n');
    return {
      settings: readSettings(namespace),
      loopbackUp: parseLink(links, 'lo').up,
      firewall,
      routes: parseRoutes(routes),
      link: parseLink(links, names.interfaceName),
    };
  });
}

/** UDP ports in use in the node's namespace. */
export async function gatherUdpPorts(): Promise<Set<number>> {
  const tables = ['udp', 'udp6'].map((name) => readNetworkFile(name).catch(() => ''));
  return new Set((await Promise.all(tables)).flatMap(parseUdpPorts));
}

/** The addresses of a tunnel's interface; `null` where there is no such tunnel. */
export async function gatherAddresses(names: TunnelNames): Promise<readonly string[] | null> {
  if ((await gatherNamespace(names)) !== 'present') return null;
  const { stdout } = await withNamespace(names, (namespace) =>
    run('ip', ['-j', '-d', 'addr', 'show'], { namespace }),
  );
  const link = parseLink(stdout, names.interfaceName);
  return link.kind === null ? null : link.addresses;
}

/** The firewall as `nft` spells it, without what fills its sets by itself; null where there is none. */
export async function listFirewall(namespace: Namespace): Promise<string | null> {
  const listed = await run('nft', ['-s', '-t', 'list', 'table', ...TABLE.split(' ')], {
    namespace,
    accept: [0, 1],
  });
  return listed.code === 0 ? listed.stdout : null;
}

async function gatherStaged(name: string): Promise<Link> {
  // Seldom is there one, and to look costs less than to start a program.
  if (!parseInterfaces(await readNetworkFile('dev')).includes(name)) return NO_LINK;
  const { code, stdout } = await run('ip', ['-j', '-d', 'addr', 'show', 'dev', name], { accept: [0, 1] });
  return code === 0 ? parseLink(stdout, name) : NO_LINK;
}

/** wireguard-go makes its interface a moment before its control socket: one that is just starting is given the time. */
async function awaitControl(names: TunnelNames, starting: boolean): Promise<Control> {
  let control = await probeControlSocket(controlSocketOf(names.interfaceName));
  for (let left = 20; starting && control !== 'running' && left > 0; left -= 1) {
    await sleep(25);
    control = await probeControlSocket(controlSocketOf(names.interfaceName));
  }
  return control;
}

/** Everything that there is of a tunnel on the node, in the terms of the plan. */
export async function gatherTunnel(
  names: TunnelNames,
  implementation: Implementation,
): Promise<ObservedTunnel> {
  const namespace = await gatherNamespace(names);
  const { link: placed, ...inside } = namespace === 'present' ? await gatherInside(names) : NOTHING;
  const staged = placed.kind === null ? await gatherStaged(implementation.stagedName(names)) : NO_LINK;
  const link = placed.kind === null ? staged : placed;
  const control = await awaitControl(names, staged.kind === 'tun');
  const found = await gatherDevice(names, implementation, placed.kind, staged.kind, control);
  return {
    ...inside,
    ...found,
    namespace,
    kind: found.place === 'absent' ? null : link.kind,
    mtu: link.mtu,
    up: link.up,
    addresses: link.addresses,
    usedPorts: await gatherUdpPorts(),
    lacksIPv6: !hasIPv6(),
  };
}

type Control = Awaited<ReturnType<typeof probeControlSocket>>;
type Found = Pick<ObservedTunnel, 'place' | 'process' | 'taken' | 'device'>;

/** Whose the interface and the process behind this name are, and what the device is configured to. */
async function gatherDevice(
  names: TunnelNames,
  implementation: Implementation,
  placed: Link['kind'],
  staged: Link['kind'],
  control: Control,
): Promise<Found> {
  const read = () => implementation.device(names).read();
  const nothing = { process: 'none', taken: false, device: null } as const;
  if (placed !== null) {
    if (placed === 'wireguard')
      return { ...nothing, place: 'placed', taken: control === 'running', device: await read() };
    const device = placed === 'tun' && control === 'running' ? await read() : null;
    return { ...nothing, place: 'placed', process: control, device };
  }
  if (implementation.name === 'kernel') {
    // Under the staged name it can only be ours; `wg` would mistake another's control socket for it.
    const unconfigured = { publicKey: null, listenPort: null, peers: new Map() };
    const place = staged === null ? 'absent' : 'staged';
    return {
      ...nothing,
      place,
      taken: control === 'running',
      device: staged === 'wireguard' ? unconfigured : null,
    };
  }
  // Ours is given its key only after it was moved: one with a key, in the node's namespace or gone elsewhere, is not.
  const device = control === 'running' ? await read() : null;
  const ours = staged === 'tun' && device !== null && device.publicKey === null;
  const taken = !ours && (staged !== null || (device !== null && device.publicKey !== null));
  return { place: ours ? 'staged' : 'absent', process: control, taken, device };
}
