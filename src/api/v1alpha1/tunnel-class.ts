import { s } from '../schema/builder.ts';
import type { Infer, InferWritten } from '../schema/schema.ts';
import {
  dnsLabel,
  host,
  ipv4Network,
  ipv6Pool,
  labelValue,
  managementUser,
  objectName,
  port,
  prefixLengthBetween,
} from './formats.ts';
import { rolloutSpec } from './rollout.ts';
import { routerBackup } from './router-backup.ts';

/** The annotation that marks the default class, with the value `"true"`, as for a StorageClass. */
export const DEFAULT_CLASS_ANNOTATION = 'vpn.traidnet.io/is-default-class';

/**
 * Bounds of a tunnel's subnet. A /16 holds 65,279 routers, the most that one tunnel is measured with; below a /28,
 * which holds 13, there is hardly room for more than the server.
 */
export const SHORTEST_TUNNEL_PREFIX = 16;
export const LONGEST_TUNNEL_PREFIX = 28;

/** Whether routers of one tunnel reach each other. */
export const ROUTER_TO_ROUTER = ['Allow', 'Deny'] as const;

/** 10.100.0.0 to 10.255.255.255, as 156 subnets of 65,536 addresses. */
export const DEFAULT_POOLS = ['10.100.0.0/14', '10.104.0.0/13', '10.112.0.0/12', '10.128.0.0/9'].map(
  (cidr) => ({ cidr, prefixLength: 16 }),
);
export const DEFAULT_FIRST_PORT = 51820;
export const DEFAULT_LAST_PORT = 65535;
/** WireGuard's own choice for a path of 1500 bytes that may be IPv6. */
export const DEFAULT_MTU = 1420;
export const DEFAULT_KEEPALIVE_SECONDS = 25;
export const DEFAULT_QUARANTINE_SECONDS = 86_400;
export const DEFAULT_RESTORE_GRACE_SECONDS = 3_600;
export const DEFAULT_MANAGEMENT_USER = 'tenant-tunnel';
export const DEFAULT_API_PORT = 8728;
export const DEFAULT_OWN_KEYS = true;

const pool = s.object(
  {
    cidr: ipv4Network({
      description: 'An IPv4 network to cut into subnets, e.g. "10.128.0.0/9".',
      rules: [prefixLengthBetween(8, LONGEST_TUNNEL_PREFIX, 'a pool is at least as wide as one subnet')],
    }),
    prefixLength: s.withDefault(
      s.integer({
        description:
          "Length of the subnets cut from it, 16 to 28. Default 16 (65,279 routers a tunnel); 20 holds 3,839, 22 holds 767, 24 holds 253, 28 holds 13. Down to 23 the first 256 addresses are the tunnel's own, from 24 on the first two.",
        // As wide as that of any network, so that what is no tunnel's is refused with a sentence.
        minimum: 0,
        maximum: 128,
        rules: [
          {
            rule: `self >= ${SHORTEST_TUNNEL_PREFIX} && self <= ${LONGEST_TUNNEL_PREFIX}`,
            message: `write a prefixLength from ${SHORTEST_TUNNEL_PREFIX} (65,279 routers a tunnel) to ${LONGEST_TUNNEL_PREFIX} (13 routers)`,
          },
        ],
      }),
      16,
    ),
  },
  {
    description: 'A network that tunnels get their subnets from, one subnet a tunnel, in ascending order.',
    rules: [
      {
        rule: `!isCIDR(self.cidr) || cidr(self.cidr).prefixLength() > ${LONGEST_TUNNEL_PREFIX} || cidr(self.cidr).prefixLength() <= self.prefixLength`,
        message: 'write a prefixLength of at least that of cidr: a subnet cannot be wider than its pool',
        messageExpression:
          "'write a prefixLength of at least %d: a subnet cannot be wider than its pool %s'.format([cidr(self.cidr).prefixLength(), self.cidr])",
        fieldPath: '.prefixLength',
      },
    ],
  },
);

