import type { ListOptions } from './api.ts';
import { KubeApiError } from './errors.ts';
import type { ObjectName, ResourceType } from './object.ts';

type Query = Record<string, string | number | boolean | undefined>;

/** `/apis/group/version/namespaces/ns/plural`; without a namespace, of all. */
export function collectionPath(type: ResourceType, namespace: string | undefined): string {
  const root = type.group === '' ? `/api/${type.version}` : `/apis/${type.group}/${type.version}`;
  const scope = type.namespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${root}${scope}/${type.plural}`;
}

/** The path of one object. A missing name would address the whole collection, so it is refused. */
export function objectPath(
  type: ResourceType,
  { name, namespace }: ObjectName,
  subresource?: string,
): string {
  if (!name || name === '.' || name === '..' || (type.namespaced && !namespace)) {
    throw new KubeApiError(
      'BadRequest',
      `A request for one of ${type.plural} needs a name${type.namespaced ? ' and a namespace' : ''}.`,
    );
  }
  const path = `${collectionPath(type, namespace)}/${encodeURIComponent(name)}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
}

export function withQuery(path: string, query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') parameters.set(name, String(value));
  }
  return parameters.size === 0 ? path : `${path}?${parameters}`;
}

export function listQuery(options: ListOptions): Query {
  return {
    labelSelector: options.labelSelector,
    fieldSelector: options.fieldSelector,
    limit: options.limit,
    continue: options.continue,
    resourceVersion: options.resourceVersion,
    resourceVersionMatch: options.resourceVersionMatch,
  };
}
