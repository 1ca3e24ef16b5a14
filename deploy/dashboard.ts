/** The dashboard of Grafana, from a list of what it shows. */
import { PROFILES } from './dashboard-profiles.ts';
import { graph, type Panel, p99, query, type Row, stat } from './panels.ts';

interface Variable {
  readonly name: string;
  readonly label: string;
  readonly query: string;
  readonly isMany?: boolean;
}

const HEIGHTS = { stat: 4, timeseries: 8 } as const;
const JOBS = '{job=~"tenant-tunnel-(controller|gateway)-metrics"}';
const TUNNEL = 'namespace="$namespace",tunnel="$tunnel"';
const ROUTER = 'namespace="$namespace",router=~"$router"';

export const VARIABLES: readonly Variable[] = [
  { name: 'namespace', label: 'Namespace', query: 'label_values(tto_tunnel_programmed, namespace)' },
  {
    name: 'tunnel',
    label: 'TenantTunnel',
    query: 'label_values(tto_tunnel_programmed{namespace="$namespace"}, tunnel)',
  },
  {
    name: 'router',
    label: 'Router',
    query: 'label_values(tto_router_connected{namespace="$namespace"}, router)',
    isMany: true,
  },
];

export const ROWS: readonly Row[] = [
  {
    title: 'Fleet',
    panels: [
      stat('Routers', 'short', query('{{phase}}', 'max by (phase) (tto_routers_by_phase) > 0')),
      stat('Tunnels', 'short', query('{{state}}', 'max by (state) (tto_controller_tunnels)')),
      stat('Gateways', 'short', query('{{state}}', 'max by (state) (tto_gateways)')),
      stat(
        'Wrong now',
        'short',
        query('no leader', '1 - max(tto_controller_leading)'),
        query('tunnels not programmed', 'sum(tto_gateway_tunnels_failing)'),
        query('ledger unreadable', 'max(tto_controller_ledger_unreadable)'),
      ),
      graph(
        'Routers by state',
        'short',
        'Of all tunnels. Awaiting: never connected.',
        query('{{state}}', 'sum by (state) (tto_tunnel_routers)'),
        query('online', 'sum(tto_tunnel_routers_online)'),
      ),
      graph(
        'Routers that came or went',
        'short',
        'In five minutes. A provider that fails shows as a step of many.',
        query('{{to}}', 'sum by (to) (increase(tto_tunnel_transitions_total[5m]))'),
      ),
      graph(
        'Traffic',
        'Bps',
        'Of all tunnels.',
        query('from routers', 'sum(rate(tto_tunnel_received_bytes_total[$__rate_interval]))'),
        query('to routers', 'sum(rate(tto_tunnel_sent_bytes_total[$__rate_interval]))'),
      ),
    ],
  },
  {
    title: 'What is left',
    panels: [
      graph(
        'Subnets taken',
        'percentunit',
        'Of each TunnelClass. At 100 % no new tenant gets a tunnel.',
        query('{{class}}', 'max by (class) (tto_class_subnets_used / tto_class_subnets)'),
      ),
      graph(
        'Ports taken',
        'percentunit',
        'Of each TunnelClass.',
        query('{{class}}', 'max by (class) (tto_class_ports_used / tto_class_ports)'),
      ),
      graph(
        'Addresses taken',
        'percentunit',
        'Of the ten fullest tunnels. At 100 % no new Router of the tunnel gets an address.',
        query(
          '{{namespace}}/{{tunnel}}',
          'topk(10, max by (namespace, tunnel) (tto_tunnel_addresses_used / tto_tunnel_addresses))',
        ),
      ),
    ],
  },
  {
    title: 'Controller',
    panels: [
      graph(
        'Reconciles',
        'ops',
        'By controller and outcome. Errors are tried again.',
        query(
          '{{controller}} {{outcome}}',
          'sum by (controller, outcome) (rate(tto_controller_reconciles_total[$__rate_interval]))',
        ),
      ),
      graph(
        'Time of a reconcile (p99)',
        's',
        'By controller.',
        query('{{controller}}', p99('tto_controller_reconcile_seconds', 'controller')),
      ),
      graph(
        'Queues',
        'short',
        'Keys that wait.',
        query('{{controller}}', 'max by (controller) (tto_controller_queue_depth)'),
      ),
      graph(
        'Oldest key',
        's',
        'How long it has been waiting.',
        query('{{controller}}', 'max by (controller) (tto_controller_queue_wait_seconds)'),
      ),
      graph(
        'Requests to the API server',
        'ops',
        'Of controllers and agents, by HTTP status; 0: no reply.',
        query('{{status}}', 'sum by (status) (rate(tto_kube_request_seconds_count[$__rate_interval]))'),
      ),
      graph(
        'Time of a request (p99)',
        's',
        'By verb.',
        query('{{verb}}', p99('tto_kube_request_seconds', 'verb')),
      ),
    ],
  },
  {
    title: 'Gateways',
    panels: [
      graph(
        'Tunnels and peers',
        'short',
        'Of each gateway.',
        query('{{instance}} tunnels', 'tto_gateway_tunnels'),
        query('{{instance}} peers', 'tto_gateway_peers'),
      ),
      graph(
        'Sync lag',
        's',
        'How long the oldest change has been waiting to be on the node.',
        query('{{instance}}', 'tto_gateway_sync_lag_seconds'),
      ),
      graph(
        'Time of a change (p99)',
        's',
        'Of calls to the sidecar that change a tunnel.',
        query('{{instance}} {{call}}', p99('tto_gateway_tunnel_sync_seconds', 'instance, call')),
      ),
      graph(
        'Failures',
        'ops',
        'Of the loops of each agent, and of requests to each sidecar.',
        query(
          '{{instance}} {{controller}}',
          'sum by (instance, controller) (rate(tto_gateway_reconciles_total{outcome=~"error|terminalError"}[$__rate_interval]))',
        ),
        query(
          '{{instance}} {{method}} {{status}}',
          'sum by (instance, method, status) (rate(tto_sidecar_requests_total{status=~"5.."}[$__rate_interval]))',
        ),
      ),
      graph(
        'Attempts to configure a router',
        'ops',
        'By outcome.',
        query(
          '{{outcome}}',
          'sum by (outcome) (rate(tto_gateway_configuration_seconds_count[$__rate_interval]))',
        ),
      ),
      graph(
        'Time to read handshakes (p99)',
        's',
        'Of one tunnel.',
        query('{{instance}}', p99('tto_gateway_handshake_read_seconds', 'instance')),
      ),
      graph(
        'Memory',
        'bytes',
        'Resident, of each process.',
        query('{{pod}} {{instance}}', `process_resident_memory_bytes${JOBS}`),
      ),
      graph(
        'Processor time',
        'percentunit',
        'Of one processor, of each process.',
        query('{{pod}} {{instance}}', `rate(process_cpu_seconds_total${JOBS}[$__rate_interval])`),
      ),
      graph(
        'WireGuard',
        'short',
        'Connections into tunnels that are open; how often WireGuard of a tunnel ended by itself, in an hour.',
        query('{{instance}} connections', 'tto_sidecar_streams'),
        query('{{instance}} lost', 'increase(tto_sidecar_lost_total[1h])'),
      ),
    ],
  },
  PROFILES,
  {
    title: 'Tunnel $namespace/$tunnel',
    panels: [
      graph(
        'Routers',
        'short',
        'By state.',
        query('{{state}}', `sum by (state) (tto_tunnel_routers{${TUNNEL}})`),
        query('online', `sum(tto_tunnel_routers_online{${TUNNEL}})`),
      ),
      graph(
        'Traffic of the tunnel',
        'Bps',
        'Of all its routers.',
        query('from routers', `sum(rate(tto_tunnel_received_bytes_total{${TUNNEL}}[$__rate_interval]))`),
        query('to routers', `sum(rate(tto_tunnel_sent_bytes_total{${TUNNEL}}[$__rate_interval]))`),
      ),
      graph(
        'Latest handshake',
        's',
        'How long ago any router of it made one; beyond 180 s all are offline.',
        query('age', `time() - max(tto_tunnel_last_handshake_timestamp_seconds{${TUNNEL}})`),
      ),
    ],
  },
  {
    title: 'Routers (with metrics.routerSeries above 0)',
    panels: [
      graph(
        'Connected',
        'short',
        '2: connected and configured; 1: connected; 0: offline.',
        query(
          '{{router}}',
          `max by (router) (tto_router_connected{${ROUTER}} + tto_router_online{${ROUTER}})`,
        ),
      ),
      graph(
        'Traffic of a router',
        'Bps',
        'From it and to it.',
        query(
          '{{router}} from',
          `sum by (router) (rate(tto_router_received_bytes_total{${ROUTER}}[$__rate_interval]))`,
        ),
        query(
          '{{router}} to',
          `sum by (router) (rate(tto_router_sent_bytes_total{${ROUTER}}[$__rate_interval]))`,
        ),
      ),
      graph(
        'Times it came, and latest handshake',
        'short',
        'How often it connected in an hour; seconds since its latest handshake.',
        query('{{router}} came', `sum by (router) (increase(tto_router_connections_total{${ROUTER}}[1h]))`),
        query(
          '{{router}} s',
          `time() - max by (router) (tto_router_last_handshake_timestamp_seconds{${ROUTER}})`,
        ),
      ),
    ],
  },
];

