/** Reasons of conditions, Events and rows: all that the code may give, each explained. */
export { CONDITION_TYPES, type ConditionReasonDocument, type ConditionType } from './condition-types.ts';
export { CONDITION_REASONS, type ConditionReason } from './conditions.ts';
export type { EventReasonDocument, ReasonDocument } from './documents.ts';
export { EVENT_REASONS, type EventReason } from './events.ts';
export { ROW_REASONS, type RowReason } from './rows.ts';
