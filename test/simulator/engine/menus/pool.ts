import { isIPv4 } from 'node:net';
import { rowCommands } from '../configuration/commands.ts';
import type { Context, Menu, Property } from '../configuration/definition.ts';
import { RouterOsTrap } from '../trap.ts';
import { poolRanges } from '../values/limits.ts';
import { name, text } from '../values/types.ts';
import { freeNameIn, refuseSameName } from './builtin-rows.ts';
import { comment } from './shared-properties.ts';

export const POOLS = '/ip/pool';

const unique = refuseSameName(POOLS, 'pool');

export const poolMenu: Menu = {
  path: POOLS,
  kind: 'rows',
  dynamicFlag: 'none',
  named: true,
  commands: rowCommands('add', 'set', 'remove', 'comment'),
  properties: [
    { name: 'name', type: name },
    { name: 'ranges', type: poolRanges, required: true },
    { name: 'next-pool', type: name, reference: POOLS, words: ['none'] },
    comment,
  ],
  rules: {
    add: (values, context) => {
      values.name ||= freeNameIn(POOLS, 'pool', context);
      unique(values, context);
    },
    set: (entry, changes, context) => unique({ ...entry.values, ...changes }, context, entry),
  },
};

/** An address or the name of a pool (`/ppp/profile`). */
export const addressOrPool = (property: string): Property => ({ name: property, type: text });

/** @throws {RouterOsTrap} when a value is neither an address nor a pool. */
export function refuseUnknownPool(value: string | undefined, property: string, context: Context): void {
  if (value === undefined || value === '' || isIPv4(value)) return;
  const pools = context.configuration.entries(POOLS);
  if (!pools.some((pool) => pool.values.name === value || pool.id === value)) {
    throw new RouterOsTrap(`input does not match any value of ${property}`, 1);
  }
}
