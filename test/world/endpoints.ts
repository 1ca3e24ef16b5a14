import { Chance } from './chance.ts';
import type { Deed, History, Step } from './steps.ts';

const HOSTS = ['vpn.example.com', 'other.example.com'];
const NAMES = [0, 1, 2].flatMap((index) => [
  ['services', `tunnel-${index}-dns`],
  ['services', `tunnel-${index}-lb`],
  ['endpointslices', `tunnel-${index}-lb-ipv4`],
]) as ['services' | 'endpointslices', string][];

/** A history whose classes have endpoint modes, which change, and in which people lay hands on what those make. */
export function withEndpoints({ steps, ...rest }: History): History {
  const next = new Chance(rest.seed).sequence('endpoints');
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T;
  const endpoint = (): object => {
    const host = pick(HOSTS);
    return pick([
      { mode: 'Node', host },
      { mode: 'Node', host },
      { mode: 'LoadBalancer', host },
      { mode: 'LoadBalancer' },
      { mode: 'Static', host },
    ]);
  };
  const isOften = next() < 0.5;
  const hands = (): Step[] => {
    if (next() > (isOften ? 0.3 : 0.05)) return [];
    const [plural, name] = pick(NAMES);
    const deed: Deed =
      next() < 0.3 && standard !== undefined
        ? { ...standard, spec: { ...standard.spec, endpoint: endpoint() } }
        : { do: pick(['remove', 'unlabel'] as const), plural, key: `gateways/${name}` };
    return [{ after: Math.round(next() * 800), ...deed }];
  };
  let standard: (Deed & { do: 'apply' }) | undefined;
  const changed = steps.flatMap((step): Step[] => {
    if (step.do !== 'apply' || step.kind !== 'tunnelclasses') return [step, ...hands()];
    const { after, ...deed } = { ...step, spec: { ...step.spec, endpoint: endpoint() } };
    if (step.key === 'standard') standard = deed;
    return [{ after, ...deed }, ...hands()];
  });
  return { ...rest, steps: changed };
}
