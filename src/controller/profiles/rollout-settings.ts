import type { MaintenanceWindow, RolloutSpec, RouterProfile, TunnelClass } from '../../api/index.ts';
import { keyOfRef } from '../../api/index.ts';
import { defaultClass } from '../find-class.ts';

/** So many routers, one by one; or a share in permille. */
export type Amount = { routers: number } | { permille: number };

export interface Stage {
  /** As it was written. */
  text: string;
  amount: Amount;
}

/** How one profile is rolled out, after all defaults. */
export interface RolloutSettings {
  /** At least one; the last is of all routers. */
  stages: readonly Stage[];
  maxFailures: Amount;
  bakeMs: number;
  windows: readonly MaintenanceWindow[];
  paused: boolean;
}

export const DEFAULT_STAGES = ['1', '1%', '10%', '100%'];
export const DEFAULT_MAX_FAILURES = '10%';
export const DEFAULT_BAKE_SECONDS = 300;

const ALL = { permille: 1000 };

/** Each field is the profile's own, or else that of the class, or else the default. */
export function rolloutSettings(
  { spec: { rollout: own = {} } }: Pick<RouterProfile, 'spec'>,
  ofClass: RolloutSpec = {},
): RolloutSettings {
  const written = own.stages ?? ofClass.stages ?? DEFAULT_STAGES;
  const stages = written.map((text) => ({ text, amount: amountOf(text) }));
  const last = stages.at(-1)?.amount;
  const isWhole = last !== undefined && 'permille' in last && last.permille >= ALL.permille;
  return {
    stages: isWhole ? stages : [...stages, { text: '100%', amount: ALL }],
    maxFailures: amountOf(own.maxFailures ?? ofClass.maxFailures ?? DEFAULT_MAX_FAILURES),
    bakeMs: (own.bakeSeconds ?? ofClass.bakeSeconds ?? DEFAULT_BAKE_SECONDS) * 1000,
    windows: own.windows ?? ofClass.windows ?? [],
    paused: own.paused ?? ofClass.paused ?? false,
  };
}

/** The class whose settings hold where a profile is silent: the first by name of those that name it, or else the default one. */
export function classOfProfile(
  profile: RouterProfile,
  classes: readonly TunnelClass[],
): TunnelClass | undefined {
  const [name] = classesNaming(profile, classes);
  return classes.find(({ metadata }) => metadata.name === name) ?? defaultClass(classes);
}

/** Names of the classes that name a profile, sorted. */
export const classesNaming = (profile: RouterProfile, classes: readonly TunnelClass[]): string[] =>
  classes
    .filter(({ spec }) => spec.profiles?.some((ref) => keyOfRef(ref) === keyOfRef(profile.metadata)))
    .map(({ metadata }) => metadata.name)
    .sort();

/** How many of `total` an amount is, rounded down. */
export const countOf = (amount: Amount, total: number): number =>
  'routers' in amount ? amount.routers : Math.floor((total * amount.permille) / 1000);

function amountOf(text: string): Amount {
  return text.endsWith('%')
    ? { permille: Math.round(Number(text.slice(0, -1)) * 10) }
    : { routers: Number(text) };
}
