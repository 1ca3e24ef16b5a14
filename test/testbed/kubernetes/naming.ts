import type { NodeOptions } from './types.ts';

export type NamedNode = NodeOptions & { name: string };

/** The nodes that options ask for, each with a name. */
export function named(nodes: number | NodeOptions[]): NamedNode[] {
  const list = typeof nodes === 'number' ? Array.from({ length: nodes }, (): NodeOptions => ({})) : nodes;
  return list.map((node, at) => ({ ...node, name: node.name ?? `node-${at + 1}` }));
}
