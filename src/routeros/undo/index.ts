/** Changes that can cut us off from a router are made under an undo, which works when we are gone. */

export { type Change, commandOf, type Values } from './change.ts';
export {
  ROUTER_ACTS_WITHIN_MS,
  type UndoInput,
  type UndoLimits,
  type UndoOutcome,
} from './outcome.ts';
export { isRisky, isRiskyMenu } from './risk.ts';
export { type Leftovers, type Settled, settleUndo } from './settle.ts';
export { underUndo } from './under-undo.ts';
export { UNDO } from './watch.ts';
