/** The directories of kustomize that are made from the chart. */
import { type Manifest, withoutHelm } from './manifests.ts';

export const HEADER = '# Written from charts/ by "make generate"; change the chart instead.\n';

interface Directory {
  readonly name: string;
  /** What it is for, as comment of its kustomization.yaml. */
  readonly comment: readonly string[];
  readonly kind: 'Kustomization' | 'Component';
  /** Directories that it builds on. */
  readonly on?: readonly string[];
  readonly has: (manifest: Manifest) => boolean;
}

const CLASS = 'default-class.yaml';
/** For the Prometheus operator and Grafana: kinds that not every cluster has. */
const MONITORING = /^metrics\/(service-monitors|prometheus-rule|dashboard)\.yaml$/;

export const DIRECTORIES: readonly Directory[] = [
  {
    name: 'base',
    comment: [
      'The chart with its default values, without hooks and without a TunnelClass. The kinds come first:',
      'kubectl apply --server-side -f crds/',
    ],
    kind: 'Kustomization',
    on: ['../namespace'],
    has: ({ hook, template }) => hook === undefined && template !== CLASS && !MONITORING.test(template),
  },
  {
    name: 'default-class',
    comment: [
      'The TunnelClass that tunnels are made from when nobody names another. Patch spec.endpoint.host.',
    ],
    kind: 'Component',
    has: ({ template }) => template === CLASS,
  },
  {
    name: 'monitoring',
    comment: [
      'For the Prometheus operator, whose kinds must be there: ServiceMonitors and alerts; and a dashboard as Grafana finds it.',
      'Beside them the alerts as Prometheus reads them, and the dashboard as it is imported by hand. See docs/monitoring.md.',
    ],
    kind: 'Component',
    has: ({ template }) => MONITORING.test(template),
  },
  {
    name: 'check',
    comment: [
      'What "helm test" runs: looks whether all parts of an installation are there and well. See overlays/example/check.',
    ],
    kind: 'Kustomization',
    has: ({ hook }) => hook === 'test',
  },
  {
    name: 'cleanup',
    comment: [
      'What "helm uninstall" runs first: stops the controller and takes all tunnels off the nodes. The ledger stays.',
      'See docs/upgrade.md.',
    ],
    kind: 'Kustomization',
    has: ({ hook }) => hook === 'pre-delete',
  },
];

/** Path below deploy/ → text. */
export function directoryFiles(manifests: readonly Manifest[]): Map<string, string> {
  return new Map(DIRECTORIES.flatMap((directory) => filesOf(directory, manifests)));
}

function filesOf(directory: Directory, manifests: readonly Manifest[]): [string, string][] {
  const byFile = Map.groupBy(manifests.filter(directory.has), ({ template }) => fileName(template));
  const files = [...byFile].sort(([one], [other]) => one.localeCompare(other));
  const names = files.map(([name]) => name);
  return [
    [`${directory.name}/kustomization.yaml`, HEADER + kustomization(directory, names)],
    ...files.map(([name, some]): [string, string] => [
      `${directory.name}/${name}`,
      HEADER + some.map(withoutHelm).join('---\n'),
    ]),
  ];
}

const fileName = (template: string): string => template.replace(/^(hooks|tests)\//, '').replaceAll('/', '-');

function kustomization({ comment, kind, on = [] }: Directory, files: readonly string[]): string {
  return [
    ...comment.map((line) => `# ${line}`),
    `apiVersion: kustomize.config.k8s.io/${kind === 'Component' ? 'v1alpha1' : 'v1beta1'}`,
    `kind: ${kind}`,
    'resources:',
    ...[...on, ...files].map((path) => `  - ${path}`),
    '',
  ].join('\n');
}
