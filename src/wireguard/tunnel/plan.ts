import { addresses6Of } from '../addresses.ts';
import { SidecarError } from '../errors.ts';
import { isOfIPv6, KERNEL_SETTINGS, KERNEL_SETTINGS_6, type KernelSetting } from './kernel-settings.ts';
import { diffPeers } from './peers.ts';
import type { DesiredTunnel, ObservedTunnel } from './state.ts';
import type { Step } from './steps.ts';

/**
 * The steps from a tunnel as it was found to the tunnel as it should be, in an order in which a kill between any two
 * leaves a state that the next plan mends: the namespace and its rules before the interface, keys and peers before
 * it is up. No steps where all is so already. Throws `InterfaceTaken` and `PortInUse`.
 */
export function planTunnel(wanted: DesiredTunnel, observed: ObservedTunnel): Step[] {
  const desired = observed.lacksIPv6 ? withoutIPv6(wanted) : wanted;
  const usable = isUsable(observed);
  if (observed.taken) {
    throw new SidecarError(
      'InterfaceTaken',
      `The node has an interface or a WireGuard process ${desired.interfaceName} that is not this operator's; remove it, or give the tunnel another index.`,
    );
  }
  const device = usable ? observed.device : null;
  if (device?.listenPort !== desired.listenPort && observed.usedPorts.has(desired.listenPort)) {
    throw new SidecarError(
      'PortInUse',
      `UDP port ${desired.listenPort} of the node is in use by something else; free it, or give the tunnel another port.`,
    );
  }
  return [
    ...planSurroundings(desired, observed),
    ...planInterface(observed, usable),
    ...planDevice(desired, device),
    ...planLink(desired, observed, usable && observed.place === 'placed'),
  ];
}

/** An interface that can be gone on with, wherever it stands: of the right kind, with its process alive. */
function isUsable({ place, kind, process, namespace, device }: ObservedTunnel): boolean {
  if (place === 'absent' || device === null) return false;
  if (place === 'placed' && namespace !== 'present') return false;
  return kind === 'wireguard' || (kind === 'tun' && process === 'running');
}

/** What a node can do that has none: the tunnel works by IPv4. */
const withoutIPv6 = (desired: DesiredTunnel): DesiredTunnel => ({
  ...desired,
  addresses: desired.addresses.filter((address) => !address.includes(':')),
});

const has6 = (addresses: readonly string[]): boolean => addresses6Of(addresses).length > 0;

function planSurroundings(desired: DesiredTunnel, observed: ObservedTunnel): Step[] {
  const present = observed.namespace === 'present';
  const differs = ({ path, value }: KernelSetting): boolean =>
    !present || ((observed.settings[path] ?? null) !== null && observed.settings[path] !== value);
  const steps: Step[] = present ? [] : [{ do: 'addNamespace', broken: observed.namespace === 'broken' }];
  const all = has6(desired.addresses) ? KERNEL_SETTINGS_6 : KERNEL_SETTINGS;
  const settings = observed.lacksIPv6 ? all.filter(({ path }) => !isOfIPv6(path)) : all;
  for (const setting of settings.filter(differs)) steps.push({ do: 'setKernel', ...setting });
  if (!present || !observed.loopbackUp) steps.push({ do: 'loopbackUp' });
  if (!present || observed.firewall !== desired.firewall)
    steps.push({ do: 'setFirewall', table: desired.firewall });
  return steps;
}

function planInterface(observed: ObservedTunnel, usable: boolean): Step[] {
  if (usable) return observed.place === 'staged' ? [{ do: 'moveInterface' }] : [];
  const steps: Step[] = [];
  if (observed.place !== 'absent') steps.push({ do: 'removeInterface', place: observed.place });
  if (observed.process !== 'none') steps.push({ do: 'endProcess' });
  steps.push({ do: 'addInterface' }, { do: 'moveInterface' });
  return steps;
}

function planDevice(desired: DesiredTunnel, device: ObservedTunnel['device']): Step[] {
  const peers = diffPeers(device?.peers ?? new Map(), desired.peers);
  const rekey = device?.publicKey !== desired.publicKey;
  const relocate = device?.listenPort !== desired.listenPort;
  if (!rekey && !relocate && peers.remove.length === 0 && peers.set.size === 0) return [];
  return [
    {
      do: 'setDevice',
      ...(rekey ? { privateKey: desired.privateKey } : {}),
      ...(relocate ? { listenPort: desired.listenPort } : {}),
      ...peers,
    },
  ];
}

function planLink(desired: DesiredTunnel, observed: ObservedTunnel, placed: boolean): Step[] {
  const steps: Step[] = [];
  const up = placed && observed.up;
  // Set, up, and still nothing listens: userspace WireGuard has no other way to be told to try again.
  const deaf =
    up && observed.device?.listenPort === desired.listenPort && !observed.usedPorts.has(desired.listenPort);
  // Where IPv6 is turned off, its addresses go by themselves.
  const found = observed.addresses.filter((address) => !address.includes(':') || has6(desired.addresses));
  const addresses = placed ? found : [];
  // A link that goes down takes its routes along.
  const routes = up && !deaf ? observed.routes : [];
  if (!placed || observed.mtu !== desired.mtu) steps.push({ do: 'setMtu', mtu: desired.mtu });
  for (const address of desired.addresses) {
    if (!addresses.includes(address)) steps.push({ do: 'addAddress', address });
  }
  for (const address of addresses) {
    if (!desired.addresses.includes(address)) steps.push({ do: 'removeAddress', address });
  }
  if (deaf) steps.push({ do: 'linkDown' });
  if (!up || deaf) steps.push({ do: 'linkUp', listenPort: desired.listenPort });
  const kept = new Set(routes);
  const wanted = new Set(desired.routes);
  const remove = routes.filter((route) => !wanted.has(route));
  const add = desired.routes.filter((route) => !kept.has(route));
  if (remove.length > 0 || add.length > 0) steps.push({ do: 'setRoutes', remove, add });
  return steps;
}

/** The steps that take away whatever there is of a tunnel; its name, the namespace, goes last. */
export function planRemoval(
  observed: Pick<ObservedTunnel, 'namespace' | 'place' | 'process' | 'taken'>,
): Step[] {
  const steps: Step[] = [];
  if (observed.place !== 'absent') steps.push({ do: 'removeInterface', place: observed.place });
  if (observed.process !== 'none' && !observed.taken) steps.push({ do: 'endProcess' });
  if (observed.namespace !== 'absent')
    steps.push({ do: 'removeNamespace', broken: observed.namespace === 'broken' });
  return steps;
}
