/** The chart's roles and the reference of permissions, as text. */
import { IDENTITIES, type Identity, type Permission, PROFILE_VALUES, type Scope } from './permissions.ts';

const NAMESPACE: Record<Exclude<Scope, 'cluster'>, string> = {
  system: '{{ .Release.Namespace }}',
  gateways: '{{ .Values.gatewayNamespace }}',
  backups: '{{ .Values.backups.namespace }}',
};

/** What turns them off in the values. */
const CONDITION: Partial<Record<Identity['name'], string>> = {
  check: '.Values.test.enabled',
  crds: '.Values.crds.upgrade',
  cleanup: '.Values.cleanup.enabled',
};

const list = (values: readonly string[]): string => `[${values.map((value) => value || '""').join(', ')}]`;

function rule({ apiGroup, resources, resourceNames, verbs, reason, when }: Permission): string[] {
  return [
    ...(when === undefined ? [] : [`  {{- if ${when} }}`]),
    `  # ${reason}`,
    `  - apiGroups: ${list([apiGroup])}`,
    `    resources: ${list(resources)}`,
    ...(resourceNames === undefined ? [] : [`    resourceNames: ${list(resourceNames)}`]),
    `    verbs: ${list(verbs)}`,
    ...(when === undefined ? [] : ['  {{- end }}']),
  ];
}

function metadata({ name, hook }: Identity, namespace?: string): string[] {
  const labels = `{{- include "tenant-tunnel.labels" (dict "root" $ "component" "${name}") | nindent 4 }}`;
  return [
    'metadata:',
    `  name: tenant-tunnel-${name}`,
    ...(namespace === undefined ? [] : [`  namespace: ${namespace}`]),
    '  labels:',
    `    ${labels}`,
    // It comes before what it is for, and goes when that has succeeded.
    ...(hook === undefined
      ? []
      : [
          '  annotations:',
          `    helm.sh/hook: ${hook}`,
          '    helm.sh/hook-weight: "-10"',
          '    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded',
        ]),
  ];
}

function role(identity: Identity, scope: Scope, permissions: readonly Permission[]): string[] {
  const prefix = scope === 'cluster' ? 'Cluster' : '';
  const own = metadata(identity, scope === 'cluster' ? undefined : NAMESPACE[scope]);
  return [
    '---',
    'apiVersion: rbac.authorization.k8s.io/v1',
    `kind: ${prefix}Role`,
    ...own,
    'rules:',
    ...permissions.flatMap(rule),
    '---',
    'apiVersion: rbac.authorization.k8s.io/v1',
    `kind: ${prefix}RoleBinding`,
    ...own,
    'roleRef:',
    '  apiGroup: rbac.authorization.k8s.io',
    `  kind: ${prefix}Role`,
    `  name: tenant-tunnel-${identity.name}`,
    'subjects:',
    '  - kind: ServiceAccount',
    `    name: tenant-tunnel-${identity.name}`,
    `    namespace: ${NAMESPACE.system}`,
  ];
}

function account(identity: Identity): string[] {
  return [
    '---',
    'apiVersion: v1',
    'kind: ServiceAccount',
    ...metadata(identity, NAMESPACE.system),
    '# A pod mounts a token into the one container that talks to the API server.',
    'automountServiceAccountToken: false',
  ];
}

/** A template of the chart: service accounts, roles and bindings of all identities. */
export function rolesTemplate(): string {
  const lines = IDENTITIES.flatMap((identity) => {
    const condition = CONDITION[identity.name];
    const scopes = Object.entries(identity.permissions) as [Scope, readonly Permission[]][];
    return [
      ...(condition === undefined ? [] : [`{{- if ${condition} }}`]),
      ...account(identity),
      ...scopes.flatMap(([scope, permissions]) => role(identity, scope, permissions)),
      ...(condition === undefined ? [] : ['{{- end }}']),
    ];
  });
  return `${[...lines, ...profileValuesRole()].join('\n')}\n`;
}

/** The role that lets values of Secrets be read, and its bindings in the namespaces that the values name. */
function profileValuesRole(): string[] {
  const { name, permissions } = PROFILE_VALUES;
  const labels = `{{- include "tenant-tunnel.labels" (dict "root" $ "component" "controller") | nindent 4 }}`;
  const head = (kind: string, namespace: readonly string[]): string[] => [
    '---',
    'apiVersion: rbac.authorization.k8s.io/v1',
    `kind: ${kind}`,
    'metadata:',
    `  name: tenant-tunnel-${name}`,
    ...namespace,
    '  labels:',
    `    ${labels}`,
  ];
  return [
    ...head('ClusterRole', []),
    'rules:',
    ...permissions.flatMap(rule),
    '{{- range .Values.profiles.secretNamespaces }}',
    ...head('RoleBinding', ['  namespace: {{ . }}']),
    'roleRef:',
    '  apiGroup: rbac.authorization.k8s.io',
    '  kind: ClusterRole',
    `  name: tenant-tunnel-${name}`,
    'subjects:',
    '  - kind: ServiceAccount',
    '    name: tenant-tunnel-controller',
    '    namespace: {{ $.Release.Namespace }}',
    '{{- end }}',
  ];
}

const PLACE: Record<Scope, string> = {
  cluster: 'everywhere',
  system: "the operator's namespace",
  gateways: "the gateways' namespace",
  backups: 'the namespace for backups',
};

/** docs/rbac.md */
export function permissionsReference(): string {
  const sections = IDENTITIES.map((identity) => {
    const rows = (Object.entries(identity.permissions) as [Scope, readonly Permission[]][]).flatMap(
      ([scope, permissions]) => permissions.map((permission) => row(scope, permission)),
    );
    return `## tenant-tunnel-${identity.name}\n\nFor ${identity.what}.${identity.hook ? ' It exists only while that runs.' : ''}\n\n| where | resources | verbs | why |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`;
  });
  return `# Permissions

<!-- Written from src/api by "make generate"; change the source instead. -->

Each service account with all that it may do, and why. The roles of the chart and of \`deploy/\` are written from the same
list. The WireGuard container has no account and no token. \`make e2e\` holds what was used, by the audit log of the API
server, against this list.

${[...sections, offered()].join('\n')}`;
}

function offered(): string {
  const { name, what, permissions } = PROFILE_VALUES;
  const rows = permissions.map(
    ({ resources, verbs, reason }) =>
      `| where it is bound | ${resources.join(', ')} | ${verbs.join(', ')} | ${reason} |`,
  );
  return `## tenant-tunnel-${name}\n\n${what}. See [rollout.md](rollout.md).\n\n| where | resources | verbs | why |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`;
}

function row(scope: Scope, { apiGroup, resources, resourceNames, verbs, reason }: Permission): string {
  const named = resourceNames === undefined ? '' : ` named ${resourceNames.join(', ')}`;
  const group = apiGroup === '' ? '' : ` (${apiGroup})`;
  return `| ${PLACE[scope]} | ${resources.join(', ')}${group}${named} | ${verbs.join(', ')} | ${reason} |`;
}
