import { singleCommands } from '../configuration/commands.ts';
import type { Context, Menu } from '../configuration/definition.ts';
import { RouterOsTrap } from '../trap.ts';
import type { DeviceMode } from '../types.ts';
import { bool, text } from '../values/types.ts';
import { atLeast } from '../version.ts';

/** Every version from 7.9 on knows these. */
const FEATURES = [
  'bandwidth-test',
  'container',
  'email',
  'fetch',
  'hotspot',
  'ipsec',
  'l2tp',
  'pptp',
  'proxy',
  'romon',
  'scheduler',
  'smb',
  'sniffer',
  'socks',
  'traffic-gen',
  'zerotier',
] as const;

export type Feature = (typeof FEATURES)[number];

/** What each mode lacks (manual, Device-mode, 2026). */
const FORBIDDEN: Readonly<Record<DeviceMode, readonly Feature[]>> = {
  enterprise: ['container'],
  advanced: ['container', 'traffic-gen'],
  basic: ['bandwidth-test', 'container', 'hotspot', 'proxy', 'socks', 'traffic-gen', 'zerotier'],
  home: [
    'bandwidth-test',
    'container',
    'email',
    'fetch',
    'hotspot',
    'proxy',
    'romon',
    'scheduler',
    'sniffer',
    'socks',
    'traffic-gen',
    'zerotier',
  ],
  rose: ['traffic-gen'],
};

/** Until 7.17 there were `enterprise` and `home`; a router comes with what allows most, unless a test says otherwise. */
const modeOf = ({ deviceMode, version }: Context): DeviceMode =>
  deviceMode ?? (atLeast(version, '7.17') ? 'advanced' : 'enterprise');

export const isAllowed = (feature: Feature, context: Context): boolean =>
  !FORBIDDEN[modeOf(context)].includes(feature);

/** @throws {RouterOsTrap} `failure: not allowed by device-mode` */
export function refuseForbidden(feature: Feature, context: Context): void {
  if (!isAllowed(feature, context)) throw new RouterOsTrap('failure: not allowed by device-mode', 4);
}

/** Changed by hand only, with a button or by pulling the plug: `update` is not modelled. */
export const deviceModeMenu: Menu = {
  path: '/system/device-mode',
  kind: 'single',
  commands: singleCommands(false),
  properties: [
    { name: 'mode', type: text, readOnly: true },
    ...FEATURES.map((name) => ({ name, type: bool, readOnly: true as const })),
  ],
  rules: {
    computed: (_entry, context) => ({
      mode: modeOf(context),
      ...Object.fromEntries(FEATURES.map((name) => [name, String(isAllowed(name, context))])),
    }),
  },
};
