/** What a router cannot take, found before a byte of it is sent. Pure. */
import type { Knowledge } from '../version/index.ts';
import type { Desired, DesiredRow } from './desired.ts';
import type { RowProblem } from './problem.ts';

/** Menus that a feature of the device-mode is for (MikroTik manual, "Device-mode"). */
const FEATURES: Readonly<Record<string, readonly string[]>> = {
  bandwidth: ['/tool/bandwidth-server'],
  'bandwidth-test': ['/tool/bandwidth-server'],
  container: ['/container'],
  email: ['/tool/e-mail'],
  fetch: [],
  hotspot: ['/ip/hotspot'],
  ipsec: ['/ip/ipsec'],
  l2tp: ['/interface/l2tp-server', '/interface/l2tp-client'],
  pptp: ['/interface/pptp-server', '/interface/pptp-client'],
  proxy: ['/ip/proxy'],
  romon: ['/tool/romon'],
  scheduler: ['/system/scheduler'],
  smb: ['/ip/smb'],
  sniffer: ['/tool/sniffer'],
  socks: ['/ip/socks'],
  'traffic-gen': ['/tool/traffic-generator'],
  zerotier: ['/zerotier'],
};

/** What {@link learn} has to know of a menu before {@link check}. */
export const placesOf = (menus: Iterable<string>): string[] =>
  [...menus].flatMap((path) => [`${path}/set`, `${path}/add`]);

export interface Checked {
  problems: RowProblem[];
  /** Profiles of which nothing is done, as a whole. */
  refused: Set<string>;
  /** Rows that are left out. */
  dropped: Set<DesiredRow>;
}

export function check(
  desired: Desired,
  knowledge: Knowledge,
  forbidden: ReadonlySet<string>,
  version: string,
): Checked {
  const checked: Checked = { problems: [], refused: new Set(), dropped: new Set() };
  const listed = desired.lists.flatMap(({ rows }) => rows);
  for (const row of [...desired.rows, ...listed]) {
    const feature = row.absent ? undefined : featureOf(row.path, forbidden);
    const problem =
      feature === undefined
        ? unknownIn(row, knowledge, version)
        : {
            reason: 'DeviceMode' as const,
            message: `the device-mode of the router forbids ${feature}, so nothing of this profile is done; at the router run /system/device-mode/update ${feature}=yes and confirm it with its button or a power cycle`,
          };
    if (problem === undefined) continue;
    const { profile, label } = row;
    checked.problems.push({
      profile,
      row: label,
      reason: problem.reason,
      message: `${label}: ${problem.message}.`,
    });
    if (feature !== undefined) checked.refused.add(profile);
    else checked.dropped.add(row);
  }
  return checked;
}

function featureOf(path: string, forbidden: ReadonlySet<string>): string | undefined {
  return [...forbidden].find((feature) =>
    (Object.hasOwn(FEATURES, feature) ? FEATURES[feature] : [])?.some(
      (menu) => path === menu || path.startsWith(`${menu}/`),
    ),
  );
}

function unknownIn(
  { path, match, set, absent }: DesiredRow,
  knowledge: Knowledge,
  version: string,
): Pick<RowProblem, 'reason' | 'message'> | undefined {
  const lacks = (what: string, since: string | undefined): string =>
    `RouterOS ${version} of this router has no ${what}${since === undefined ? '' : ` (${since} has it)`}`;
  if (knowledge.has(path) === 'no') {
    const message = `${lacks(`menu ${path}`, knowledge.versionsWith(path))}; a package may be missing, or choose routers with spec.selector.versions`;
    return { reason: 'UnknownMenu', message };
  }
  if (absent) return undefined;
  for (const property of new Set([...Object.keys(match ?? {}), ...set.keys()])) {
    const name = knowledge.renamed(path, property);
    // A row may be told by what can only be read, as a service by its name.
    if (match !== undefined && Object.hasOwn(match, property) && !set.has(property)) continue;
    const known = (['set', 'add'] as const).map((command) => knowledge.has(path, command, name));
    if (known.some((one) => one !== 'no')) continue;
    const message = `${lacks(`property ${property} in ${path}`, knowledge.versionsWith(path, 'set', name))}; choose routers with spec.selector.versions`;
    return { reason: 'UnknownArgument', message };
  }
  return undefined;
}
