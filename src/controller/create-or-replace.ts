import {
  type ConfigMap,
  isApiError,
  type KubeApi,
  type KubeObject,
  type ResourceType,
  type Secret,
} from '../kube/index.ts';

/**
 * Makes an object that the cache does not have. One that is there all the same has lost the label that the cache finds it
 * by, and is written over; throws `AlreadyExists` where `isSeen` says that it has only just been made, and the cache will show it.
 * Resolves with its metadata.
 */
export async function createOrReplace<T extends ConfigMap | Secret>(
  client: Pick<KubeApi, 'create' | 'get' | 'update'>,
  type: ResourceType<T>,
  desired: T,
  signal: AbortSignal,
  isSeen: (stored: T | undefined) => boolean = () => false,
): Promise<KubeObject> {
  const options = { signal, metadataAlone: true };
  try {
    return await client.create(type, desired, options);
  } catch (error) {
    if (!isApiError(error, 'AlreadyExists')) throw error;
    const stored = await client.get(type, desired.metadata, { signal });
    const resourceVersion = stored?.metadata.resourceVersion;
    if (resourceVersion === undefined || isSeen(stored)) throw error;
    return client.update(type, { ...desired, metadata: { ...desired.metadata, resourceVersion } }, options);
  }
}
