import type { Condition, Router } from '../api/index.ts';
import { findCondition } from '../kube/index.ts';
import type { SubnetGrant } from './router-subnets.ts';

type Saying = Omit<Condition, 'lastTransitionTime'>;

/** Refused networks that the sentence names; of more it says how many. */
const NAMED = 3;

/** What is said of the networks behind a router; nothing where its manifest names none. */
export function routedCondition(
  router: Router,
  address: string,
  { granted, refused }: SubnetGrant,
): Saying | undefined {
  if (granted.length + refused.length === 0) return undefined;
  if (refused.length > 0) {
    const named = refused.slice(0, NAMED).map(({ subnet, why }) => `${subnet} ${why}`);
    const more = refused.length > NAMED ? `, and ${refused.length - NAMED} more` : '';
    const rest = granted.length === 0 ? '' : ` Routed: ${granted.join(', ')}.`;
    const what = refused.length === 1 ? 'another network' : 'other networks';
    return {
      type: 'Routed',
      status: 'False',
      reason: 'SubnetOverlap',
      message: `Not routed: ${named.join('; ')}${more}. Write ${what} in spec.subnets, or take it from the one that has it.${rest}`,
    };
  }
  if (router.spec.suspended) {
    const message = `${granted.join(', ')}: kept for the router while spec.suspended cuts it off.`;
    return { type: 'Routed', status: 'False', reason: 'Suspended', message };
  }
  return {
    type: 'Routed',
    status: 'True',
    reason: 'Routed',
    message: `Through ${address}: ${granted.join(', ')}.`,
  };
}

/** What was said before, where nothing is decided anew. */
export function routedBefore({ status }: Router): Saying | undefined {
  const before = findCondition(status?.conditions, 'Routed');
  return before && { ...before };
}
