import { rowCommands, singleCommands, withScript } from '../configuration/commands.ts';
import type { Context, Menu, Property } from '../configuration/definition.ts';
import { RouterOsTrap } from '../trap.ts';
import { formatDuration } from '../values/duration.ts';
import { bool, identity, integer, name, setOf, text, time } from '../values/types.ts';
import { refuseForbidden } from './device-mode.ts';
import { comment, disabled, invalid } from './shared-properties.ts';
import { POLICIES } from './user.ts';

/** CHR and x86 have no routerboard (home-assistant/core#76782); the board name may say more than `CHR`. */
export const isSoftware = (board: string): boolean => /^(CHR|x86)\b/.test(board);

const shown = (...names: string[]): Property[] =>
  names.map((property) => ({ name: property, type: text, readOnly: true }));

/** `7.16.2 (stable)`, `7.24rc2 (testing)`, `7.23beta4 (development)`. */
function versionWithChannel(version: string): string {
  const channel = version.includes('rc') ? 'testing' : version.includes('beta') ? 'development' : 'stable';
  return `${version} (${channel})`;
}

export const identityMenu: Menu = {
  path: '/system/identity',
  kind: 'single',
  commands: singleCommands(true),
  properties: [{ name: 'name', type: identity, default: 'MikroTik' }],
};

export const resourceMenu: Menu = {
  path: '/system/resource',
  kind: 'single',
  commands: singleCommands(false),
  properties: [
    { name: 'uptime', type: time, readOnly: true },
    ...shown(
      'version',
      'build-time',
      'factory-software',
      'free-memory',
      'total-memory',
      'cpu',
      'cpu-count',
      'cpu-frequency',
      'cpu-load',
      'free-hdd-space',
      'total-hdd-space',
      'architecture-name',
      'board-name',
      'platform',
    ),
  ],
  rules: {
    computed: (_entry, context) => ({
      uptime: formatDuration(Math.floor((context.now - context.bootedAt) / 1000) * 1000),
      version: versionWithChannel(context.version.text),
      'build-time': '2025-01-01 00:00:00',
      'free-memory': '805306368',
      'total-memory': '1073741824',
      cpu: isSoftware(context.board) ? 'QEMU' : 'ARM64',
      'cpu-count': '4',
      'cpu-frequency': '864',
      'cpu-load': '1',
      'free-hdd-space': String(context.freeStorageBytes),
      'total-hdd-space': '134217728',
      'architecture-name': isSoftware(context.board) ? 'x86_64' : 'arm64',
      'board-name': context.board,
      platform: 'MikroTik',
      ...(isSoftware(context.board) ? {} : { 'factory-software': '7.5' }),
    }),
  },
};

export const routerboardMenu: Menu = {
  path: '/system/routerboard',
  kind: 'single',
  absentOn: isSoftware,
  commands: singleCommands(false),
  properties: shown(
    'routerboard',
    'board-name',
    'model',
    'serial-number',
    'firmware-type',
    'current-firmware',
    'upgrade-firmware',
  ),
  rules: {
    computed: (_entry, context) => ({
      routerboard: 'true',
      'board-name': context.board,
      model: context.board,
      'serial-number': context.serialNumber,
      'firmware-type': 'ipq6000',
      'current-firmware': context.version.text,
      'upgrade-firmware': context.version.text,
    }),
  },
};

export const licenseMenu: Menu = {
  path: '/system/license',
  kind: 'single',
  commands: singleCommands(false),
  properties: shown('software-id', 'nlevel', 'features', 'system-id', 'level'),
  rules: {
    computed: (_entry, context) =>
      isSoftware(context.board)
        ? { 'system-id': 'simulated', level: 'free' }
        : { 'software-id': 'SIMU-LATD', nlevel: '4', features: '' },
  },
};

const twoDigits = (value: number): string => String(value).padStart(2, '0');

