import type { ConditionReasonDocument } from './condition-types.ts';

/** Of pools, subnets and ports: pins that cannot be had, and how much is left. */
export const POOLS_REASONS = {
  AddressOutsidePool: {
    on: ['Router'],
    conditions: ['Allocated', 'Ready'],
    meaning:
      "The address in spec.address is not one that a router of this tunnel may have: it is outside the tunnel's subnet, among the tunnel's own first addresses, or the last of the subnet.",
    remedy: 'Write an address from the range in the message, or leave it out.',
  },
  SubnetOutsidePool: {
    on: ['TenantTunnel'],
    conditions: ['Allocated', 'Ready'],
    meaning: 'spec.subnet does not lie in a pool of the class, or lies in what the class excludes.',
    remedy: 'Write a subnet inside spec.pools of the TunnelClass, or add a pool there.',
  },
  SubnetTaken: {
    on: ['TenantTunnel'],
    conditions: ['Allocated', 'Ready'],
    meaning:
      'spec.subnet overlaps the subnet of another tunnel, and not both classes have subnetAssignment Equal.',
    remedy: 'Write another subnet or leave it out; the message names the other tunnel.',
  },
  PortTaken: {
    on: ['TenantTunnel'],
    conditions: ['Allocated', 'Ready'],
    meaning: 'Another tunnel listens on spec.listenPort.',
    remedy: 'Write another port or leave it out; the message names the other tunnel.',
  },
  PortOutsideRange: {
    on: ['TenantTunnel'],
    conditions: ['Allocated', 'Ready'],
    meaning: 'spec.listenPort is not among the ports of the class.',
    remedy: 'Write a port from spec.ports of the TunnelClass, or widen that range.',
  },
  PinChanged: {
    on: ['TenantTunnel'],
    conditions: ['Allocated', 'Ready'],
    meaning: 'spec.subnet or spec.listenPort differs from what the tunnel was given; that stays.',
    remedy: 'Write what was given, or delete the TenantTunnel and create it again with the other.',
  },
  InvalidPool: {
    on: ['TunnelClass', 'TenantTunnel'],
    conditions: ['Allocated', 'PoolPressure', 'PoolOverlap', 'Ready'],
    meaning:
      'The pools of the class cannot be used: they overlap, one is narrower than its subnets, or all is excluded.',
    remedy: 'Correct spec.pools or spec.exclude of the TunnelClass as the message says.',
  },
  Enough: {
    on: ['TunnelClass', 'TenantTunnel'],
    conditions: ['PoolPressure'],
    meaning: 'Less than nine in ten are taken.',
  },
  NearlyExhausted: {
    on: ['TunnelClass', 'TenantTunnel'],
    conditions: ['PoolPressure'],
    meaning:
      'Nine in ten are taken or more: of the subnets or ports of a class, or of the addresses of a tunnel.',
    remedy:
      'Add a pool to spec.pools of the TunnelClass or widen its spec.ports. A live tunnel cannot grow: delete Routers that are gone for good, or make a second tenant for further routers. See docs/capacity.md.',
  },
  Exhausted: {
    on: ['TunnelClass', 'TenantTunnel'],
    conditions: ['PoolPressure'],
    meaning:
      'All are taken: of the subnets or ports of a class, or of the addresses of a tunnel. What is there works on; what is new waits, and goes on by itself.',
    remedy:
      'As for NearlyExhausted. What was deleted comes free when its quarantine is over (spec.quarantineSeconds of the TunnelClass).',
  },
  NoOverlap: {
    on: ['TunnelClass'],
    conditions: ['PoolOverlap'],
    meaning: 'Nothing else that is known of uses networks of the pools.',
  },
  Overlap: {
    on: ['TunnelClass'],
    conditions: ['PoolOverlap'],
    meaning:
      'The message names what else uses networks of the pools. A tunnel is in a network namespace of its own, so with nodes, pods and Services it does not collide; but an address then does not say whose it is. With another class, no subnet is given twice: the two share what they have in common.',
    remedy:
      'Nothing, unless you mean to route from the cluster into tunnels: then write these networks into spec.exclude, or use other pools.',
  },
  PoolExhausted: {
    on: ['TenantTunnel'],
    conditions: ['Allocated', 'Ready'],
    meaning: 'The class has no free subnet or port left.',
    remedy:
      'Add a pool to spec.pools or widen spec.ports of the TunnelClass, or delete tunnels; this one goes on by itself.',
  },
  AddressPoolExhausted: {
    on: ['Router'],
    conditions: ['Allocated', 'Ready'],
    meaning: "Every address of the tunnel's subnet is in use or in quarantine.",
    remedy:
      'Delete Routers that are gone for good, or shorten spec.quarantineSeconds of the TunnelClass. A live tunnel cannot grow: make a second tenant for further routers.',
  },
  SubnetUnavailable: {
    on: ['TenantTunnel'],
    conditions: ['Allocated'],
    meaning:
      'The class names a pool for IPv6, and the tunnel has no network out of it; the message says why. IPv4 works as it does everywhere.',
    remedy: 'Correct spec.ipv6.pool of the class, or give it another pool.',
  },
} as const satisfies Record<string, ConditionReasonDocument>;
