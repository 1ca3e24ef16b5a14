import { RouterOsTrap } from '../trap.ts';
import { atLeast } from '../version.ts';
import type { Context, Menu } from './definition.ts';
import { entriesOf } from './read.ts';
import type { Entry } from './store.ts';

const missing = (): never => {
  throw new RouterOsTrap('no such item', 0);
};

/**
 * The rows that `numbers` names: `.id`s and, where rows have names, names, joined by commas. Empty names none.
 * Row numbers are refused: they exist only after a `print` in the same session (manual, "Tips and Tricks").
 * A name means the static row of that name; 7.19.0 took the dynamic ones too (terraform-provider-routeros#769).
 * @throws {RouterOsTrap} `no such item`
 */
export function selectEntries(menu: Menu, numbers: string, context: Context): Entry[] {
  const entries = entriesOf(menu, context);
  const chosen: Entry[] = [];
  for (const word of numbers === '' ? [] : numbers.split(',')) {
    if (word.startsWith('*')) {
      chosen.push(entries.find((entry) => entry.id === word.toUpperCase()) ?? missing());
      continue;
    }
    if (!menu.named) missing();
    const byName = entries.filter((entry) => entry.values.name === word);
    const takesDynamic = atLeast(context.version, '7.19') && !atLeast(context.version, '7.19.1');
    const wanted = takesDynamic ? byName : byName.filter((entry) => !entry.dynamic);
    if (wanted.length === 0) missing();
    chosen.push(...wanted);
  }
  return chosen;
}

/**
 * The row before which to put another. A position counts dynamic rows too, which is why `destination=0` meets the
 * fasttrack row on a stock router: "failure: cannot move builtin" (seen on 7.24.2, public generators' comments).
 * @throws {RouterOsTrap}
 */
export function placeBefore(menu: Menu, place: string, context: Context): Entry {
  const entries = entriesOf(menu, context);
  const chosen = /^\d+$/.test(place) ? entries[Number(place)] : selectEntries(menu, place, context)[0];
  if (!chosen) return missing();
  if (chosen.dynamic) throw new RouterOsTrap('failure: cannot move builtin', 4);
  return chosen;
}
