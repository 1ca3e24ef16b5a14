import { API_VERSION, type ProfileSource, type RouterProfile } from '../../../../src/api/index.ts';

export const RESOURCES = [{ path: '/ip/dns', set: { servers: '10.100.0.1' } }];

export const profile = (
  key: string,
  spec: Partial<RouterProfile['spec']> = {},
  more: { status?: RouterProfile['status']; metadata?: Partial<RouterProfile['metadata']> } = {},
): RouterProfile => {
  const [namespace = '', name = ''] = key.split('/');
  return {
    apiVersion: API_VERSION,
    kind: 'RouterProfile',
    metadata: {
      namespace,
      name,
      uid: `uid-of-${name}`,
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...more.metadata,
    },
    spec: { resources: RESOURCES, ...spec },
    ...(more.status && { status: more.status }),
  };
};

export const profileSource = (...profiles: RouterProfile[]): ProfileSource => ({
  get: (key) => profiles.find(({ metadata }) => `${metadata.namespace}/${metadata.name}` === key),
  selecting: (namespace) =>
    profiles.filter(({ metadata, spec }) => metadata.namespace === namespace && spec.selector !== undefined),
});
