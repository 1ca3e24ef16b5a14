/** For each alert what series make it fire, and what come near that and do not. */

export interface Fires {
  labels?: Readonly<Record<string, string>>;
  /** The alert's value as its description shows it. */
  value?: string;
}

export interface AlertCase {
  readonly name: string;
  /** Series → values of promtool, a minute apart. */
  readonly series: Readonly<Record<string, string>>;
  readonly at: string;
  readonly fires: readonly Fires[];
}

const GATEWAY = { job: 'tenant-tunnel-gateway-metrics', instance: '10.0.0.7:9820' };
const controllerAt = (address: string): Labels => ({
  job: 'tenant-tunnel-controller-metrics',
  instance: `${address}:8080`,
});
const FIRST = controllerAt('10.0.0.1');
const SECOND = controllerAt('10.0.0.2');
const CONTROLLERS = [FIRST, SECOND];
const TUNNEL = { namespace: 'acme', tunnel: 'acme' };

type Labels = Readonly<Record<string, string>>;

const series = (name: string, ...labels: Labels[]): string => {
  const pairs = Object.entries(Object.assign({}, ...labels)).map(([label, value]) => `${label}="${value}"`);
  return `${name}{${pairs.join(',')}}`;
};
const certificate = series('tto_relay_certificate_expiry_timestamp_seconds', GATEWAY);
const inState = (state: string): string => series('tto_tunnel_routers', GATEWAY, TUNNEL, { state });
const requests = (status: string): string =>
  series('tto_kube_request_seconds_count', GATEWAY, { verb: 'get', resource: 'routers', status });
const backups = (outcome: string): string => series('tto_gateway_backup_seconds_count', GATEWAY, { outcome });
const reconciles = (outcome: string): string =>
  series('tto_controller_reconciles_total', FIRST, { controller: 'router', outcome });

