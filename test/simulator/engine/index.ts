export { RouterOs } from './router.ts';
export { RouterOsTrap, type TrapCategory } from './trap.ts';
export type * from './types.ts';
