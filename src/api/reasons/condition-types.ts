import type { ReasonDocument } from './documents.ts';

/** What each condition says when it is True. */
export const CONDITION_TYPES = {
  Allocated: {
    on: ['TenantTunnel', 'Router'],
    meaning:
      'Everything that never changes is given and recorded: a tunnel has index, interface, subnet and port; a router has address and keys.',
  },
  Programmed: {
    on: ['TenantTunnel', 'Router'],
    meaning: 'The gateway has it: the WireGuard interface of a tunnel, the peer of a router.',
  },
  Connected: { on: ['Router'], meaning: 'The last handshake is less than 180 seconds old.' },
  Configured: {
    on: ['Router'],
    meaning: 'The operator has logged in, read the facts of the router and set what is wanted.',
  },
  Unique: {
    on: ['Router'],
    meaning:
      'One router alone uses the key of this Router, and which one that is has changed. Absent while there was never a doubt; False where two use it.',
  },
  BackedUp: {
    on: ['Router'],
    meaning:
      'Its configuration is kept as it was when it was last asked for. Absent where its class does not ask for that (spec.router.backup); False stops nothing else.',
  },
  Routed: {
    on: ['Router'],
    meaning:
      'The networks behind the router that its manifest names are its own in the tunnel, all of them, and are handed to the gateway. A router without such networks does not have it.',
  },
  PoolPressure: {
    on: ['TunnelClass', 'TenantTunnel'],
    meaning:
      'Nine in ten, or all, are taken: of the subnets or ports of a class, of the addresses of a tunnel. False is well.',
  },
  PoolOverlap: {
    on: ['TunnelClass'],
    meaning:
      'The pools have networks that are in use elsewhere: by nodes, pods or Services of the cluster, or by another class. It stops nothing.',
  },
  ServicesReady: {
    on: ['TenantTunnel'],
    meaning:
      'Each of spec.services is open to routers and has an endpoint that is ready. Absent where there are none; the tunnel is Ready without.',
  },
  EndpointReady: {
    on: ['TenantTunnel'],
    meaning:
      "What routers connect to leads to the tunnel's node, as far as the cluster can see to that: the record for external-dns, or the load balancer. Absent with the endpoint mode Static, where it is not the operator's business. False keeps the tunnel from being Ready.",
  },
  EndpointFollowed: {
    on: ['TenantTunnel'],
    meaning:
      'Every router that was set up connects to the endpoint that the status names. False while they are brought from another one to it. Absent where that has never been needed.',
  },
  Accepted: {
    on: ['RouterProfile'],
    meaning:
      'The profile can be applied: what it refers to is there and may be read. While it is False no router is changed for it.',
  },
  Progressing: {
    on: ['RouterProfile'],
    meaning:
      'A revision of the profile is on its way to routers. False: all have their turn, or it has stopped.',
  },
  Ready: {
    on: ['TunnelClass', 'TenantTunnel', 'Router', 'RouterProfile'],
    meaning:
      'All of it: a router is Online, a tunnel is programmed, a class can be used, a profile is accepted and rolled out.',
  },
} as const satisfies Record<string, ReasonDocument>;

export type ConditionType = keyof typeof CONDITION_TYPES;

export interface ConditionReasonDocument extends ReasonDocument {
  /** The conditions that may have it. */
  readonly conditions: readonly ConditionType[];
}
