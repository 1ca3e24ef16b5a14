const string = { type: 'string' };
const object = (properties: object) => ({ type: 'object', properties });
const list = (items: object) => ({ type: 'array', items });
const texts = { type: 'object', additionalProperties: string };
const DURATION = '(([0-9]+)y)?(([0-9]+)w)?(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?(([0-9]+)ms)?';

const endpoint = object({
  port: string,
  interval: { ...string, pattern: `^(0|${DURATION})$` },
  honorLabels: { type: 'boolean' },
  relabelings: list(object({ sourceLabels: list(string), targetLabel: string })),
});

const rule = {
  ...object({
    alert: string,
    expr: { 'x-kubernetes-int-or-string': true },
    for: { ...string, pattern: `^(0|${DURATION})$` },
    labels: texts,
    annotations: texts,
  }),
  required: ['expr'],
};

const definition = (kind: string, spec: object) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${kind.toLowerCase()}s.monitoring.coreos.com` },
  spec: {
    group: 'monitoring.coreos.com',
    scope: 'Namespaced',
    names: { plural: `${kind.toLowerCase()}s`, singular: kind.toLowerCase(), kind },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: object({ spec }) } }],
  },
});

/** Of the Prometheus operator's CRDs (v1), the fields that the chart writes; any other is refused. */
export const PROMETHEUS_OPERATOR = [
  definition('ServiceMonitor', {
    ...object({ selector: object({ matchLabels: texts }), endpoints: list(endpoint) }),
    required: ['endpoints', 'selector'],
  }),
  definition('PrometheusRule', object({ groups: list(object({ name: string, rules: list(rule) })) })),
];