const ports = s.object(
  {
    first: s.withDefault(
      port({ description: 'UDP port of tunnel 0; tunnel N gets this plus N. Default 51820.' }),
      DEFAULT_FIRST_PORT,
    ),
    last: s.withDefault(
      port({ description: 'The last UDP port that a tunnel may get. Default 65535.' }),
      DEFAULT_LAST_PORT,
    ),
  },
  {
    description: 'UDP ports that tunnels listen on, on their gateway node.',
    rules: [
      {
        rule: 'self.first <= self.last',
        message: 'write a last port that is not below the first',
        fieldPath: '.last',
      },
    ],
  },
);

const services = s.object(
  {
    shared: s.optional(
      s.list(
        s.object(
          {
            namespace: dnsLabel({ description: 'Namespace of the Service, e.g. "aaa".' }),
            name: s.optional(
              dnsLabel({
                description: 'Name of the Service, e.g. "freeradius". Default: each of that namespace.',
              }),
            ),
          },
          { description: 'A Service, or all of a namespace.' },
        ),
        {
          description:
            'Services that every tunnel of this class may name, e.g. the RADIUS server of the provider. Default none: a TenantTunnel may name Services of its own namespace only.',
          maxItems: 64,
        },
      ),
    ),
    packetsPerSecond: s.optional(
      s.integer({
        description:
          'UDP packets that one router may send to services, a second, and twice as many in a burst; what is beyond is dropped. Default 200.',
        minimum: 1,
        maximum: 100_000,
      }),
    ),
  },
  { description: 'What TenantTunnels of this class may let routers reach.' },
);

/** Where routers find a tunnel; see docs/endpoints.md. */
export const ENDPOINT_MODES = ['Static', 'Node', 'LoadBalancer'] as const;

/** As long as with `wg65535.` before it it is still a name that DNS knows. */
const LONGEST_DOMAIN = 240;

const loadBalancer = s.object(
  {
    annotations: s.optional(
      s.map(s.string({ description: 'Value of the annotation.', maxLength: 4096 }), {
        description:
          'Annotations for each tunnel\'s Service, as the controller of the load balancers reads them, e.g. {"service.beta.kubernetes.io/aws-load-balancer-type": "nlb"}. Default none.',
        maxProperties: 32,
      }),
    ),
    loadBalancerClass: s.optional(
      s.string({
        description:
          'Who makes the load balancers, e.g. "io.cilium/bgp-control-plane". Default: the cloud of the cluster. A Service that is there keeps what it has.',
        maxLength: 512,
        rules: [
          {
            rule: "self.matches(r'^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$')",
            message:
              'write a class of load balancers as its controller names it, for example "example.com/internal"',
          },
        ],
      }),
    ),
  },
  { description: 'What the Service of a tunnel has beside its port. With mode LoadBalancer only.' },
);

const endpoint = s.object(
  {
    mode: s.withDefault(
      s.choice(ENDPOINT_MODES, {
        description:
          "Where the endpoint comes from. Static (default): it is host, and you lead that to the gateways. Node: a name for each tunnel, wgN.host, which external-dns keeps at the address of the tunnel's node. LoadBalancer: a Service of that type for each tunnel, which leads to its node. See docs/endpoints.md.",
      }),
      'Static',
    ),
    host: s.optional(
      host({
        description:
          'With mode Static the DNS name or IP address at which routers reach the gateways from outside, e.g. "vpn.example.com". With Node a domain that external-dns may write: tunnel wg3 gets wg3.vpn.example.com. With LoadBalancer the same, or nothing: then routers get what the load balancer has, which changes with it. It is written into every router: prefer a name that you can move.',
      }),
    ),
    loadBalancer: s.optional(loadBalancer),
  },
  {
    description: "What routers connect to; the port is the tunnel's own.",
    rules: [
      {
        rule: "self.mode == 'LoadBalancer' || has(self.host)",
        message:
          'write what routers connect to: with mode Static a DNS name or an IP address, with mode Node the domain of the names that tunnels get, for example "vpn.example.com"',
        reason: 'FieldValueRequired',
        fieldPath: '.host',
      },
      {
        rule: `self.mode == 'Static' || !has(self.host) || (!isIP(self.host) && self.host.size() <= ${LONGEST_DOMAIN})`,
        message: `write a domain of at most ${LONGEST_DOMAIN} characters, not an address: each tunnel gets a name below it, for example wg3.vpn.example.com`,
        fieldPath: '.host',
      },
      {
        rule: "self.mode == 'LoadBalancer' || !has(self.loadBalancer)",
        message: 'leave loadBalancer out, or set mode to LoadBalancer: no other mode reads it',
        fieldPath: '.loadBalancer',
      },
    ],
  },
);

