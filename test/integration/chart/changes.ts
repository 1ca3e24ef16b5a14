import { type KubeObject, type Plain, shortName } from './chart.ts';

/**
 * What differs between two renderings, a line each: `+ Job crds`, `- Job crds`,
 * `Deployment controller spec.replicas = 3`, `… spec.affinity gone`. Names without `tenant-tunnel-`.
 */
export function changes(before: readonly KubeObject[], after: readonly KubeObject[]): string[] {
  const [old, now] = [before, after].map((list) => new Map(list.map((one) => [shortName(one), one]))) as [
    Map<string, KubeObject>,
    Map<string, KubeObject>,
  ];
  const gone = [...old.keys()].filter((name) => !now.has(name)).map((name) => `- ${name}`);
  const lines = [...now].flatMap(([name, object]) => {
    const known = old.get(name);
    return known === undefined ? [`+ ${name}`] : fieldChanges(known, object).map((line) => `${name} ${line}`);
  });
  return [...gone, ...lines].sort();
}

function fieldChanges(before: KubeObject, after: KubeObject): string[] {
  const [old, now] = [leaves(before), leaves(after)];
  const gone = [...old.keys()].filter((path) => !now.has(path)).map((path) => `${path} gone`);
  const set = [...now].filter(([path, value]) => old.get(path) !== value);
  return [...gone, ...set.map(([path, value]) => `${path} = ${value}`)];
}

/** Path → value as JSON. An item of a list goes by its name, a flag by its own. */
function leaves(value: unknown, path = ''): Map<string, string> {
  if (value === null || typeof value !== 'object') return new Map([[path, JSON.stringify(value)]]);
  const entries: [string, unknown][] = Array.isArray(value)
    ? value.map((item, at) => listEntry(item, at, path))
    : Object.entries(value as Plain).map(([key, inner]) => [path === '' ? key : `${path}.${key}`, inner]);
  if (entries.length === 0) return new Map([[path, JSON.stringify(value)]]);
  return new Map(entries.flatMap(([at, inner]) => [...leaves(inner, at)]));
}

function listEntry(item: unknown, at: number, path: string): [string, unknown] {
  const flag = typeof item === 'string' ? /^(--[a-z-]+)=(.*)$/.exec(item) : null;
  if (flag !== null) return [`${path}[${flag[1]}]`, flag[2]];
  const name = (item as { name?: unknown } | null)?.name;
  return [`${path}[${typeof name === 'string' ? name : at}]`, item];
}
