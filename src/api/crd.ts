import type { OpenApi, Rule } from './schema/schema.ts';
import type { KindDefinition, PrinterColumn } from './v1alpha1/definitions.ts';

/** The longest name of an object of ours, so that it also fits a label, in characters. */
const MAX_NAME = 63;

const NAME_RULE: Rule = {
  rule: `self.metadata.name.size() <= ${MAX_NAME}`,
  message: `write a name of at most ${MAX_NAME} characters`,
  messageExpression: `'write a name of at most ${MAX_NAME} characters: this one has %d'.format([self.metadata.name.size()])`,
  fieldPath: '.metadata.name',
};

export interface CustomResourceDefinition {
  readonly apiVersion: 'apiextensions.k8s.io/v1';
  readonly kind: 'CustomResourceDefinition';
  readonly metadata: { readonly name: string; readonly annotations: Readonly<Record<string, string>> };
  readonly spec: {
    readonly group: string;
    readonly scope: 'Cluster' | 'Namespaced';
    readonly names: Readonly<Record<string, string | readonly string[]>>;
    readonly versions: readonly {
      readonly name: string;
      readonly served: boolean;
      readonly storage: boolean;
      readonly schema: { readonly openAPIV3Schema: OpenApi };
      readonly subresources: { readonly status: object };
      readonly additionalPrinterColumns: readonly PrinterColumn[];
    }[];
  };
}

/** With a CRD go all objects of its kind: neither an uninstall nor a pruning GitOps tool shall take it along. */
const KEPT = {
  'helm.sh/resource-policy': 'keep',
  'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false',
};

/** The CustomResourceDefinition of a kind. A further version would be a further entry of `versions`. */
export function customResourceDefinition(kind: KindDefinition): CustomResourceDefinition {
  const { group, version, plural, kind: name, namespaced } = kind.resource;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}`, annotations: KEPT },
    spec: {
      group,
      scope: namespaced ? 'Namespaced' : 'Cluster',
      names: {
        plural,
        singular: kind.singular,
        kind: name,
        listKind: `${name}List`,
        shortNames: kind.shortNames,
        categories: ['vpn'],
      },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: rootSchema(kind) },
          subresources: { status: {} },
          additionalPrinterColumns: kind.columns,
        },
      ],
    },
  };
}

function rootSchema(kind: KindDefinition): OpenApi {
  return {
    type: 'object',
    description: kind.description,
    ...(!('presence' in kind.spec) && { required: ['spec'] }),
    properties: {
      apiVersion: { type: 'string', description: 'The version of this schema.' },
      kind: { type: 'string', description: 'The kind of this object.' },
      // The bound is that of Kubernetes itself; stated here, it bounds the cost of the rules on the name.
      metadata: { type: 'object', properties: { name: { type: 'string', maxLength: 253 } } },
      spec: kind.spec.openapi,
      status: kind.status.openapi,
    },
    'x-kubernetes-validations': [NAME_RULE, ...kind.rules],
  };
}
