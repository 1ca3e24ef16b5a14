import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { CHART, type KubeObject, type Plain, shortName } from './chart.ts';

export interface Effect {
  /** A value other than the default. */
  readonly set: unknown;
  /** What else must be set for it to count. */
  readonly given?: Plain;
  /** What is different then, as changes() tells it. */
  readonly changes: readonly string[] | ((before: readonly KubeObject[]) => readonly string[]);
}

const VERSION: string = parse(readFileSync(join(CHART, 'Chart.yaml'), 'utf8')).appVersion;
const TEMPLATE = 'spec.template.spec';
const CONTROLLER = `Deployment controller ${TEMPLATE}`;
const GATEWAY = `DaemonSet gateway ${TEMPLATE}`;
const AGENT = `${GATEWAY}.containers[agent]`;
/** How a NetworkPolicy names the gateway pods. */
const GATEWAY_PODS = Object.entries({
  name: 'tenant-tunnel-operator',
  instance: 'tenant-tunnel-operator',
  component: 'gateway',
}).map(([label, value]) => [`podSelector.matchLabels.app.kubernetes.io/${label}`, value] as const);
/** Pods that run once, where a controller may. */
const ONCE = [`Job crds ${TEMPLATE}`, `Job cleanup ${TEMPLATE}`, 'Pod check spec'];
const PODS = [CONTROLLER, GATEWAY, ...ONCE];
const CONTAINERS = [
  `${CONTROLLER}.containers[controller]`,
  ...['agent', 'wireguard'].map((name) => `${GATEWAY}.containers[${name}]`),
  ...['crds', 'cleanup', 'check'].map((name, at) => `${ONCE[at]}.containers[${name}]`),
];
const LASTING = CONTAINERS.slice(0, 3);
const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;
const MONITORS = { metrics: { serviceMonitor: { enabled: true } } };
const RULES = { metrics: { prometheusRule: { enabled: true } } };
const DASHBOARD = { metrics: { dashboard: { enabled: true } } };
const AFFINITY = { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } };
const AFFINITY_SET = 'affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution = []';
const APART = 'affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0]';
const OWN_AFFINITY = [
  ...['name', 'instance', 'component'].map(
    (label) => `${APART}.podAffinityTerm.labelSelector.matchLabels.app.kubernetes.io/${label}`,
  ),
  `${APART}.podAffinityTerm.topologyKey`,
  `${APART}.weight`,
];
const TOLERATION = { key: 'edge', operator: 'Exists', effect: 'NoSchedule' };
const ANNOTATIONS = { 'example.com/team': 'network' };
const ANNOTATED = 'spec.template.metadata.annotations.example.com/team = "network"';

const images = (name: string) => CONTAINERS.map((at) => `${at}.image = "${name}"`);
const tolerated = (pod: string) =>
  Object.entries(TOLERATION).map(([key, value]) => `${pod}.tolerations[0].${key} = "${value}"`);
const resources = (container: string): Effect => ({
  set: { requests: { cpu: '1', memory: '200Mi' }, limits: { memory: '3Gi' } },
  changes: [
    `${container}.resources.limits.memory = "3Gi"`,
    `${container}.resources.requests.cpu = "1"`,
    `${container}.resources.requests.memory = "200Mi"`,
  ],
});
/** Objects and arguments that have the gateways' namespace in them. */
const movedTo = (namespace: string): string[] => [
  '- Namespace gateways',
  `+ Namespace ${namespace}`,
  ...['controller', 'agent', 'check', 'cleanup'].flatMap((name) =>
    ['Role', 'RoleBinding'].flatMap((kind) => [
      `- ${kind} tenant-tunnel-gateways/${name}`,
      `+ ${kind} ${namespace}/${name}`,
    ]),
  ),
  ...CONTAINERS.filter((at) => !/wireguard|crds/.test(at)).map(
    (at) => `${at}.args[--gateway-namespace] = "${namespace}"`,
  ),
];
const PROFILES = 'tenant-tunnel-profiles';
const profile = (name: string, hasSecrets = false): Effect => ({
  set: true,
  changes: [
    '+ Namespace profiles',
    `+ RouterProfile ${PROFILES}/${name}`,
    ...(hasSecrets ? [`+ RoleBinding ${PROFILES}/profile-values`] : []),
    `TunnelClass default spec.profiles[${name}].name = "${name}"`,
    `TunnelClass default spec.profiles[${name}].namespace = "${PROFILES}"`,
  ],
});
const setting = (name: string, value: string, set: string): Effect => ({
  set,
  given: { profiles: { [name]: { enabled: true } } },
  changes: [`RouterProfile ${PROFILES}/${name} spec.values[${value}].value = "${set}"`],
});
const allLabelled = (before: readonly KubeObject[]): string[] =>
  before.flatMap((one) => [
    `${shortName(one)} metadata.labels.cost-centre = "42"`,
    ...(/^(Deployment|DaemonSet|Job)$/.test(one.kind)
      ? [`${shortName(one)} spec.template.metadata.labels.cost-centre = "42"`]
      : []),
  ]);

