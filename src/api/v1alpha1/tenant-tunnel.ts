import { s } from '../schema/builder.ts';
import type { Infer, InferWritten, Rule } from '../schema/schema.ts';
import { dnsLabel, ipv4Network, objectName, port, prefixLengthBetween } from './formats.ts';
import { frozen } from './frozen.ts';
import { conditions, count, observedGeneration, text } from './status.ts';
import { LONGEST_TUNNEL_PREFIX, ROUTER_TO_ROUTER, SHORTEST_TUNNEL_PREFIX } from './tunnel-class.ts';

/** In `allowedNamespaces`: the Routers of every namespace. */
export const ALL_NAMESPACES = '*';

const service = s.object(
  {
    name: dnsLabel({ description: 'What the service is called here, e.g. "radius-auth".' }),
    protocol: s.choice(['UDP', 'TCP'], { description: 'UDP or TCP.' }),
    port: port({ description: "Port on the tunnel's server address that routers use, e.g. 1812." }),
    service: s.object(
      {
        name: dnsLabel({ description: 'Name of the Kubernetes Service, e.g. "freeradius".' }),
        namespace: s.optional(
          dnsLabel({
            description:
              'Namespace of the Service. Default: that of the TenantTunnel. One of another namespace must be among services.shared of the TunnelClass.',
          }),
        ),
        port: port({ description: 'Port of the Service, e.g. 1812.' }),
      },
      { description: 'The Kubernetes Service behind it.' },
    ),
    proxyProtocol: s.optional(
      s.boolean({
        description:
          'Whether the Service is told which router asks, by a PROXY protocol v2 header at the head of each connection (TCP) or datagram (UDP); it must expect one. Default false: it sees the gateway node.',
      }),
    ),
  },
  { description: 'One port on the server address and the Service behind it.' },
);

export const tenantTunnelSpec = s.object(
  {
    tenant: s.optional(
      dnsLabel({
        description:
          'The tenant whose tunnel this is, unique in the cluster, e.g. "acme". Default: the name of this object. It never changes.',
      }),
    ),
    className: s.optional(
      objectName({
        description:
          'The TunnelClass to make it from, e.g. "edge". Default: the class marked as default when the tunnel is allocated.',
      }),
    ),
    subnet: s.optional(
      ipv4Network({
        description:
          'Pins the subnet to what a fleet already uses, e.g. "10.117.0.0/16"; it must lie in a pool of the class. Default: the next free one. Once the tunnel has a subnet, it never changes.',
        rules: [
          prefixLengthBetween(
            SHORTEST_TUNNEL_PREFIX,
            LONGEST_TUNNEL_PREFIX,
            'a tunnel holds at most 65,279 routers, and below a /28 hardly one',
          ),
        ],
      }),
    ),
    listenPort: s.optional(
      port({
        description:
          "Pins the UDP port to what a fleet already uses, e.g. 51837; it must lie in the ports of the class. Default: that of the tunnel's index. Once the tunnel has a port, it never changes.",
      }),
    ),
    mtu: s.optional(
      s.integer({
        description: 'Largest packet inside the tunnel, in bytes. Default: that of the class.',
        minimum: 1280,
        maximum: 9000,
      }),
    ),
    persistentKeepaliveSeconds: s.optional(
      s.integer({
        description:
          'How often a silent router sends a packet, in seconds; 0 turns it off. Default: that of the class.',
        minimum: 0,
        maximum: 65535,
      }),
    ),
    routerToRouter: s.optional(
      s.choice(ROUTER_TO_ROUTER, {
        description:
          'Whether the routers of this tunnel, and the networks behind them, reach each other: Allow or Deny. Default: that of the class.',
      }),
    ),
    services: s.optional(
      s.listMap(service, ['name'], {
        description:
          'What routers may reach through the tunnel, each on a port of its server address, e.g. RADIUS. Default nothing.',
        maxItems: 32,
        rules: [
          {
            rule: 'self.all(a, self.exists_one(b, b.protocol == a.protocol && b.port == a.port))',
            message: 'write each protocol and port once: two of the services have the same',
          },
        ],
      }),
    ),
    allowedNamespaces: s.optional(
      s.set(
        s.string({
          description: 'The name of a namespace, or "*" for all.',
          maxLength: 253,
          rules: [
            {
              rule: "self == '*' || self.matches(r'^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$')",
              message: 'write the name of a namespace, for example "billing", or "*" for all',
            },
          ],
        }),
        {
          description:
            'Namespaces whose Routers may join beside those of its own, e.g. ["billing"], or ["*"] for all. Default: its own only.',
          maxItems: 64,
        },
      ),
    ),
  },
  {
    description: 'What is wanted of the tunnel.',
    rules: [
      {
        rule: 'has(self.tenant) == has(oldSelf.tenant) && (!has(self.tenant) || self.tenant == oldSelf.tenant)',
        message:
          'the tenant of a tunnel never changes: put back what it was, or create another TenantTunnel for the other tenant',
        reason: 'FieldValueForbidden',
        fieldPath: '.tenant',
      },
    ],
  },
);

