import { s } from '../schema/builder.ts';
import type { Infer } from '../schema/schema.ts';
import { profileReports } from './profile-report.ts';
import { conditions, observedGeneration, text } from './status.ts';

/** Most networks behind one router. */
export const MAX_ROUTER_SUBNETS = 16;

export const ROUTER_PHASES = [
  'Pending',
  'AwaitingConnection',
  'VPNConnected',
  'Configuring',
  'Online',
  'Offline',
  'Suspended',
  'Error',
] as const;

/** What a status may hold, in characters and items: whoever writes what a router said cuts it to these first. */
export const ROUTER_STATUS_LIMITS = {
  script: 65_536,
  fact: 256,
  interfaces: 256,
  interfaceFact: 128,
} as const;

const { script, fact, interfaces, interfaceFact } = ROUTER_STATUS_LIMITS;

const routerInterface = s.object(
  {
    name: text('Name of the interface, e.g. "ether1".', interfaceFact),
    type: s.optional(text('Type as RouterOS has it, e.g. "ether".', interfaceFact)),
    macAddress: s.optional(text('Hardware address, e.g. "48:A9:8A:00:00:01".', interfaceFact)),
    running: s.optional(s.boolean({ description: 'Whether the link is up.' })),
    disabled: s.optional(s.boolean({ description: 'Whether somebody turned it off.' })),
  },
  { description: 'One interface of the router.' },
);

export const routerStatus = s.object(
  {
    observedGeneration: s.optional(observedGeneration),
    phase: s.optional(
      s.choice(ROUTER_PHASES, {
        description:
          'Pending: no address yet. AwaitingConnection: paste the script. VPNConnected: first handshake seen. Configuring: being logged in to. Online: connected and configured. Offline: no handshake for 180 seconds. Suspended: cut off by spec.suspended. Error: see the conditions.',
      }),
    ),
    address: s.optional(text('The router\'s address in the tunnel, e.g. "10.100.1.1".', 64)),
    address6: s.optional(
      text(
        'Its IPv6 address in the tunnel, e.g. "fd12:3456:789a::101"; absent in a tunnel that has none. The gateway lets it in from the moment it stands here; the router has it by a script that was made since.',
        64,
      ),
    ),
    subnets: s.optional(
      s.set(text('An IPv4 network, e.g. "192.168.88.0/24".', 64), {
        description: "Networks of spec.subnets that are the router's own in its tunnel and routed to it.",
        maxItems: MAX_ROUTER_SUBNETS,
      }),
    ),
    publicKey: s.optional(text("The router's WireGuard public key, base64.", 64)),
    tunnel: s.optional(text('The TenantTunnel it belongs to, as namespace/name.', 320)),
    script: s.optional(text('What to paste into the terminal of the router. It holds secrets.', script)),
    credentials: s.optional(
      s.object(
        {
          revision: s.integer({
            description:
              'Number of the password that the router was last found to have; 0 is that of its first script.',
            minimum: 0,
            maximum: Number.MAX_SAFE_INTEGER,
          }),
          key: s.optional(
            s.object(
              {
                publicKey: text('The public key of it, base64. The private one never leaves the router.', 64),
                after: text('The public key that the router had before it.', 64),
                inUse: s.optional(
                  s.boolean({
                    description: 'Whether the router was found to use it. Absent: it is only made.',
                  }),
                ),
              },
              { description: 'The WireGuard key that the router has made for itself.' },
            ),
          ),
        },
        {
          description:
            'Which of its passwords the router has, by number, and which key it has made for itself. Absent while it has those of its first script.',
        },
      ),
    ),
    model: s.optional(text('Board, as the router says, e.g. "hAP ax3".', fact)),
    version: s.optional(text('RouterOS version, as the router says, e.g. "7.16.2 (stable)".', fact)),
    serialNumber: s.optional(text('Serial number, as the router says.', fact)),
    interfaces: s.optional(
      s.list(routerInterface, {
        description: 'Interfaces, as the router says; at most 256 of them.',
        maxItems: interfaces,
      }),
    ),
    lastHandshakeTime: s.optional(
      s.time({
        description:
          'Latest handshake when this status was last written. A mere handshake writes nothing; exact times are metrics.',
      }),
    ),
    lastSeen: s.optional(
      s.time({ description: 'When the router last answered or shook hands, as of the last write.' }),
    ),
    profiles: s.optional(profileReports),
    conditions: s.optional(conditions),
  },
  { description: 'What is observed of the router.' },
);

export type RouterPhase = (typeof ROUTER_PHASES)[number];
export type RouterInterface = Infer<typeof routerInterface>;
export type RouterStatus = Infer<typeof routerStatus>;