/** Every value → what it does. */
export const EFFECTS: Readonly<Record<string, Effect>> = {
  'image.repository': {
    set: 'registry.example.com:5000/tto',
    changes: images(`registry.example.com:5000/tto:${VERSION}`),
  },
  'image.tag': { set: 'v9', changes: images('ghcr.io/traidnet/tenant-tunnel-operator:v9') },
  'image.digest': { set: DIGEST, changes: images(`ghcr.io/traidnet/tenant-tunnel-operator@${DIGEST}`) },
  'image.pullPolicy': { set: 'Always', changes: CONTAINERS.map((at) => `${at}.imagePullPolicy = "Always"`) },
  imagePullSecrets: {
    set: ['pull'],
    changes: PODS.map((pod) => `${pod}.imagePullSecrets[pull].name = "pull"`),
  },
  gatewayNamespace: { set: 'edge', changes: movedTo('edge') },
  'backups.namespace': {
    set: 'copies',
    changes: [
      '- Namespace backups',
      '+ Namespace copies',
      '- ResourceQuota tenant-tunnel-backups/backups',
      '+ ResourceQuota copies/backups',
      ...['controller', 'agent'].flatMap((name) =>
        ['Role', 'RoleBinding'].flatMap((kind) => [
          `- ${kind} tenant-tunnel-backups/${name}`,
          `+ ${kind} copies/${name}`,
        ]),
      ),
      ...CONTAINERS.slice(0, 2).map((at) => `${at}.args[--backup-namespace] = "copies"`),
    ],
  },
  'backups.maxSecrets': {
    set: 5,
    changes: ['ResourceQuota tenant-tunnel-backups/backups spec.hard.count/secrets = "5"'],
  },
  commonLabels: { set: { 'cost-centre': '42' }, changes: allLabelled },
  logLevel: { set: 'debug', changes: LASTING.map((at) => `${at}.args[--log-level] = "debug"`) },
  'defaultClass.create': { set: false, changes: ['- TunnelClass default'] },
  'defaultClass.name': { set: 'standard', changes: ['- TunnelClass default', '+ TunnelClass standard'] },
  'defaultClass.endpoint.mode': {
    set: 'LoadBalancer',
    changes: ['TunnelClass default spec.endpoint.mode = "LoadBalancer"'],
  },
  'defaultClass.endpoint.host': {
    set: 'vpn.example.net',
    changes: ['TunnelClass default spec.endpoint.host = "vpn.example.net"'],
  },
  'defaultClass.endpoint.loadBalancer': {
    set: { loadBalancerClass: 'example.com/a' },
    changes: ['TunnelClass default spec.endpoint.loadBalancer.loadBalancerClass = "example.com/a"'],
  },
  'defaultClass.spec': { set: { mtu: 1412 }, changes: ['TunnelClass default spec.mtu = 1412'] },
  'controller.replicas': { set: 3, changes: ['Deployment controller spec.replicas = 3'] },
  'controller.podDisruptionBudget': { set: false, changes: ['- PodDisruptionBudget controller'] },
  'controller.priorityClassName': {
    set: 'important',
    changes: [`${CONTROLLER}.priorityClassName = "important"`],
  },
  'controller.resources': resources(`${CONTROLLER}.containers[controller]`),
  'controller.nodeSelector': {
    set: { disk: 'ssd' },
    changes: [CONTROLLER, ...ONCE].map((pod) => `${pod}.nodeSelector.disk = "ssd"`),
  },
  'controller.tolerations': { set: [TOLERATION], changes: [CONTROLLER, ...ONCE].flatMap(tolerated) },
  'controller.affinity': {
    set: AFFINITY,
    changes: [`${CONTROLLER}.${AFFINITY_SET}`, ...OWN_AFFINITY.map((path) => `${CONTROLLER}.${path} gone`)],
  },
  'controller.podAnnotations': { set: ANNOTATIONS, changes: [`Deployment controller ${ANNOTATED}`] },
  'gateway.nodeSelector': { set: { edge: 'true' }, changes: [`${GATEWAY}.nodeSelector.edge = "true"`] },
  'gateway.tolerations': { set: [TOLERATION], changes: tolerated(GATEWAY) },
  'gateway.affinity': { set: AFFINITY, changes: [`${GATEWAY}.${AFFINITY_SET}`] },
  'gateway.priorityClassName': { set: 'important', changes: [`${GATEWAY}.priorityClassName = "important"`] },
  'gateway.offlineAfter': {
    set: '5m',
    changes: [`${GATEWAY}.containers[agent].args[--offline-after] = "5m"`],
  },
  'gateway.listenRouters': { set: 7, changes: [`${AGENT}.args[--listen-routers] = "7"`] },
  'gateway.podAnnotations': { set: ANNOTATIONS, changes: [`DaemonSet gateway ${ANNOTATED}`] },
  'gateway.relay.enabled': {
    set: false,
    changes: [
      '- ClusterRole connect',
      '- Service relay',
      ...[6, 7].flatMap((at) =>
        ['apiGroups', 'resources', 'verbs'].map((field) => `ClusterRole agent rules[${at}].${field}[0] gone`),
      ),
      ...['address', 'audience', 'server-name', 'idle-timeout'].map(
        (name) => `${AGENT}.args[--relay-${name}] gone`,
      ),
      ...['containerPort', 'name'].map((field) => `${AGENT}.ports[relay].${field} gone`),
      ...['ingress', 'egress'].flatMap((way) =>
        ['port', 'protocol'].map((field) => `NetworkPolicy gateway spec.${way}[2].ports[0].${field} gone`),
      ),
      ...GATEWAY_PODS.map(([label]) => `NetworkPolicy gateway spec.egress[2].to[0].${label} gone`),
    ],
  },
  'gateway.relay.audience': {
    set: 'routers.example.com',
    changes: [`${AGENT}.args[--relay-audience] = "routers.example.com"`],
  },
  'gateway.relay.certificateSecret': {
    set: 'relay-tls',
    changes: [
      `${AGENT}.args[--relay-certificate] = "/etc/tenant-tunnel/relay"`,
      ...['mountPath = "/etc/tenant-tunnel/relay"', 'name = "relay-certificate"', 'readOnly = true'].map(
        (field) => `${AGENT}.volumeMounts[relay-certificate].${field}`,
      ),
      ...['name = "relay-certificate"', 'secret.optional = true', 'secret.secretName = "relay-tls"'].map(
        (field) => `${GATEWAY}.volumes[relay-certificate].${field}`,
      ),
    ],
  },
  'gateway.relay.idleTimeout': { set: '10m', changes: [`${AGENT}.args[--relay-idle-timeout] = "10m"`] },
  'gateway.agent.resources': resources(`${GATEWAY}.containers[agent]`),
  'gateway.wireguard.resources': resources(`${GATEWAY}.containers[wireguard]`),
  'profiles.secretNamespaces': { set: ['customers'], changes: ['+ RoleBinding customers/profile-values'] },
  'profiles.namespace': {
    set: 'network-team',
    given: { profiles: { hardened: { enabled: true } } },
    changes: [
      '- Namespace profiles',
      '- RouterProfile tenant-tunnel-profiles/hardened',
      '+ Namespace network-team',
      '+ RouterProfile network-team/hardened',
      'TunnelClass default spec.profiles[hardened].namespace = "network-team"',
    ],
  },
  'profiles.hardened.enabled': profile('hardened'),
  'profiles.time.enabled': profile('time'),
  'profiles.time.ntpServers': setting('time', 'ntpServers', '192.0.2.123'),
  'profiles.time.dnsServers': setting('time', 'dnsServers', '192.0.2.53'),
  'profiles.snmp.enabled': profile('snmp', true),
  'profiles.syslog.enabled': profile('syslog'),
  'profiles.syslog.port': setting('syslog', 'port', '1514'),
  'profiles.queues.enabled': profile('queues'),
  'profiles.queues.guests': setting('queues', 'guests', '10.7.0.0/24'),
  'profiles.queues.guestLimit': setting('queues', 'guestLimit', '1M/2M'),
  'profiles.queues.house': setting('queues', 'house', 'bridge'),
  'profiles.queues.houseLimit': setting('queues', 'houseLimit', '3M/4M'),
  'profiles.pppoe.enabled': profile('pppoe', true),
  'profiles.pppoe.interface': setting('pppoe', 'interface', 'ether5'),
  'profiles.pppoe.gateway': setting('pppoe', 'gateway', '10.7.0.1'),
  'profiles.pppoe.pool': setting('pppoe', 'pool', '10.7.0.2-10.7.0.99'),
  'profiles.pppoe.network': setting('pppoe', 'network', '10.7.0.0/24'),
  'profiles.pppoe.dnsServers': setting('pppoe', 'dnsServers', '192.0.2.53'),
  'profiles.hotspot.enabled': profile('hotspot', true),
  'profiles.hotspot.address': setting('hotspot', 'address', '10.7.0.1/24'),
  'profiles.hotspot.gateway': setting('hotspot', 'gateway', '10.7.0.1'),
  'profiles.hotspot.network': setting('hotspot', 'network', '10.7.0.0/24'),
  'profiles.hotspot.pool': setting('hotspot', 'pool', '10.7.0.2-10.7.0.99'),
  'profiles.hotspot.dnsName': setting('hotspot', 'dnsName', 'login.example.com'),
  'crds.upgrade': {
    set: false,
    changes: ['ClusterRole', 'ClusterRoleBinding', 'Job', 'ServiceAccount'].map((kind) => `- ${kind} crds`),
  },
  'cleanup.enabled': {
    set: false,
    changes: [
      ...['Job', 'Role', 'RoleBinding', 'ServiceAccount'].map((kind) => `- ${kind} cleanup`),
      ...['Role', 'RoleBinding'].map((kind) => `- ${kind} tenant-tunnel-gateways/cleanup`),
    ],
  },
  'cleanup.timeout': {
    set: '90s',
    changes: [`Job cleanup ${TEMPLATE}.containers[cleanup].args[--timeout] = "90s"`],
  },
  'networkPolicy.enabled': { set: false, changes: ['- NetworkPolicy controller', '- NetworkPolicy gateway'] },
  'networkPolicy.apiServerPorts': {
    set: [16443],
    changes: ['controller', 'gateway'].flatMap((name) => [
      `NetworkPolicy ${name} spec.egress[0].ports[0].port = 16443`,
      ...['port', 'protocol'].map((field) => `NetworkPolicy ${name} spec.egress[0].ports[1].${field} gone`),
    ]),
  },
  'networkPolicy.metricsFrom': {
    set: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }],
    changes: ['controller', 'gateway'].map(
      (name) =>
        `NetworkPolicy ${name} spec.ingress[0].from[0].namespaceSelector.matchLabels.kubernetes.io/metadata.name = "monitoring"`,
    ),
  },
  'networkPolicy.relayFrom': {
    set: [{ podSelector: { matchLabels: { app: 'billing' } }, namespaceSelector: {} }],
    changes: [
      ...GATEWAY_PODS.map(
        ([label, value]) => `NetworkPolicy gateway spec.ingress[2].from[0].${label} = "${value}"`,
      ),
      'NetworkPolicy gateway spec.ingress[2].from[1].namespaceSelector = {}',
      'NetworkPolicy gateway spec.ingress[2].from[1].podSelector.matchLabels.app = "billing"',
    ],
  },
  'flowSchema.enabled': { set: false, changes: ['- FlowSchema operator'] },
  'metrics.routerSeries': {
    set: 500,
    changes: [`${GATEWAY}.containers[agent].args[--router-series] = "500"`],
  },
  'metrics.serviceMonitor.enabled': {
    set: true,
    changes: ['+ ServiceMonitor controller', '+ ServiceMonitor gateway'],
  },
  'metrics.serviceMonitor.interval': {
    set: '1m',
    given: MONITORS,
    changes: [
      'ServiceMonitor controller spec.endpoints[0].interval = "1m"',
      ...[0, 1].map((at) => `ServiceMonitor gateway spec.endpoints[${at}].interval = "1m"`),
    ],
  },
  'metrics.serviceMonitor.labels': {
    set: { release: 'prometheus' },
    given: MONITORS,
    changes: ['controller', 'gateway'].map(
      (name) => `ServiceMonitor ${name} metadata.labels.release = "prometheus"`,
    ),
  },
  'metrics.prometheusRule.enabled': { set: true, changes: ['+ PrometheusRule alerts'] },
  'metrics.prometheusRule.labels': {
    set: { release: 'prometheus' },
    given: RULES,
    changes: ['PrometheusRule alerts metadata.labels.release = "prometheus"'],
  },
  'metrics.dashboard.enabled': { set: true, changes: ['+ ConfigMap dashboard'] },
  'metrics.dashboard.labels': {
    set: { team: 'network' },
    given: DASHBOARD,
    changes: ['ConfigMap dashboard metadata.labels.team = "network"'],
  },
  'test.enabled': {
    set: false,
    changes: [
      ...['Pod', 'Role', 'RoleBinding', 'ServiceAccount'].map((kind) => `- ${kind} check`),
      ...['Role', 'RoleBinding'].map((kind) => `- ${kind} tenant-tunnel-gateways/check`),
    ],
  },
};
