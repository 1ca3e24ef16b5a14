import { rowCommands, singleCommands } from '../configuration/commands.ts';
import type { Context, Menu, Values } from '../configuration/definition.ts';
import type { Entry } from '../configuration/store.ts';
import { RouterOsTrap } from '../trap.ts';
import { bool, integer, listOf, name, prefix, text, type ValueType } from '../values/types.ts';
import { comment, disabled } from './shared-properties.ts';

export const USERS = '/user';
export const GROUPS = '/user/group';

/** Every policy of 7.9–7.24, in the order groups read back; `dude` and `tikapp` are gone (manual, "User"). */
export const POLICIES = [
  'local',
  'telnet',
  'ssh',
  'ftp',
  'reboot',
  'read',
  'write',
  'policy',
  'test',
  'winbox',
  'password',
  'web',
  'sniff',
  'sensitive',
  'api',
  'romon',
  'rest-api',
] as const;

/** Reads back whole: what is granted, then what is not behind `!`. One unknown word refuses all. */
const policies: ValueType = {
  readAs: 'array',
  normalise(value, property) {
    const words = value === '' ? [] : value.split(',');
    const known: readonly string[] = POLICIES;
    if (words.some((word) => !known.includes(word.replace(/^!/, '')))) {
      throw new RouterOsTrap(`input does not match any value of ${property}`, 1);
    }
    const granted = known.filter((word) => words.includes(word) && !words.includes(`!${word}`));
    return [...granted, ...known.filter((word) => !granted.includes(word)).map((word) => `!${word}`)].join(
      ',',
    );
  },
};

/** Policies of a user's group. */
export function policiesOf(user: Entry, context: Pick<Context, 'configuration'>): Set<string> {
  const group = context.configuration
    .entries(GROUPS)
    .find((entry) => entry.values.name === user.values.group);
  return new Set(
    (group?.values.policy ?? '').split(',').filter((word) => word !== '' && !word.startsWith('!')),
  );
}

const isLastFull = (entry: Entry, context: Context): boolean =>
  entry.values.group === 'full' &&
  !context.configuration
    .entries(USERS)
    .some((other) => other !== entry && other.values.group === 'full' && other.values.disabled !== 'true');

function refuseBadUser(values: Values, context: Context, own?: Entry): void {
  const given = values.name ?? '';
  if (given.includes('*') || !/^[A-Za-z0-9](.*[A-Za-z0-9])?$/s.test(given)) {
    throw new RouterOsTrap('failure: invalid user name', 4);
  }
  if (context.configuration.entries(USERS).some((user) => user !== own && user.values.name === given)) {
    throw new RouterOsTrap('failure: user with the same name already exists', 4);
  }
  const least = Number(context.configuration.single('/user/settings').values['minimum-password-length'] ?? 0);
  if ((values.password ?? '').length < least) {
    throw new RouterOsTrap(`failure: password must be at least ${least} characters long`, 4);
  }
}

export const userMenu: Menu = {
  path: USERS,
  kind: 'rows',
  dynamicFlag: 'none',
  named: true,
  policy: 'policy',
  commands: rowCommands('add', 'set', 'remove', 'enable', 'disable', 'comment'),
  properties: [
    { name: 'name', type: name, required: true },
    { name: 'group', type: name, required: true, reference: GROUPS },
    { name: 'address', type: listOf(prefix), default: '' },
    { name: 'password', type: text, secret: 'hidden' },
    { name: 'inactivity-timeout', type: text, since: '7.16' },
    { name: 'inactivity-policy', type: text, since: '7.16' },
    { name: 'last-logged-in', type: text, readOnly: true },
    { name: 'expired', type: bool, readOnly: true, default: 'false' },
    disabled,
    comment,
  ],
  rules: {
    add: (values, context) => refuseBadUser(values, context),
    set: (entry, changes, context) => {
      // A user cannot disable itself: silently ignored (tikoci/routeros-skills, users-rest).
      if (entry.values.name === context.user && changes.disabled === 'true') delete changes.disabled;
      const loses = changes.disabled === 'true' || (changes.group ?? 'full') !== 'full';
      if (loses && isLastFull(entry, context)) {
        throw new RouterOsTrap('failure: last user with full access rights cannot be removed', 4);
      }
      refuseBadUser({ ...entry.values, ...changes }, context, entry);
    },
    remove: (entry, context) => {
      if (isLastFull(entry, context)) {
        throw new RouterOsTrap('failure: last user with full access rights cannot be removed', 4);
      }
    },
  },
};

const BUILTIN_GROUPS = ['full', 'read', 'write'];

export const groupMenu: Menu = {
  path: GROUPS,
  kind: 'rows',
  dynamicFlag: 'none',
  named: true,
  policy: 'policy',
  commands: rowCommands('add', 'set', 'remove', 'comment'),
  properties: [
    { name: 'name', type: name, required: true },
    { name: 'policy', type: policies, default: POLICIES.map((word) => `!${word}`).join(',') },
    { name: 'skin', type: text, default: 'default' },
    comment,
  ],
  rules: {
    add: (values, context) => {
      if (context.configuration.entries(GROUPS).some((group) => group.values.name === values.name)) {
        throw new RouterOsTrap('failure: group with the same name already exists', 4);
      }
    },
    remove: (entry, context) => {
      if (BUILTIN_GROUPS.includes(entry.values.name ?? '')) {
        throw new RouterOsTrap('failure: cannot remove builtin', 4);
      }
      const used = context.configuration
        .entries(USERS)
        .some((user) => user.values.group === entry.values.name);
      if (used) throw new RouterOsTrap('failure: group is used by users', 4);
    },
  },
};

export const userSettingsMenu: Menu = {
  path: '/user/settings',
  kind: 'single',
  policy: 'policy',
  commands: singleCommands(true),
  properties: [
    { name: 'minimum-password-length', type: integer(0, 4_294_967_295), default: '0' },
    { name: 'minimum-categories', type: integer(0, 4), default: '0' },
  ],
};

/** Read access to who is logged in; MACHINE fills it. */
export const activeUserMenu: Menu = {
  path: '/user/active',
  kind: 'rows',
  dynamicFlag: 'none',
  commands: rowCommands(),
  properties: ['when', 'name', 'address', 'via', 'group'].map((property) => ({
    name: property,
    type: text,
    readOnly: true,
  })),
};
