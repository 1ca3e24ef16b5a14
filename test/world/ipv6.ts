import { Chance } from './chance.ts';
import type { Deed, History, Step } from './steps.ts';

/** Some of them lie in each other. */
const POOLS = ['fd12:3456:789a::/48', 'fd99:1:1::/48', 'fd12:3456::/32', 'fd12:3456:789a::/47'];

/** A history whose classes name pools for IPv6, and name others, or none, at any time. */
export function withIpv6({ steps, ...rest }: History): History {
  const next = new Chance(rest.seed).sequence('ipv6');
  const ipv6 = (): object =>
    next() < 0.25 ? {} : { ipv6: { pool: POOLS[Math.floor(next() * POOLS.length)] as string } };
  let standard: (Deed & { do: 'apply' }) | undefined;
  const again = (): Step[] => {
    if (standard === undefined || next() > 0.1) return [];
    const { ipv6: _, ...spec } = standard.spec as { ipv6?: object };
    return [{ after: Math.round(next() * 800), ...standard, spec: { ...spec, ...ipv6() } }];
  };
  const changed = steps.flatMap((step): Step[] => {
    if (step.do !== 'apply' || step.kind !== 'tunnelclasses') return [step, ...again()];
    const { after, ...deed } = { ...step, spec: { ...step.spec, ...ipv6() } };
    if (step.key === 'standard') standard = deed;
    return [{ after, ...deed }, ...again()];
  });
  return { ...rest, steps: changed };
}