/** An alert without its `TenantTunnel` → its cases. */
export const ALERT_CASES: Readonly<Record<string, readonly AlertCase[]>> = {
  ControllerNotLeading: [
    {
      name: 'two standbys',
      series: {
        [series('tto_controller_leading', FIRST)]: '0x10',
        [series('tto_controller_leading', SECOND)]: '0x10',
      },
      at: '3m',
      fires: [{}],
    },
    {
      name: 'no controller at all',
      series: { [series('tto_gateways', { state: 'ready' })]: '1x10' },
      at: '3m',
      fires: [{}],
    },
    {
      name: 'one leads',
      series: {
        [series('tto_controller_leading', FIRST)]: '0x10',
        [series('tto_controller_leading', SECOND)]: '1x10',
      },
      at: '9m',
      fires: [],
    },
    {
      name: 'the other one takes over within a minute',
      series: {
        [series('tto_controller_leading', FIRST)]: '1 1 0 0 0 0 0 0',
        [series('tto_controller_leading', SECOND)]: '0 0 0 1 1 1 1 1',
      },
      at: '7m',
      fires: [],
    },
  ],
  GatewayDown: [
    {
      name: 'both replicas call one gateway silent',
      series: Object.fromEntries(
        CONTROLLERS.map((one) => [series('tto_gateways', one, { state: 'silent' }), '1x10']),
      ),
      at: '2m',
      fires: [{ value: '1' }],
    },
    {
      name: 'a heartbeat comes late',
      series: {
        [series('tto_gateways', FIRST, { state: 'silent' })]: '0 1 0 0 0',
        [series('tto_gateways', FIRST, { state: 'ready' })]: '3x5',
      },
      at: '2m',
      fires: [],
    },
  ],
  GatewayUnusable: [
    {
      name: 'two nodes lack WireGuard',
      series: { [series('tto_gateways', FIRST, { state: 'troubled' })]: '2x10' },
      at: '6m',
      fires: [{ value: '2' }],
    },
    {
      name: 'for as long as a module takes to load',
      series: { [series('tto_gateways', FIRST, { state: 'troubled' })]: '2x3 0x7' },
      at: '6m',
      fires: [],
    },
  ],
  SidecarDown: [
    {
      name: 'it does not answer',
      series: { [series('tto_gateway_sidecar_up', GATEWAY)]: '1x3 0x10' },
      at: '6m',
      fires: [{ labels: GATEWAY }],
    },
    {
      name: 'it is started again',
      series: { [series('tto_gateway_sidecar_up', GATEWAY)]: '1x3 0 1x10' },
      at: '6m',
      fires: [],
    },
  ],
  NotProgrammed: [
    {
      name: 'the node refuses one tunnel of two',
      series: {
        [series('tto_gateway_sidecar_up', GATEWAY)]: '1x10',
        [series('tto_tunnel_programmed', GATEWAY, TUNNEL)]: '0x10',
        [series('tto_tunnel_programmed', GATEWAY, { ...TUNNEL, tunnel: 'other' })]: '1x10',
      },
      at: '3m',
      fires: [{ labels: { ...GATEWAY, ...TUNNEL } }],
    },
    {
      name: 'while the sidecar is away, another alert says so',
      series: {
        [series('tto_gateway_sidecar_up', GATEWAY)]: '0x10',
        [series('tto_tunnel_programmed', GATEWAY, TUNNEL)]: '0x10',
      },
      at: '9m',
      fires: [],
    },
    {
      name: 'a new tunnel is being set up',
      series: {
        [series('tto_gateway_sidecar_up', GATEWAY)]: '1x10',
        [series('tto_tunnel_programmed', GATEWAY, TUNNEL)]: '0 1x9',
      },
      at: '9m',
      fires: [],
    },
  ],
  SyncLag: [
    {
      name: 'a change waits ever longer',
      series: {
        [series('tto_gateway_sidecar_up', GATEWAY)]: '1x10',
        [series('tto_gateway_sync_lag_seconds', GATEWAY)]: '0+60x10',
      },
      at: '5m',
      fires: [{ labels: GATEWAY, value: '5m 0s' }],
    },
    {
      name: 'changes wait for seconds, all the time',
      series: {
        [series('tto_gateway_sidecar_up', GATEWAY)]: '1x10',
        [series('tto_gateway_sync_lag_seconds', GATEWAY)]: '30x10',
      },
      at: '9m',
      fires: [],
    },
  ],
  WireGuardLost: [
    {
      name: 'one ended',
      series: { [series('tto_sidecar_lost_total', GATEWAY)]: '0x5 1x5' },
      at: '8m',
      fires: [{ labels: GATEWAY }],
    },
    {
      name: 'one ended an hour ago',
      series: { [series('tto_sidecar_lost_total', GATEWAY)]: '0x5 1x60' },
      at: '60m',
      fires: [],
    },
  ],
  RoutersOfflineMany: [
    {
      name: 'six in ten, those that never connected left aside',
      series: {
        [inState('awaiting')]: '50x10',
        [inState('connected')]: '4x10',
        [inState('offline')]: '6x10',
      },
      at: '6m',
      fires: [{ labels: TUNNEL, value: '60%' }],
    },
    {
      name: 'half',
      series: { [inState('connected')]: '5x10', [inState('offline')]: '5x10' },
      at: '9m',
      fires: [],
    },
    {
      name: 'two of two',
      series: { [inState('connected')]: '0x10', [inState('offline')]: '2x10' },
      at: '9m',
      fires: [],
    },
    {
      name: 'none has ever connected',
      series: { [inState('awaiting')]: '9x10', [inState('connected')]: '0x10', [inState('offline')]: '0x10' },
      at: '9m',
      fires: [],
    },
  ],
  RoutersNotConfigured: [
    {
      name: 'three are connected and not Online',
      series: {
        [inState('connected')]: '10x40',
        [series('tto_tunnel_routers_online', GATEWAY, TUNNEL)]: '7x40',
      },
      at: '31m',
      fires: [{ labels: TUNNEL, value: '3' }],
    },
    {
      name: 'all are Online',
      series: {
        [inState('connected')]: '10x40',
        [inState('offline')]: '3x40',
        [series('tto_tunnel_routers_online', GATEWAY, TUNNEL)]: '10x40',
      },
      at: '40m',
      fires: [],
    },
  ],
  PoolNearlyExhausted: [
    {
      name: 'nine in ten subnets, as both replicas say',
      series: Object.fromEntries(
        CONTROLLERS.flatMap((one) => [
          [series('tto_class_subnets', one, { class: 'edge' }), '200x20'],
          [series('tto_class_subnets_used', one, { class: 'edge' }), '180x20'],
          [series('tto_class_ports', one, { class: 'edge' }), '1000x20'],
          [series('tto_class_ports_used', one, { class: 'edge' }), '180x20'],
        ]),
      ),
      at: '11m',
      fires: [{ labels: { class: 'edge' }, value: '90%' }],
    },
    {
      name: 'nearly all ports',
      series: { 'tto_class_ports{class="edge"}': '100x20', 'tto_class_ports_used{class="edge"}': '95x20' },
      at: '11m',
      fires: [{ labels: { class: 'edge' }, value: '95%' }],
    },
    {
      name: 'eight in ten of both',
      series: {
        'tto_class_subnets{class="edge"}': '10x20',
        'tto_class_subnets_used{class="edge"}': '8x20',
        'tto_class_ports{class="edge"}': '10x20',
        'tto_class_ports_used{class="edge"}': '8x20',
      },
      at: '20m',
      fires: [],
    },
  ],
  PoolExhausted: [
    {
      name: 'all subnets',
      series: { 'tto_class_subnets{class="edge"}': '10x9', 'tto_class_subnets_used{class="edge"}': '10x9' },
      at: '2m',
      fires: [{ labels: { class: 'edge' } }],
    },
    {
      name: 'all ports',
      series: { 'tto_class_ports{class="edge"}': '10x9', 'tto_class_ports_used{class="edge"}': '10x9' },
      at: '2m',
      fires: [{ labels: { class: 'edge' } }],
    },
    {
      name: 'one is left',
      series: { 'tto_class_subnets{class="edge"}': '10x9', 'tto_class_subnets_used{class="edge"}': '9x9' },
      at: '9m',
      fires: [],
    },
  ],
  RolloutStopped: [
    {
      name: 'two, as both replicas say',
      series: Object.fromEntries(
        CONTROLLERS.map((one) => [series('tto_profiles', one, { state: 'Stopped' }), '2x9']),
      ),
      at: '2m',
      fires: [{ labels: {}, value: '2' }],
    },
    {
      name: 'others are on their way',
      series: { 'tto_profiles{state="Stopped"}': '0x9', 'tto_profiles{state="RollingOut"}': '3x9' },
      at: '9m',
      fires: [],
    },
  ],
  BackupsFailing: [
    {
      name: 'none is kept any more',
      series: { [backups('failed')]: '0+1x300', [backups('unchanged')]: '40x300' },
      at: '3h',
      fires: [{ labels: { instance: GATEWAY.instance }, value: '100%' }],
    },
    {
      name: 'some routers do not answer, and some are too large',
      series: {
        [backups('failed')]: '0+1x300',
        [backups('tooLarge')]: '0+1x300',
        [backups('unchanged')]: '0+2x300',
      },
      at: '4h',
      fires: [],
    },
    {
      name: 'no class asks for any',
      series: {},
      at: '4h',
      fires: [],
    },
  ],
  AddressesNearlyExhausted: [
    {
      name: 'all are taken',
      series: {
        [series('tto_tunnel_addresses', FIRST, TUNNEL)]: '253x20',
        [series('tto_tunnel_addresses_used', FIRST, TUNNEL)]: '253x20',
      },
      at: '11m',
      fires: [{ labels: TUNNEL, value: '100%' }],
    },
    {
      name: 'half are taken',
      series: {
        [series('tto_tunnel_addresses', FIRST, TUNNEL)]: '253x20',
        [series('tto_tunnel_addresses_used', FIRST, TUNNEL)]: '126x20',
      },
      at: '20m',
      fires: [],
    },
  ],
  LedgerUnreadable: [
    {
      name: 'the leader cannot read one, the standby has read nothing',
      series: {
        [series('tto_controller_ledger_unreadable', FIRST)]: '1x9',
        [series('tto_controller_ledger_unreadable', SECOND)]: '0x9',
      },
      at: '2m',
      fires: [{ value: '1' }],
    },
    {
      name: 'all is well',
      series: { [series('tto_controller_ledger_unreadable', FIRST)]: '0x9' },
      at: '9m',
      fires: [],
    },
  ],
  ReconcileErrors: [
    {
      name: 'one Router fails each minute',
      series: { [reconciles('error')]: '0+1x30', [reconciles('success')]: '0+100x30' },
      at: '25m',
      fires: [{ labels: { controller: 'router' }, value: '10' }],
    },
    {
      name: 'a loop of one gateway fails',
      series: {
        [series('tto_gateway_reconciles_total', GATEWAY, { controller: 'tunnel', outcome: 'error' })]:
          '0+2x30',
      },
      at: '25m',
      fires: [{ labels: { controller: 'tunnel', instance: GATEWAY.instance }, value: '20' }],
    },
    {
      name: 'ten failed at once, and then none',
      series: { [reconciles('error')]: '0x2 10x30', [reconciles('requeueAfter')]: '0+100x30' },
      at: '25m',
      fires: [],
    },
    { name: 'much is put off', series: { [reconciles('stale')]: '0+100x30' }, at: '25m', fires: [] },
  ],
  QueueStuck: [
    {
      name: 'the oldest key waits ever longer',
      series: { [series('tto_controller_queue_wait_seconds', FIRST, { controller: 'router' })]: '0+60x30' },
      at: '20m',
      fires: [{ labels: { controller: 'router' }, value: '20m 0s' }],
    },
    {
      name: 'that of a gateway',
      series: { [series('tto_gateway_queue_wait_seconds', GATEWAY, { controller: 'tunnel' })]: '700x30' },
      at: '20m',
      fires: [{ labels: { controller: 'tunnel', instance: GATEWAY.instance }, value: '11m 40s' }],
    },
    {
      name: 'a bulk is worked off',
      series: {
        [series('tto_controller_queue_wait_seconds', FIRST, { controller: 'router' })]: '0+60x9 0x20',
      },
      at: '20m',
      fires: [],
    },
  ],
  ApiRequestsFailing: [
    {
      name: 'a role is wrong',
      series: { [requests('200')]: '0+90x30', [requests('403')]: '0+10x30' },
      at: '25m',
      fires: [{ labels: GATEWAY, value: '10%' }],
    },
    {
      name: 'nobody answers',
      series: { [requests('0')]: '0+30x30' },
      at: '25m',
      fires: [{ labels: GATEWAY, value: '100%' }],
    },
    {
      name: 'conflicts and what is not there are part of the work',
      series: { [requests('200')]: '0+90x30', [requests('409')]: '0+30x30', [requests('404')]: '0+30x30' },
      at: '25m',
      fires: [],
    },
    {
      name: 'one in a hundred',
      series: { [requests('200')]: '0+99x30', [requests('500')]: '0+1x30' },
      at: '25m',
      fires: [],
    },
  ],
  RelayCertificateExpiring: [
    {
      name: 'three days are left',
      series: { [certificate]: '260400x30' },
      at: '20m',
      fires: [{ labels: GATEWAY, value: '3d 0h 0m 0s' }],
    },
    {
      name: 'it has ended',
      series: { [certificate]: '600x30' },
      at: '20m',
      fires: [{ labels: GATEWAY, value: '-10m 0s' }],
    },
    { name: 'a month is left', series: { [certificate]: '2592000x30' }, at: '20m', fires: [] },
    { name: 'there is none', series: { [certificate]: '0x30' }, at: '20m', fires: [] },
  ],
  MetricsMissing: [
    {
      name: 'a gateway is not reached',
      series: { [series('up', GATEWAY)]: '1 0x10' },
      at: '7m',
      fires: [{ labels: GATEWAY }],
    },
    {
      name: 'some other job',
      series: { [series('up', { ...GATEWAY, job: 'node' })]: '0x10' },
      at: '9m',
      fires: [],
    },
    { name: 'it is read', series: { [series('up', GATEWAY)]: '1x10' }, at: '9m', fires: [] },
  ],
};