/** 7.10 turned `jan/02/2023` into `2023-01-02` (openhab-addons#15362). */
export function timeOf({ now, version }: Context): { date: string; time: string } {
  const at = new Date(now);
  const month = at.toLocaleString('en-US', { month: 'short', timeZone: 'UTC' }).toLowerCase();
  const old = `${month}/${twoDigits(at.getUTCDate())}/${at.getUTCFullYear()}`;
  const [, minor] = version.order;
  return { time: at.toISOString().slice(11, 19), date: minor < 10 ? old : at.toISOString().slice(0, 10) };
}

export const clockMenu: Menu = {
  path: '/system/clock',
  kind: 'single',
  commands: singleCommands(true),
  properties: [
    { name: 'time', type: text, readOnly: true },
    { name: 'date', type: text, readOnly: true },
    { name: 'time-zone-autodetect', type: bool, default: 'true' },
    { name: 'time-zone-name', type: text, default: 'manual' },
    { name: 'gmt-offset', type: text, readOnly: true, default: '+00:00' },
  ],
  rules: {
    computed: (_entry, context) => timeOf(context),
  },
};

export const packageMenu: Menu = {
  path: '/system/package',
  kind: 'rows',
  dynamicFlag: 'none',
  commands: rowCommands(),
  properties: [...shown('name', 'version', 'scheduled'), disabled],
};

/** MACHINE runs those that start with the router; others are kept, not run. */
export const schedulerMenu: Menu = {
  path: '/system/scheduler',
  kind: 'rows',
  dynamicFlag: 'none',
  named: true,
  commands: withScript(rowCommands('add', 'set', 'remove', 'enable', 'disable', 'comment'), 'on-event'),
  properties: [
    { name: 'name', type: name, required: true },
    { name: 'start-date', type: text },
    { name: 'start-time', type: text },
    { name: 'interval', type: time, default: '0s' },
    { name: 'on-event', type: text, default: '' },
    {
      name: 'policy',
      type: setOf(POLICIES),
      default: 'ftp,reboot,read,write,policy,test,password,sniff,sensitive,romon',
    },
    { name: 'owner', type: text, readOnly: true, default: 'admin' },
    { name: 'run-count', type: integer(0, Number.MAX_SAFE_INTEGER), readOnly: true, default: '0' },
    disabled,
    comment,
  ],
  rules: {
    add: (values, context) => {
      refuseForbidden('scheduler', context);
      uniqueIn('/system/scheduler')(values, context);
    },
  },
};

export const scriptMenu: Menu = {
  path: '/system/script',
  kind: 'rows',
  dynamicFlag: 'none',
  named: true,
  commands: withScript(rowCommands('add', 'set', 'remove', 'comment'), 'source'),
  properties: [
    { name: 'name', type: name, required: true },
    { name: 'source', type: text, default: '' },
    { name: 'owner', type: text, default: 'admin' },
    {
      name: 'policy',
      type: setOf(POLICIES),
      default: 'ftp,reboot,read,write,policy,test,password,sniff,sensitive,romon',
    },
    { name: 'dont-require-permissions', type: bool, default: 'false' },
    { name: 'run-count', type: integer(0, Number.MAX_SAFE_INTEGER), readOnly: true, default: '0' },
    invalid,
    comment,
  ],
  rules: { add: uniqueIn('/system/script') },
};

function uniqueIn(store: string) {
  return (values: Record<string, string>, context: Context): void => {
    if (context.configuration.entries(store).some((entry) => entry.values.name === values.name)) {
      throw new RouterOsTrap('failure: item with this name already exists', 4);
    }
  };
}

export const systemMenu: Menu = {
  path: '/system',
  kind: 'directory',
  properties: [],
  commands: {
    reboot: {
      arguments: [],
      policy: 'reboot',
      run: ({ context }) => {
        context.configuration.tell({ kind: 'reboot', menu: '/system' });
        return {};
      },
    },
    shutdown: {
      arguments: [],
      policy: 'reboot',
      run: ({ context }) => {
        context.configuration.tell({ kind: 'shutdown', menu: '/system' });
        return {};
      },
    },
  },
};
