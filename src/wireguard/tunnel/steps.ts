import type { DeviceChange } from '../device/device.ts';
import type { KernelSetting } from './kernel-settings.ts';
import type { Place } from './state.ts';

/** One thing to do. Each can be done again after it was cut short. */
export type Step =
  | { do: 'addNamespace'; broken: boolean }
  | ({ do: 'setKernel' } & KernelSetting)
  | { do: 'loopbackUp' }
  | { do: 'setFirewall'; table: string }
  | { do: 'removeInterface'; place: Exclude<Place, 'absent'> }
  | { do: 'endProcess' }
  | { do: 'addInterface' }
  | { do: 'moveInterface' }
  | ({ do: 'setDevice' } & DeviceChange)
  | { do: 'setMtu'; mtu: number }
  | { do: 'addAddress'; address: string }
  | { do: 'removeAddress'; address: string }
  | { do: 'linkDown' }
  | { do: 'linkUp'; listenPort: number }
  | { do: 'setRoutes'; remove: readonly string[]; add: readonly string[] }
  | { do: 'removeNamespace'; broken: boolean };

/** Peers that a sentence names one by one; of more it says how many. */
const NAMED = 5;

function few(verb: string, keys: readonly string[]): string[] {
  if (keys.length === 0) return [];
  return keys.length <= NAMED ? [`${verb} peer ${keys.join(', ')}`] : [`${verb} ${keys.length} peers`];
}

/** What a step did, in words for a log line; never a secret. */
export function describe(step: Step): string[] {
  switch (step.do) {
    case 'addNamespace':
      return ['made the network namespace'];
    case 'setKernel':
      return [`set ${step.path} to ${step.value}`];
    case 'loopbackUp':
      return ['brought up lo'];
    case 'setFirewall':
      return ['set the firewall'];
    case 'removeInterface':
      return ['removed the interface'];
    case 'endProcess':
      return ['ended the WireGuard process'];
    case 'addInterface':
      return ['made the interface'];
    case 'moveInterface':
      return ['moved the interface into its namespace'];
    case 'setDevice':
      return [
        ...(step.privateKey === undefined ? [] : ['set the private key']),
        ...(step.listenPort === undefined ? [] : [`set the listening port to ${step.listenPort}`]),
        ...few('removed', step.remove),
        ...few('set', [...step.set.keys()]),
        ...few('restored the endpoint of', [...(step.endpoints?.keys() ?? [])]),
      ];
    case 'setMtu':
      return [`set the MTU to ${step.mtu}`];
    case 'addAddress':
      return [`added the address ${step.address}`];
    case 'removeAddress':
      return [`removed the address ${step.address}`];
    case 'linkDown':
      return ['took the interface down, since it did not listen'];
    case 'linkUp':
      return ['brought the interface up'];
    case 'setRoutes':
      return [`added ${step.add.length} and removed ${step.remove.length} routes`];
    case 'removeNamespace':
      return ['removed the network namespace'];
  }
}
