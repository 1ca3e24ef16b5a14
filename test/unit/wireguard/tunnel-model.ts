import fc from 'fast-check';
import type { PeerSettings } from '../../../src/wireguard/device/device.ts';
import { publicKeyOf } from '../../../src/wireguard/keys.ts';
import { KERNEL_SETTINGS, KERNEL_SETTINGS_6 } from '../../../src/wireguard/tunnel/kernel-settings.ts';
import { PeerTable } from '../../../src/wireguard/tunnel/peers.ts';
import type { DesiredTunnel, ObservedTunnel } from '../../../src/wireguard/tunnel/state.ts';
import { desiredOf } from '../../../src/wireguard/tunnel/state.ts';
import type { Step } from '../../../src/wireguard/tunnel/steps.ts';
import { keyOf } from './peers.ts';

/** Nothing of a tunnel at all. */
export const NOTHING: ObservedTunnel = {
  namespace: 'absent',
  settings: {},
  loopbackUp: false,
  firewall: null,
  place: 'absent',
  process: 'none',
  kind: null,
  taken: false,
  mtu: 0,
  up: false,
  addresses: [],
  routes: [],
  device: null,
  usedPorts: new Set(),
};

const NO_LINK = {
  place: 'absent',
  kind: null,
  mtu: 0,
  up: false,
  addresses: [],
  routes: [],
  device: null,
} as const;

const fail = (step: Step): never => {
  throw new Error(`impossible here: ${JSON.stringify(step)}`);
};

const without = <T>(list: readonly T[], gone: readonly T[]): T[] =>
  list.filter((item) => !gone.includes(item));

const IPV6_OFF = 'net/ipv6/conf/all/disable_ipv6';

const settingsAt = (value: string | null): ObservedTunnel['settings'] =>
  Object.fromEntries([...KERNEL_SETTINGS, ...KERNEL_SETTINGS_6].map(({ path }) => [path, value]));

/** The kernel takes the addresses away with it. */
const turnedOff = (step: Step): boolean =>
  step.do === 'setKernel' && step.path === IPV6_OFF && step.value === '1';

const ipv4Of = ({ addresses }: Pick<ObservedTunnel, 'addresses'>): string[] =>
  addresses.filter((address) => !address.includes(':'));

/**
 * What a step does to a node, as far as a plan can see, and what it needs: a step at the wrong time fails as the real
 * command would. Peers go by WireGuard's rule that a network has one owner, the last who was set with it.
 */
export function applyStep(node: ObservedTunnel, step: Step, kind: 'wireguard' | 'tun'): ObservedTunnel {
  const placed = node.place === 'placed';
  switch (step.do) {
    case 'addNamespace':
      if (node.namespace === 'present' || step.broken !== (node.namespace === 'broken')) fail(step);
      return {
        ...node,
        namespace: 'present',
        settings: settingsAt('untouched'),
        loopbackUp: false,
        firewall: null,
      };
    case 'setKernel':
      if (node.namespace !== 'present') fail(step);
      return turnedOff(step)
        ? { ...node, settings: { ...node.settings, [step.path]: step.value }, addresses: ipv4Of(node) }
        : { ...node, settings: { ...node.settings, [step.path]: step.value } };
    case 'loopbackUp':
      return node.namespace === 'present' ? { ...node, loopbackUp: true } : fail(step);
    case 'setFirewall':
      return node.namespace === 'present' ? { ...node, firewall: step.table } : fail(step);
    case 'removeInterface':
      return node.place === step.place ? { ...node, ...NO_LINK } : fail(step);
    case 'endProcess':
      return node.process === 'none'
        ? fail(step)
        : { ...node, process: 'none', ...(node.kind === 'tun' ? NO_LINK : {}) };
    case 'addInterface':
      if (node.place !== 'absent' || node.process !== 'none') fail(step);
      return {
        ...node,
        place: 'staged',
        kind,
        process: kind === 'tun' ? 'running' : 'none',
        mtu: 1420,
        device: { publicKey: null, listenPort: 0, peers: new Map() },
      };
    case 'moveInterface':
      if (node.place !== 'staged' || node.namespace !== 'present') fail(step);
      return { ...node, place: 'placed', up: false, addresses: [], routes: [] };
    case 'setDevice': {
      if (!placed || node.device === null) return fail(step);
      const table = new PeerTable(node.device.peers);
      for (const key of step.remove) if (!table.peers.has(key)) fail(step);
      table.apply({ remove: [...step.remove], set: new Map(step.set) });
      const device = {
        publicKey: step.privateKey === undefined ? node.device.publicKey : publicKeyOf(step.privateKey),
        listenPort: step.listenPort ?? node.device.listenPort,
        peers: new Map(table.peers),
      };
      const bound = step.listenPort !== undefined && node.up ? [step.listenPort] : [];
      return { ...node, device, usedPorts: new Set([...node.usedPorts, ...bound]) };
    }
    case 'setMtu':
      return placed ? { ...node, mtu: step.mtu } : fail(step);
    case 'addAddress':
      if (!placed || node.addresses.includes(step.address)) fail(step);
      if (step.address.includes(':') && node.settings[IPV6_OFF] === '1') fail(step);
      return { ...node, addresses: [...node.addresses, step.address] };
    case 'removeAddress':
      if (!placed || !node.addresses.includes(step.address)) fail(step);
      return { ...node, addresses: without(node.addresses, [step.address]) };
    case 'linkDown':
      return placed && node.up ? { ...node, up: false, routes: [] } : fail(step);
    case 'linkUp':
      if (!placed || node.device?.listenPort !== step.listenPort) fail(step);
      return { ...node, up: true, usedPorts: new Set([...node.usedPorts, step.listenPort]) };
    case 'setRoutes':
      if (!placed || !node.up || step.remove.some((route) => !node.routes.includes(route))) fail(step);
      return { ...node, routes: [...without(node.routes, step.remove), ...without(step.add, node.routes)] };
    case 'removeNamespace':
      if (node.namespace === 'absent' || placed) fail(step);
      return { ...node, namespace: 'absent', settings: {}, loopbackUp: false, firewall: null };
  }
}