/** On the whole object: what spans spec, status and name. */
export const tenantTunnelRules: Rule[] = [
  {
    rule: "has(self.spec.tenant) || self.metadata.name.matches(r'^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$')",
    message:
      'write spec.tenant: the name of this object cannot stand for the tenant, since it is not made of lower-case letters, digits and "-" only',
    reason: 'FieldValueRequired',
    fieldPath: '.spec.tenant',
  },
  frozen('subnet', 'subnet', 'tunnel'),
  frozen('listenPort', 'listenPort', 'tunnel'),
];

/** Routers that a TenantTunnel's status names at most in `endpointChange`. */
export const MAX_ENDPOINT_NAMES = 100;

const endpointChange = s.object(
  {
    to: text('The new endpoint, as host:port.', 320),
    changed: count({ description: 'Routers that were found to have it, or were given it.' }),
    pending: count({ description: 'Routers that do not have it yet: not Online, or not tried so far.' }),
    failed: count({
      description:
        'Routers that did not get there, and went back to the endpoint before. They are tried again.',
    }),
    names: s.optional(
      s.list(text('A Router, as namespace/name.', 320), {
        description:
          'Routers behind pending and failed, at most 100 of them. Once the old endpoint leads nowhere, these need a script again.',
        maxItems: MAX_ENDPOINT_NAMES,
      }),
    ),
  },
  {
    description:
      'While routers are brought to another endpoint, over their tunnels: how far that is. Absent as soon as all have it: until then the endpoint before must work as well. See docs/endpoints.md.',
  },
);

export const TENANT_TUNNEL_PHASES = ['Pending', 'Active', 'Inactive', 'Error'] as const;

export const tenantTunnelStatus = s.object(
  {
    observedGeneration: s.optional(observedGeneration),
    phase: s.optional(
      s.choice(TENANT_TUNNEL_PHASES, {
        description:
          'Pending: not allocated yet. Active: programmed, with at least one router connected. Inactive: programmed, none connected. Error: see the conditions.',
      }),
    ),
    index: s.optional(
      count({
        description: 'Number of the tunnel in the cluster, from 0; interface and port follow from it.',
      }),
    ),
    interfaceName: s.optional(text('WireGuard interface on the gateway, e.g. "wg0".', 15)),
    subnet: s.optional(text('The tunnel\'s subnet, e.g. "10.100.0.0/16".', 64)),
    serverAddress: s.optional(text('The server\'s address in the tunnel, e.g. "10.100.0.1".', 64)),
    subnet6: s.optional(
      text(
        'The tunnel\'s IPv6 network, e.g. "fd12:3456:789a::/64"; absent while its class names no pool. It never changes once it is given.',
        64,
      ),
    ),
    serverAddress6: s.optional(
      text('The server\'s IPv6 address in the tunnel, e.g. "fd12:3456:789a::1".', 64),
    ),
    listenPort: s.optional(port({ description: 'UDP port that the gateway listens on, e.g. 51820.' })),
    endpoint: s.optional(text('What routers connect to, as host:port, e.g. "vpn.example.com:51820".', 320)),
    endpointChange: s.optional(endpointChange),
    publicKey: s.optional(text("The server's WireGuard public key, base64.", 64)),
    gateway: s.optional(text('The node that carries the tunnel.', 253)),
    routers: s.optional(
      s.object(
        {
          total: s.withDefault(count({ description: 'Routers of the tunnel that have an address.' }), 0),
          connected: s.withDefault(
            count({ description: 'Routers with a handshake in the last 180 seconds.' }),
            0,
          ),
          online: s.withDefault(count({ description: 'Routers that are connected and configured.' }), 0),
        },
        { description: 'How many routers there are.' },
      ),
    ),
    lastHandshakeTime: s.optional(
      s.time({ description: 'Latest handshake of any router when this status was last written.' }),
    ),
    conditions: s.optional(conditions),
  },
  { description: 'What is observed of the tunnel.' },
);

export type TenantTunnelSpec = Infer<typeof tenantTunnelSpec>;
export type TenantTunnelSpecWritten = InferWritten<typeof tenantTunnelSpec>;
export type TenantTunnelStatus = Infer<typeof tenantTunnelStatus>;
export type EndpointChange = Infer<typeof endpointChange>;
