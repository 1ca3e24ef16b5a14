import { rowCommands } from '../configuration/commands.ts';
import type { Context, Menu, Values } from '../configuration/definition.ts';
import { RouterOsTrap } from '../trap.ts';
import { parsePrefix } from '../values/address.ts';
import { pairOf, prefixesOrNames, priorities, rates, ratios, times } from '../values/limits.ts';
import { integer, name, oneOf, text } from '../values/types.ts';
import { freeNameIn, refuseSameName } from './builtin-rows.ts';
import { INTERFACES } from './interface.ts';
import { comment, disabled, invalid } from './shared-properties.ts';

const QUEUES = '/queue/simple';
const unique = refuseSameName(QUEUES, 'queue');

/** Kinds that are there from the factory (`/queue/type`, which is not simulated). */
const KINDS = [
  'default',
  'ethernet-default',
  'wireless-default',
  'synchronous-default',
  'hotspot-default',
  'pcq-upload-default',
  'pcq-download-default',
  'only-hardware-queue',
  'multi-queue-ethernet-default',
  'default-small',
];

/** @throws {RouterOsTrap} for a target that is neither an address nor an interface. */
function refuseUnknownTarget(values: Values, context: Context): void {
  const interfaces = new Set(context.configuration.entries(INTERFACES).map((entry) => entry.values.name));
  for (const property of ['target', 'dst']) {
    for (const part of (values[property] ?? '').split(',')) {
      if (part !== '' && parsePrefix(part) === undefined && !interfaces.has(part)) {
        throw new RouterOsTrap(`input does not match any value of ${property}`, 1);
      }
    }
  }
}

/** The first row that matches has the packet: order means something. */
export const simpleQueueMenu: Menu = {
  path: QUEUES,
  kind: 'rows',
  named: true,
  ordered: true,
  commands: rowCommands('add-ordered', 'set', 'remove', 'enable', 'disable', 'comment', 'move', 'unset'),
  properties: [
    { name: 'name', type: name },
    { name: 'target', type: prefixesOrNames, required: true },
    { name: 'dst', type: prefixesOrNames },
    { name: 'parent', type: name, default: 'none', reference: QUEUES, words: ['none'] },
    { name: 'packet-marks', type: text, default: '' },
    { name: 'priority', type: priorities, default: '8/8' },
    { name: 'queue', type: pairOf(oneOf(...KINDS)), default: 'default-small/default-small' },
    { name: 'limit-at', type: rates, default: '0/0' },
    { name: 'max-limit', type: rates, default: '0/0' },
    { name: 'burst-limit', type: rates, default: '0/0' },
    { name: 'burst-threshold', type: rates, default: '0/0' },
    { name: 'burst-time', type: times, default: '0s/0s' },
    { name: 'bucket-size', type: ratios, default: '0.1/0.1' },
    { name: 'time', type: text },
    { name: 'bytes', type: text, readOnly: true, default: '0/0' },
    { name: 'total-bytes', type: integer(0, Number.MAX_SAFE_INTEGER), readOnly: true, default: '0' },
    disabled,
    invalid,
    comment,
  ],
  rules: {
    add: (values, context) => {
      values.name ||= freeNameIn(QUEUES, 'queue', context);
      unique(values, context);
      refuseUnknownTarget(values, context);
    },
    set: (entry, changes, context) => {
      unique({ ...entry.values, ...changes }, context, entry);
      refuseUnknownTarget(changes, context);
    },
  },
};
