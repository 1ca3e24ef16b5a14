import type { EndpointSlice, Service } from '../../kube/index.ts';

/** Whether an object does not say all that is desired of it. What others have added to it, as a cloud does, is theirs. */
export const differs = <T extends Service | EndpointSlice>(current: T, desired: T): boolean =>
  !says(current, desired);

function says(current: unknown, desired: unknown): boolean {
  if (typeof desired !== 'object' || desired === null) return current === desired;
  if (typeof current !== 'object' || current === null) return false;
  if (Array.isArray(desired)) {
    return (
      Array.isArray(current) &&
      current.length === desired.length &&
      desired.every((item, position) => says(current[position], item))
    );
  }
  return Object.entries(desired).every(([name, value]) =>
    says((current as Record<string, unknown>)[name], value),
  );
}
