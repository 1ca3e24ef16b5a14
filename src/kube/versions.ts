/**
 * Orders two resourceVersions of one resource: since 1.35 they are integers that grow (KEP-5504), larger than a
 * double holds. undefined when one is not an integer, so that they can be told equal or different only.
 */
export function compareVersions(a: string, b: string): number | undefined {
  if (a === b) return 0;
  if (!/^\d+$/.test(a) || !/^\d+$/.test(b)) return undefined;
  const left = BigInt(a);
  const right = BigInt(b);
  return left < right ? -1 : left > right ? 1 : 0;
}