const profileRef = s.object(
  {
    namespace: dnsLabel({ description: 'Namespace of the RouterProfile, e.g. "network-team".' }),
    name: objectName({ description: 'Name of the RouterProfile, e.g. "hardened".' }),
  },
  { description: 'A RouterProfile of any namespace.' },
);

export const tunnelClassSpec = s.object(
  {
    pools: s.withDefault(
      s.list(pool, {
        description:
          'Networks that tunnels get their subnets from. Default: 10.100.0.0/16 to 10.255.0.0/16, 156 tunnels. For 1,000 and more write a longer prefixLength, e.g. 20 (3,839 routers a tunnel): see docs/capacity.md. Pools may be added at any time; one in which tunnels live stays.',
        minItems: 1,
        maxItems: 16,
        rules: [
          {
            rule: 'self.all(a, !isCIDR(a.cidr) || self.exists_one(b, !isCIDR(b.cidr) || cidr(a.cidr).containsCIDR(b.cidr)))',
            message: 'write each network once: one of the pools lies inside another',
          },
        ],
      }),
      DEFAULT_POOLS,
    ),
    exclude: s.withDefault(
      s.list(
        ipv4Network({ description: 'An IPv4 network that no new tunnel may overlap, e.g. "10.140.0.0/16".' }),
        {
          description:
            'Networks inside the pools that no new tunnel gets a subnet in, e.g. an office that routers reach too. Tunnels that live there stay. Default none.',
          maxItems: 64,
        },
      ),
      [],
    ),
    ipv6: s.optional(
      s.object(
        {
          pool: ipv6Pool({
            description:
              'An IPv6 network of your own, a /48 or a wider one, e.g. "fd12:3456:789a::/48": tunnel N gets its /64 with number N. Unique local (fc00::/7, see RFC 4193 for how to choose one) or global unicast. Several classes may name the same.',
          }),
        },
        {
          description:
            'Lets tunnels of this class carry IPv6 beside IPv4. Default: they carry IPv4 alone. May be added at any time; a tunnel that was given its /64 keeps it, whatever becomes of this. See docs/ipv6.md.',
        },
      ),
    ),
    subnetAssignment: s.withDefault(
      s.choice(['Distinct', 'Equal'], {
        description:
          'Whether tunnels may have equal subnets. Distinct (default): each has one of its own. Equal: each gets the first subnet that no tunnel of a Distinct class has, e.g. all of them 10.100.0.0/16; index and port tell them apart, and the network namespace of each keeps them apart.',
      }),
      'Distinct',
    ),
    ports: s.withDefault(ports, {}),
    endpoint,
    gateway: s.withDefault(
      s.object(
        {
          nodeSelector: s.withDefault(
            s.map(labelValue({ description: "Value that the node's label must have." }), {
              description:
                'Labels that a node must have to be a gateway of this class, e.g. {"vpn.traidnet.io/edge": "true"}. Default none: every node with a running agent.',
              maxProperties: 16,
            }),
            {},
          ),
          placement: s.withDefault(
            s.choice(['Spread', 'Together'], {
              description:
                'How tunnels are placed when there are several gateways. Spread (default): each goes to the node with the fewest. Together: all go to one node, and when that is lost all to another; for an endpoint that leads to one node at a time, e.g. a floating IP. Tunnels that are placed already stay where they are.',
            }),
            'Spread',
          ),
        },
        { description: 'Which nodes may carry tunnels of this class, and how they are placed there.' },
      ),
      {},
    ),
    mtu: s.withDefault(
      s.integer({
        description:
          'Largest packet inside the tunnel, in bytes, at both ends. Default 1420, which fits a path of 1500 bytes; 1412 behind PPPoE.',
        minimum: 1280,
        maximum: 9000,
      }),
      DEFAULT_MTU,
    ),
    persistentKeepaliveSeconds: s.withDefault(
      s.integer({
        description:
          'How often a router sends a packet when there is nothing else, in seconds, so that its NAT stays open. Default 25; 0 turns it off, and the server then cannot reach a router that is silent.',
        minimum: 0,
        maximum: 65535,
      }),
      DEFAULT_KEEPALIVE_SECONDS,
    ),
    routerToRouter: s.withDefault(
      s.choice(ROUTER_TO_ROUTER, {
        description:
          'Whether routers of one tunnel, and the networks behind them, reach each other. Allow (default): they do. Deny: each reaches the server alone. A tunnel may say otherwise; a change holds at once, and no router notices. Never does anything reach another tunnel.',
      }),
      'Allow',
    ),
    quarantineSeconds: s.withDefault(
      s.integer({
        description:
          'How long the address of a deleted router stays unused, in seconds. Default 86400, one day; 0 frees it at once.',
        minimum: 0,
        maximum: 31_536_000,
      }),
      DEFAULT_QUARANTINE_SECONDS,
    ),
    services: s.optional(services),
    restoreGraceSeconds: s.withDefault(
      s.integer({
        description:
          'How long the keys and the log-in of a deleted router are kept, in seconds: applied again within that time under its name, as out of a backup, it gets them back and nothing has to be pasted. Its peer goes at once all the same. At most as long as quarantineSeconds. Default 3600, one hour; 0 forgets them at once.',
        minimum: 0,
        maximum: 31_536_000,
      }),
      DEFAULT_RESTORE_GRACE_SECONDS,
    ),
    router: s.withDefault(
      s.object(
        {
          managementUser: s.withDefault(
            managementUser({
              description:
                'The RouterOS user that the operator makes for itself on each router. Default "tenant-tunnel".',
            }),
            DEFAULT_MANAGEMENT_USER,
          ),
          apiPort: s.withDefault(
            port({ description: 'TCP port of the RouterOS API on each router. Default 8728.' }),
            DEFAULT_API_PORT,
          ),
          presharedKeys: s.withDefault(
            s.boolean({
              description:
                'Whether each router also gets a pre-shared key, against an attacker with a quantum computer. Default false.',
            }),
            false,
          ),
          ownKeys: s.withDefault(
            s.boolean({
              description:
                'Whether a router, once its script was used, makes a WireGuard key of its own in place of the one that stood there, which then opens nothing any more. Default true.',
            }),
            DEFAULT_OWN_KEYS,
          ),
          passwordDays: s.optional(
            s.integer({
              description:
                'After how many days a router is given another password to be logged in to with, e.g. 90; spread over the last fifth of them, so that a fleet does not change at once. Default: only after its script was used, and when spec.credentials.rotate of the Router asks for it.',
              minimum: 1,
              maximum: 3650,
            }),
          ),
          backup: s.optional(routerBackup),
        },
        { description: 'Defaults for the routers of this class.' },
      ),
      {},
    ),
    profiles: s.optional(
      s.list(profileRef, {
        description:
          'RouterProfiles that the routers of this class get before those of their own namespace, in this order, e.g. [{"namespace": "network-team", "name": "hardened"}]. A profile with a selector is for the routers that it chooses. Default none.',
        maxItems: 16,
      }),
    ),
    rollout: s.optional(rolloutSpec),
  },
  {
    description: 'How tunnels of this class are made. What a live tunnel was given does not change with it.',
  },
);

export type TunnelClassSpec = Infer<typeof tunnelClassSpec>;
export type TunnelClassSpecWritten = InferWritten<typeof tunnelClassSpec>;
