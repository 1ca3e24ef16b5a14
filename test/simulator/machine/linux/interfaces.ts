import { createHash } from 'node:crypto';
import type { Row } from '../../engine/index.ts';

/** Reads a menu; an empty list where this version has no such menu. */
export type ReadRows = (menu: string) => readonly Row[];

/** RouterOS's name of an interface → its name in Linux. */
export type LinuxName = (routerOsName: string) => string;

const SAFE = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$/;

export function isOn(row: Row): boolean {
  return row.disabled !== 'true' && row.disabled !== 'yes';
}

export function isDynamic(row: Row): boolean {
  return row.dynamic === 'true';
}

/**
 * The Linux name of an interface that is not WireGuard: the same where Linux allows it, else one made from a hash.
 * RouterOS's names may hold any text.
 */
export function plainName(routerOsName: string): string {
  if (SAFE.test(routerOsName)) return routerOsName;
  return `x${createHash('sha256').update(routerOsName).digest('hex').slice(0, 12)}`;
}

/** The port's name on the case, which stays when somebody renames the interface: `ether1` is the uplink. */
export function portName(routerOsName: string, rows: ReadRows): string {
  const port = rows('/interface/ethernet').find((row) => row.name === routerOsName);
  return port?.['default-name'] ?? routerOsName;
}

/** The interfaces that a list of /interface/list holds now, by RouterOS's names; includes and excludes resolved. */
export function listMembers(list: string, rows: ReadRows): Set<string> {
  return resolveList(list, rows, new Set());
}

function resolveList(list: string, rows: ReadRows, seen: Set<string>): Set<string> {
  if (seen.has(list) || list === 'none' || list === '') return new Set();
  seen.add(list);
  if (list === 'all') return names(rows, () => true);
  if (list === 'dynamic') return names(rows, isDynamic);
  if (list === 'static') return names(rows, (row) => !isDynamic(row));
  const definition = rows('/interface/list').find((row) => row.name === list);
  const members = new Set<string>();
  for (const part of commaList(definition?.include)) {
    for (const name of resolveList(part, rows, seen)) members.add(name);
  }
  for (const part of commaList(definition?.exclude)) {
    for (const name of resolveList(part, rows, seen)) members.delete(name);
  }
  for (const row of rows('/interface/list/member')) {
    if (row.list === list && isOn(row) && row.interface !== undefined) members.add(row.interface);
  }
  return members;
}

function names(rows: ReadRows, keep: (row: Row) => boolean): Set<string> {
  return new Set(
    rows('/interface')
      .filter(keep)
      .map((row) => row.name ?? ''),
  );
}

export function commaList(value: string | undefined): string[] {
  return (value ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
