/** What a plan is made with: what is known of a router, and what has been planned of it so far. */
import type { ApiRow } from '../api/reply.ts';
import type { Change } from '../undo/change.ts';
import type { Knowledge } from '../version/index.ts';
import { type Desired, type DesiredRow, oneLine } from './desired.ts';
import { type Inventory, type MadeRow, madeKey } from './inventory.ts';
import type { RowProblem } from './problem.ts';
import type { ActualMenu } from './read.ts';
import type { Ours } from './reserved.ts';

/** One change, whose it is and how people are told of it. */
export interface Step {
  change: Change;
  profile: string;
  label: string;
  /** What is done, a clause without secrets: `max-limit 1M/1M → 5M/20M`. */
  what: string;
  /** Properties that it sets of a declared row, which are looked at again afterwards. */
  sets?: { row: DesiredRow; properties: readonly string[] };
  /** What those properties read before. */
  seen?: ReadonlyMap<string, string | undefined>;
}

export interface PlanInput {
  desired: Desired;
  /** Rows that are left out, and yet not given up. */
  dropped: ReadonlySet<DesiredRow>;
  /** The same of rows that could not even be made out: `PATH/ID`. */
  kept: ReadonlySet<string>;
  menus: ReadonlyMap<string, ActualMenu>;
  inventory: Inventory;
  /** Profiles whose rows stay as they are. */
  held: ReadonlySet<string>;
  knowledge: Knowledge;
  ours: Ours;
  /** See {@link tagOf}. */
  key: string;
}

/** What is found out about one menu while it is planned. */
export interface MenuPlan {
  path: string;
  /** Those that are neither dynamic nor what connects us, in order. */
  rows: readonly ApiRow[];
  /** All, in order. */
  all: readonly ApiRow[];
  marks: ReadonlyMap<ApiRow, { profile: string; id: string }>;
  hasComments: boolean;
  claimed: Set<ApiRow>;
}

export interface Planner extends PlanInput {
  steps: Step[];
  problems: RowProblem[];
  made: { menus: Set<string>; rows: Map<string, MadeRow>; reads: Map<string, string> };
  menu(path: string): MenuPlan | undefined;
}

export function refuse(
  { problems }: Planner,
  { profile, label }: Pick<DesiredRow, 'profile' | 'label'>,
  reason: RowProblem['reason'],
  what: string,
): void {
  problems.push({ profile, row: label, reason, message: oneLine(`${label}: ${what}.`, 1024) });
}

export function keepMade({ made }: Planner, { path, id, profile, match }: DesiredRow, menu: MenuPlan): void {
  made.menus.add(path);
  if (menu.hasComments) return;
  if (match !== undefined) made.rows.set(madeKey(path, id), { path, id, profile, match });
}
