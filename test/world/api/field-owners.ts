/**
 * Server-side apply of a status (kubernetes-sigs/structured-merge-diff): each leaf belongs to the managers that said
 * it with this very value. A list of conditions is a map by type; every other list is one leaf.
 */
type Leaves = Map<string, unknown>;

/** Manager → paths of the leaves that it owns. */
export type Owners = ReadonlyMap<string, ReadonlySet<string>>;

export interface Owned {
  status: Record<string, unknown> | undefined;
  owners: Owners;
}

/** Between the names of a path; names of labels have dots. */
const STEP = '\n';

/** Stands for a condition itself, beside its leaves. */
const ITEM = Symbol('item');

/** What a forced apply makes of a status: taken over where it says something else, taken back where it is silent now. */
export function applied({ status, owners }: Owned, manager: string, said: object): Owned {
  const leaves = leavesOf(status ?? {});
  const wanted = leavesOf(said);
  const order = mergedOrder(itemsOf(leaves), itemsOf(wanted));
  const others = new Map([...owners].filter(([name]) => name !== manager));
  for (const [path, value] of wanted) {
    if (leaves.has(path) && isSame(leaves.get(path), value)) continue;
    leaves.set(path, value);
    takeFrom(others, path);
  }
  for (const path of owners.get(manager) ?? []) {
    if (!wanted.has(path) && ![...others.values()].some((paths) => paths.has(path))) leaves.delete(path);
  }
  return { status: built(leaves, order), owners: new Map(others).set(manager, new Set(wanted.keys())) };
}

/** Whether an apply without force is refused: somebody else has another value where it says one. */
export function disagrees({ status, owners }: Owned, manager: string, said: object): boolean {
  const leaves = leavesOf(status ?? {});
  const own = owners.get(manager);
  return [...leavesOf(said)].some(
    ([path, value]) => leaves.has(path) && !isSame(leaves.get(path), value) && !own?.has(path),
  );
}

/** What writing the whole status makes of it: leaves that are gone or changed belong to nobody who applies. */
export function replaced({ status, owners }: Owned, next: Record<string, unknown> | undefined): Owned {
  const before = leavesOf(status ?? {});
  const after = leavesOf(next ?? {});
  const left = new Map(owners);
  for (const [path, value] of before) {
    if (!after.has(path) || !isSame(after.get(path), value)) takeFrom(left, path);
  }
  return { status: next, owners: left };
}

export function sameOwners(a: Owners, b: Owners): boolean {
  const isIn = (one: Owners, other: Owners) =>
    [...one].every(([manager, paths]) => [...paths].every((path) => other.get(manager)?.has(path) ?? false));
  return isIn(a, b) && isIn(b, a);
}

function takeFrom(owners: Map<string, ReadonlySet<string>>, path: string): void {
  for (const [manager, paths] of owners) {
    if (paths.has(path)) owners.set(manager, new Set([...paths].filter((one) => one !== path)));
  }
}

function leavesOf(value: object): Leaves {
  const leaves: Leaves = new Map();
  collect(value as Record<string, unknown>, '', leaves);
  return leaves;
}

function collect(object: Record<string, unknown>, prefix: string, leaves: Leaves): void {
  for (const [name, value] of Object.entries(object)) {
    const path = `${prefix}${name}`;
    if (name === 'conditions' && Array.isArray(value)) {
      for (const condition of value as Record<string, unknown>[]) {
        const item = `${path}${STEP}[${condition.type}]`;
        leaves.set(item, ITEM);
        collect(condition, `${item}${STEP}`, leaves);
      }
    } else if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      collect(value as Record<string, unknown>, `${path}${STEP}`, leaves);
    } else if (value !== undefined) leaves.set(path, value);
  }
}

function built(leaves: Leaves, order: readonly string[]): Record<string, unknown> {
  const status: Record<string, unknown> = {};
  const conditions = new Map<string, Record<string, unknown>>();
  for (const [path, value] of leaves) {
    const names = path.split(STEP);
    const last = names.pop() as string;
    let parent = status;
    for (const name of names) {
      if (name.startsWith('[')) parent = conditions.get(name) as Record<string, unknown>;
      else if (name !== 'conditions') {
        parent[name] ??= {};
        parent = parent[name] as Record<string, unknown>;
      }
    }
    if (value === ITEM) conditions.set(last, {});
    else parent[last] = value;
  }
  const list = order.flatMap((path) => conditions.get(path.split(STEP).at(-1) ?? '') ?? []);
  return list.length === 0 ? status : { ...status, conditions: list };
}

const itemsOf = (leaves: Leaves): string[] =>
  [...leaves].filter(([, value]) => value === ITEM).map(([path]) => path);

/** The order of a list after an apply: that of the applied one, and what it does not name stays before what it stood before. */
function mergedOrder(before: readonly string[], said: readonly string[]): string[] {
  const order: string[] = [];
  const isNamed = new Set(said);
  const rest = [...before];
  for (const one of said) {
    while (rest[0] !== undefined && !isNamed.has(rest[0])) order.push(rest.shift() as string);
    if (rest[0] === one) rest.shift();
    order.push(one);
  }
  return [...order, ...rest.filter((one) => !isNamed.has(one))];
}

const isSame = (a: unknown, b: unknown): boolean =>
  a === b || (Array.isArray(a) && Array.isArray(b) && JSON.stringify(a) === JSON.stringify(b));
