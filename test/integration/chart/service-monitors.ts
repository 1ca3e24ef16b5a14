const string = { type: 'string' };
const object = (properties: object) => ({ type: 'object', properties });

/** Of the Prometheus operator's CRD (v1), the fields that the chart writes; any other is refused. */
export const SERVICE_MONITORS = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: {
    name: 'servicemonitors.monitoring.coreos.com',
  },
  spec: {
    group: 'monitoring.coreos.com',
    scope: 'Namespaced',
    names: { plural: 'servicemonitors', singular: 'servicemonitor', kind: 'ServiceMonitor' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: object({
            spec: {
              ...object({
                selector: object({ matchLabels: { type: 'object', additionalProperties: string } }),
                endpoints: {
                  type: 'array',
                  items: object({
                    port: string,
                    interval: {
                      ...string,
                      pattern:
                        '^(0|(([0-9]+)y)?(([0-9]+)w)?(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?(([0-9]+)ms)?)$',
                    },
                  }),
                },
              }),
              required: ['endpoints', 'selector'],
            },
          }),
        },
      },
    ],
  },
};
