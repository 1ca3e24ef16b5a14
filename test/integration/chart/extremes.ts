import { LEAST, merged, nested, type Plain } from './chart.ts';
import { EFFECTS } from './effects.ts';

const SWITCHES = Object.entries(EFFECTS).filter(([, { set }]) => typeof set === 'boolean');

/** Every value other than its default, and everything that can be switched on. */
export const EVERYTHING: Plain = [
  ...Object.entries(EFFECTS).map(([path, { set }]) => nested(path, set)),
  ...SWITCHES.map(([path]) => nested(path, true)),
].reduce(merged, LEAST);

/** Everything off that can be switched off, and no names, selectors or lists. */
export const NOTHING: Plain = [
  ...SWITCHES.map(([path]) => nested(path, false)),
  nested('controller.priorityClassName', ''),
  nested('gateway.priorityClassName', ''),
  nested('controller.replicas', 1),
].reduce(merged, {});

/** Of which each is tried where any values must do. */
export const SETTINGS: readonly [what: string, values: Plain][] = [
  ['default values', LEAST],
  ['everything set', EVERYTHING],
  ['everything off', NOTHING],
];
