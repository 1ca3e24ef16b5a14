import type { Condition } from '../../kube/index.ts';
import type { Problem } from '../problem.ts';

/** What condition ServicesReady says. */
export type Verdict = Pick<Condition, 'status' | 'reason' | 'message'>;

export interface ServiceProblemOf {
  /** As spec.services calls it. */
  name: string;
  problem: Problem;
}

const MOST_NAMED = 5;
const MOST_CHARACTERS = 1024;

/** null where the tunnel names none. */
export function verdictOn(names: readonly string[], problems: readonly ServiceProblemOf[]): Verdict | null {
  if (names.length === 0) return null;
  const [first] = problems;
  if (first === undefined) {
    return { status: 'True', reason: 'ServicesReady', message: cut(`Routers reach ${names.join(', ')}.`) };
  }
  const said = problems.slice(0, MOST_NAMED).map(({ name, problem }) => `${name}: ${problem.message}`);
  const more = problems.length - said.length;
  if (more > 0) said.push(`And ${more} more.`);
  return { status: 'False', reason: first.problem.reason, message: cut(said.join(' ')) };
}

const cut = (text: string): string =>
  text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS - 1)}…`;
