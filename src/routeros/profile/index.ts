/** The profile engine: what a router shall have, what it has, and the way between. Knows nothing of Kubernetes. */
export { problemsBeforehand } from './beforehand.ts';
export { MAX_ROWS } from './compile.ts';
export { IS_NOTE, type ProblemReason, type RowProblem } from './problem.ts';
export { type ProfileResult, type ProfileRun, type ProfileTask, runProfiles } from './run.ts';
export type { Subject } from './variables.ts';
