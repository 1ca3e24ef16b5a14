import type { Context, Property, Values } from '../configuration/definition.ts';
import type { Entry } from '../configuration/store.ts';
import { RouterOsTrap } from '../trap.ts';
import { bool } from '../values/types.ts';

/** Marks rows that are there from the factory: they can be changed, and not removed. */
export const isBuiltin: Property = { name: 'default', type: bool, readOnly: true };

/** @throws {RouterOsTrap} The text differs from menu to menu and is unsure. */
export function refuseBuiltin(entry: Entry): void {
  if (entry.values.default === 'true') throw new RouterOsTrap('failure: can not remove default', 4);
}

/** Names are unique in their menu; the text differs from menu to menu and is unsure. @throws {RouterOsTrap} */
export function refuseSameName(store: string, what: string) {
  return (values: Values, context: Context, own?: Entry): void => {
    const taken = context.configuration
      .entries(store)
      .some((entry) => entry !== own && entry.values.name === values.name);
    if (taken) throw new RouterOsTrap(`failure: already have ${what} with such name`, 4);
  };
}

/** The first free `dhcp1`, `queue1`, … in a menu. */
export function freeNameIn(store: string, stem: string, context: Context): string {
  const taken = new Set(context.configuration.entries(store).map((entry) => entry.values.name));
  for (let count = 1; ; count++) if (!taken.has(`${stem}${count}`)) return `${stem}${count}`;
}