/** Peers 0–9 with some of ten networks each, no network twice. */
const peers = fc
  .array(fc.record({ owner: fc.integer({ min: -1, max: 9 }) }), { minLength: 10, maxLength: 10 })
  .chain((owners) =>
    fc.tuple(
      fc.constant(owners),
      fc.array(fc.option(fc.integer({ min: 50, max: 52 }), { nil: undefined }), {
        minLength: 10,
        maxLength: 10,
      }),
      fc.subarray([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
    ),
  )
  .map(([owners, secrets, present]) =>
    present.map((number) => {
      const secret = secrets[number];
      return {
        publicKey: keyOf(number),
        allowedIPs: owners.flatMap(({ owner }, index) =>
          owner !== number ? [] : [index < 5 ? `10.100.1.${index}/32` : `192.168.${index}.0/24`],
        ),
        ...(secret === undefined ? {} : { presharedKey: keyOf(secret) }),
      };
    }),
  );

export const desired: fc.Arbitrary<DesiredTunnel> = fc
  .record({
    interfaceName: fc.constant('wg0'),
    privateKey: fc.constantFrom(keyOf(100), keyOf(101)),
    listenPort: fc.constantFrom(51_820, 51_821),
    addresses: fc
      .tuple(
        fc.subarray(['10.100.0.1/16', '10.100.0.2/16', '10.200.0.1/24'], { minLength: 1 }),
        fc.subarray(['fd12::1/64']),
      )
      .map(([four, six]) => [...four, ...six]),
    mtu: fc.constantFrom(1280, 1420),
    peers,
  })
  .map(desiredOf);

const devices = fc.option(
  fc.record({
    publicKey: fc.constantFrom(null, publicKeyOf(keyOf(100)), publicKeyOf(keyOf(101))),
    listenPort: fc.constantFrom(0, 51_820, 51_821),
    peers: peers.map(
      (list) =>
        new Map<string, PeerSettings>(
          list.map(({ publicKey, ...settings }) => [publicKey, settings] as const),
        ),
    ),
  }),
  { nil: null },
);

/** Any half of a tunnel, made of parts that can be there together. */
export const observed: fc.Arbitrary<ObservedTunnel> = fc
  .record({
    namespace: fc.constantFrom('absent', 'broken', 'present'),
    setting: fc.constantFrom('0', '1', null),
    loopbackUp: fc.boolean(),
    firewall: fc.option(fc.constant('another'), { nil: null }),
    place: fc.constantFrom('absent', 'staged', 'placed'),
    process: fc.constantFrom('none', 'running', 'dead'),
    kind: fc.constantFrom('wireguard', 'tun', 'other'),
    mtu: fc.constantFrom(1280, 1420),
    up: fc.boolean(),
    addresses: fc.subarray(['10.100.0.1/16', '10.100.0.9/16', 'fd12::1/64', 'fd12::9/64']),
    routes: fc.subarray(['192.168.7.0/24', '0.0.0.0/0']),
    device: devices,
    listening: fc.boolean(),
  } as const)
  .map(({ setting, listening, ...parts }): ObservedTunnel => {
    const present = parts.namespace === 'present';
    const place = parts.place === 'placed' && !present ? 'staged' : parts.place;
    const there = place !== 'absent';
    const up = place === 'placed' && parts.up;
    const port = parts.device?.listenPort ?? 0;
    return {
      ...parts,
      place,
      settings: present ? settingsAt(setting) : {},
      loopbackUp: present && parts.loopbackUp,
      firewall: present ? parts.firewall : null,
      process: there && parts.kind === 'wireguard' ? 'none' : parts.process,
      kind: there ? parts.kind : null,
      taken: false,
      mtu: there ? parts.mtu : 0,
      up,
      addresses: place !== 'placed' ? [] : setting === '0' ? parts.addresses : ipv4Of(parts),
      lacksIPv6: setting === null,
      routes: up ? parts.routes : [],
      device: there && parts.kind !== 'other' ? parts.device : null,
      usedPorts: new Set(up && there && listening && port > 0 ? [port] : []),
    };
  });
