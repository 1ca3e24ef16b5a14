import type { Found } from './history.ts';
import { PROFILES } from './profiles.ts';
import { ROUTERS } from './routers.ts';
import { TUNNELS } from './tunnels.ts';

/** Histories that broke an invariant once, by what the bug was about. */
export const FOUND: readonly Found[] = [...TUNNELS, ...ROUTERS, ...PROFILES];