const DATASOURCE = { type: 'prometheus', uid: '$datasource' };

export function dashboard(): string {
  let y = 0;
  const placed = ROWS.flatMap(({ title, panels }) => {
    const head = { type: 'row', title, collapsed: false, gridPos: { x: 0, y, w: 24, h: 1 }, panels: [] };
    const { items, end } = place(panels, y + 1);
    y = end;
    return [head, ...items];
  });
  const document = {
    uid: 'tenant-tunnel-operator',
    title: 'Tenant tunnels',
    description: 'Of tenant-tunnel-operator: fleet, pools, controller, gateways, each tunnel, each router.',
    tags: ['tenant-tunnel-operator', 'wireguard', 'mikrotik'],
    schemaVersion: 39,
    editable: true,
    refresh: '1m',
    time: { from: 'now-6h', to: 'now' },
    templating: { list: [datasourceVariable(), ...VARIABLES.map(variable)] },
    panels: placed.map((panel, at) => ({ id: at + 1, ...panel })),
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

/** From left to right, a new line where one does not fit or is of another height. */
function place(panels: readonly Panel[], top: number) {
  let [x, y, height] = [0, top, 0];
  const items = panels.map((panel) => {
    const h = HEIGHTS[panel.type];
    if (x + panel.width > 24 || (x > 0 && h !== height)) [x, y] = [0, y + height];
    height = h;
    const item = { ...shown(panel), gridPos: { x, y, w: panel.width, h } };
    x += panel.width;
    return item;
  });
  return { items, end: y + height };
}

const shown = ({ title, description, type, unit, queries }: Panel) => ({
  type,
  title,
  ...(description !== undefined && { description }),
  datasource: DATASOURCE,
  fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
  options:
    type === 'stat'
      ? { reduceOptions: { calcs: ['lastNotNull'] }, colorMode: 'none', textMode: 'value_and_name' }
      : { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi', sort: 'desc' } },
  targets: queries.map(({ expr, legend }, at) => ({
    refId: String.fromCharCode('A'.charCodeAt(0) + at),
    datasource: DATASOURCE,
    expr,
    legendFormat: legend,
  })),
});

const datasourceVariable = () => ({
  name: 'datasource',
  label: 'Data source',
  type: 'datasource',
  query: 'prometheus',
  current: {},
});

const variable = ({ name, label, query: text, isMany = false }: Variable) => ({
  name,
  label,
  type: 'query',
  datasource: DATASOURCE,
  query: { query: text, refId: name },
  definition: text,
  refresh: 2,
  sort: 1,
  multi: isMany,
  includeAll: isMany,
  ...(isMany && { allValue: '.*' }),
});
