import type { Service } from '../../kube/index.ts';

/** external-dns up to 0.21 and from 0.22 on: it reads the annotations of one prefix alone. */
const PREFIXES = ['external-dns.alpha.kubernetes.io/', 'external-dns.kubernetes.io/'] as const;
/** How long a resolver may keep the old address after a move, s. */
const TTL = '60';
/** Names that a record keeps; each change of the class's domain adds one. */
const MOST_NAMES = 8;
const NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$/;

/** What external-dns is to write: these names with these addresses, or with those of the Service's load balancer. */
export function recordAnnotations(
  names: readonly string[],
  targets: readonly string[] = [],
): Record<string, string> {
  return Object.fromEntries(
    PREFIXES.flatMap((prefix) => [
      [`${prefix}hostname`, names.slice(0, MOST_NAMES).join(',')],
      [`${prefix}ttl`, TTL],
      ...(targets.length === 0 ? [] : [[`${prefix}target`, targets.join(',')]]),
    ]),
  );
}

/** Whether these are for external-dns. */
export const asksForNames = (annotations: Readonly<Record<string, string>>): boolean =>
  PREFIXES.some((prefix) => annotations[`${prefix}hostname`] !== undefined);

/** The names that a Service asks for. */
export const namesOf = (service: Service | undefined): string[] =>
  listed(service, 'hostname').filter((name) => NAME.test(name));

/** The addresses that a Service asks for. */
export const targetsOf = (service: Service | undefined): string[] => listed(service, 'target');

function listed(service: Service | undefined, what: string): string[] {
  const text = service?.metadata.annotations?.[`${PREFIXES[0]}${what}`] ?? '';
  return text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
}
