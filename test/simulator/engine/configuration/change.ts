import { RouterOsTrap } from '../trap.ts';
import { inSpan } from '../version.ts';
import type { Context, Menu, Property, Values } from './definition.ts';
import { storeOf, writable } from './read.ts';
import { placeBefore, selectEntries } from './select.ts';
import type { Entry } from './store.ts';

function checkReference(property: Property, value: string, context: Context): string {
  const not = property.negatable && value.startsWith('!') ? '!' : '';
  const bare = value.slice(not.length);
  if (property.words?.includes(bare)) return value;
  const rows = context.configuration.entries(property.reference ?? '');
  const found = rows.find((entry) => entry.id === bare || entry.values.name === bare);
  if (!found) throw new RouterOsTrap(`input does not match any value of ${property.name}`, 1);
  return not + (found.values.name ?? '');
}

/** Canonical values of what was written; an empty string means: unset. `!name` unsets too. */
function normalise(menu: Menu, given: Values, context: Context, command: 'add' | 'set'): Values {
  const known = writable(menu, context, command);
  const values: Values = {};
  for (const [word, text] of Object.entries(given)) {
    const unset = word.startsWith('!');
    const property = known.find((candidate) => candidate.name === (unset ? word.slice(1) : word));
    if (!property) throw new RouterOsTrap(`unknown parameter ${word}`, 0);
    const alias = property.writesTo;
    const target = alias && inSpan(context.version, { since: alias.since }) ? alias.property : property.name;
    const clears = unset || (text === '' && property.default === undefined && !property.required);
    if (clears) values[target] = '';
    else {
      const value = property.type.normalise(text, property.name);
      values[target] = property.reference && value !== '' ? checkReference(property, value, context) : value;
    }
  }
  return values;
}

const settled = (values: Values): Values =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''));

/** @throws {RouterOsTrap} Returns the new row's `.id`. */
export function addRow(menu: Menu, given: Values, context: Context): string {
  const { 'place-before': place, 'copy-from': original, ...written } = given;
  const from = original === undefined ? undefined : selectEntries(menu, original, context)[0];
  const values = { ...from?.values, ...normalise(menu, written, context, 'add') };
  for (const property of writable(menu, context, 'add')) {
    if (property.required && !values[property.name]) {
      throw new RouterOsTrap(`missing value(s) of argument(s) ${property.name}`, 1);
    }
  }
  const before = place === undefined ? undefined : placeBefore(menu, place, context);
  if (menu.filter) values[menu.filter.property] = menu.filter.value;
  menu.rules?.add?.(values, context);
  const entry = context.configuration.insert(storeOf(menu), settled(values), before ? { before } : {});
  menu.rules?.changed?.(context);
  return entry.id;
}

function refuseDynamic(menu: Menu, entry: Entry, what: 'change' | 'remove' | 'move'): void {
  if (!entry.dynamic) return;
  const text = menu.path === '/ip/service' ? 'this is configured elsewhere' : `cannot ${what} builtin`;
  throw new RouterOsTrap(`failure: ${text}`, 4);
}

/** Names that other rows hold follow a rename, since RouterOS refers by item (manual, "Interface"). */
function rename(store: string, from: string, to: string, menus: readonly Menu[], context: Context): void {
  for (const menu of menus) {
    for (const property of menu.properties.filter((candidate) => candidate.reference === store)) {
      for (const entry of context.configuration.entries(storeOf(menu))) {
        const value = entry.values[property.name];
        if (value === from || value === `!${from}`)
          entry.values[property.name] = value.replace(from, () => to);
      }
    }
  }
}

/** Sets each of `entries`, one after the other: what came before a refusal stays, as on a router. */
export function setRows(
  menu: Menu,
  entries: readonly Entry[],
  given: Values,
  context: Context,
  menus: readonly Menu[],
): void {
  const changes = normalise(menu, given, context, 'set');
  for (const entry of entries) {
    refuseDynamic(menu, entry, 'change');
    const own = { ...changes };
    menu.rules?.set?.(entry, own, context);
    const name = entry.values.name;
    let differs = false;
    for (const [property, value] of Object.entries(own)) {
      if ((entry.values[property] ?? '') === value) continue;
      differs = true;
      if (value === '') delete entry.values[property];
      else entry.values[property] = value;
    }
    const renamed = entry.values.name;
    if (menu.kind === 'rows' && name !== undefined && renamed !== undefined && name !== renamed) {
      rename(storeOf(menu), name, renamed, menus, context);
    }
    if (differs) context.configuration.changed(storeOf(menu), entry);
  }
  menu.rules?.changed?.(context);
}

export function removeRows(
  menu: Menu,
  entries: readonly Entry[],
  context: Context,
  menus: readonly Menu[],
): void {
  for (const entry of entries) {
    refuseDynamic(menu, entry, 'remove');
    menu.rules?.remove?.(entry, context);
    const name = entry.values.name;
    context.configuration.remove(storeOf(menu), entry);
    if (name !== undefined) rename(storeOf(menu), name, entry.id, menus, context);
  }
  menu.rules?.changed?.(context);
}

export function moveRows(menu: Menu, given: Values, context: Context): void {
  const entries = selectEntries(menu, given.numbers ?? '', context);
  for (const entry of entries) refuseDynamic(menu, entry, 'move');
  const place = given.destination;
  const before = place === undefined || place === '' ? undefined : placeBefore(menu, place, context);
  for (const entry of entries) context.configuration.move(storeOf(menu), entry, before);
  menu.rules?.changed?.(context);
}
