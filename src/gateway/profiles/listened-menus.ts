import type { RouterTask } from './router-tasks.ts';

/** More of one router are only looked at. */
const MOST_MENUS = 16;

/**
 * Menus with rows that a router has of its profiles, in their order. Settings, which are one row without a name, tell nothing by
 * themselves.
 */
export function listenedMenus(tasks: readonly Pick<RouterTask, 'mode' | 'spec'>[]): string[] {
  const menus = tasks
    .filter(({ mode }) => mode === 'apply' || mode === 'report')
    .flatMap(({ spec: { resources = [], lists = [] } }) => [
      ...resources.filter(({ match }) => match !== undefined),
      ...lists,
    ])
    .map(({ path }) => path);
  return [...new Set(menus)].slice(0, MOST_MENUS);
}
