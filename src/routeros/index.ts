/** All that is RouterOS: the script for its terminal, its API, and what a router says of itself. */

export {
  type ApiLimits,
  type ApiOptions,
  type CommandOptions,
  DEFAULT_API_LIMITS,
  RouterOsApi,
} from './api/client.ts';
export type { ApiCommand } from './api/encoder.ts';
export type { ListenOptions } from './api/listening.ts';
export type { ApiReply } from './api/pending.ts';
export type { ApiRow } from './api/reply.ts';
export {
  type Endpoint,
  isSameEndpoint,
  type MoveInput,
  type MoveOutcome,
  moveEndpoint,
  readPeer,
} from './endpoint/index.ts';
export { RouterOsError, type RouterOsErrorCode } from './errors.ts';
export { askExport, exportBytes, type RouterExport } from './export/index.ts';
export {
  type FactsOptions,
  needStorage,
  type RouterFacts,
  readFacts,
  readSerialNumber,
  setIdentity,
} from './facts.ts';
export {
  IS_NOTE,
  type ProblemReason,
  type ProfileResult,
  type ProfileRun,
  type ProfileTask,
  problemsBeforehand,
  type RowProblem,
  runProfiles,
  type Subject,
} from './profile/index.ts';
export { type KeyRows, makeKey, readKeys, removeKeys, type UseKeyInput, useKey } from './rotation/key.ts';
export { setPassword } from './rotation/password.ts';
export type { ScriptInput } from './script/input.ts';
export { quote } from './script/quote.ts';
export { readSecrets, type ScriptSecrets } from './script/read.ts';
export { renderScript } from './script/render.ts';
export {
  type Change,
  commandOf,
  isRisky,
  isRiskyMenu,
  type Leftovers,
  ROUTER_ACTS_WITHIN_MS,
  type Settled,
  settleUndo,
  type UndoInput,
  type UndoLimits,
  type UndoOutcome,
  underUndo,
} from './undo/index.ts';
export {
  Answers,
  type Knowledge,
  type Known,
  knowledgeOf,
  type LearnOptions,
  learn,
} from './version/index.ts';
