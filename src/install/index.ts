/** What is done around the operator's life in a cluster: kinds brought in, its health asked for, nodes cleaned. */
export { applyCrds } from './apply-crds.ts';
export { check } from './check.ts';
export { type CleanupOptions, cleanup } from './cleanup.ts';
export { MINIMUM_KUBERNETES, obstacle, Prerequisites } from './prerequisites.ts';
