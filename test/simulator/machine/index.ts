export type { RouterClock } from './linux/wireguard.ts';
export { SimulatedRouter } from './router.ts';
export type { Misbehaviour, PingResult, SimulatedRouterOptions } from './types.ts';
