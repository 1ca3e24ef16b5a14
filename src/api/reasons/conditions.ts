/**
 * Every reason that a condition of ours may carry, with what it means and what a person does about it. The code takes reasons
 * from here (the type {@link ConditionReason} keeps it to that), and docs/conditions.md is written from here.
 */
import { ALLOCATION_REASONS } from './allocation.ts';
import { ENDPOINT_REASONS } from './endpoint.ts';
import { GATEWAY_REASONS } from './gateway.ts';
import { POOLS_REASONS } from './pools.ts';
import { PROFILE_REASONS } from './profile.ts';
import { ROUTER_REASONS } from './router.ts';
import { SERVICES_REASONS } from './services.ts';

export const CONDITION_REASONS = {
  ...ALLOCATION_REASONS,
  ...POOLS_REASONS,
  ...ROUTER_REASONS,
  ...GATEWAY_REASONS,
  ...SERVICES_REASONS,
  ...ENDPOINT_REASONS,
  ...PROFILE_REASONS,
} as const;

export type ConditionReason = keyof typeof CONDITION_REASONS;
