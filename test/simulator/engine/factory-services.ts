import type { Values } from './configuration/definition.ts';
import type { Configuration } from './configuration/store.ts';
import { HOTSPOT_PROFILES, HOTSPOT_USER_PROFILES, HOTSPOT_USERS } from './menus/hotspot.ts';
import { ACTIONS, LOGGING } from './menus/logging.ts';
import { PPP_PROFILES } from './menus/ppp.ts';
import { COMMUNITIES } from './menus/snmp.ts';

/** Rows that every router has, whatever its configuration: they can be changed, and not removed. */
const BUILTIN: readonly (readonly [string, Values])[] = [
  [ACTIONS, { name: 'memory', target: 'memory' }],
  [ACTIONS, { name: 'disk', target: 'disk' }],
  [ACTIONS, { name: 'echo', target: 'echo' }],
  [ACTIONS, { name: 'remote', target: 'remote' }],
  [LOGGING, { topics: 'info', action: 'memory' }],
  [LOGGING, { topics: 'error', action: 'memory' }],
  [LOGGING, { topics: 'warning', action: 'memory' }],
  [LOGGING, { topics: 'critical', action: 'echo' }],
  [PPP_PROFILES, { name: 'default', 'use-encryption': 'default', 'change-tcp-mss': 'yes' }],
  [PPP_PROFILES, { name: 'default-encryption', 'use-encryption': 'yes', 'change-tcp-mss': 'yes' }],
  [HOTSPOT_PROFILES, { name: 'default' }],
  [HOTSPOT_USER_PROFILES, { name: 'default' }],
  [HOTSPOT_USERS, { name: 'default-trial' }],
  [COMMUNITIES, { name: 'public' }],
];

export function addBuiltinRows(configuration: Configuration): void {
  for (const [store, values] of BUILTIN) configuration.insert(store, { ...values, default: 'true' });
}
