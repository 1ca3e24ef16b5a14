/**
 * A strict RouterOS 7 without hardware: console language, menus by version, configuration, API semantics.
 *
 * It errs on the side of refusing: what it does not know it does not have. Not modelled: `/export`, safe mode of a
 * terminal, `:serialize`, `:import`, RouterOS's print columns.
 *
 * Unsure on real routers, and here the harsher guess: before 7.23 what a version lacks stops a whole text from loading,
 * unknown menus too; a wrong line drops the block typed so far, and the lines after it run by themselves; `?` acts
 * inside quotes; overlapping allowed addresses are refused; lists read as arrays of prefixes, empty ones as nothing.
 */
export { RouterOs } from './router.ts';
export { RouterOsTrap, type TrapCategory } from './trap.ts';
export type * from './types.ts';
