import type { ConditionReasonDocument } from './condition-types.ts';

/** Of what routers connect to. */
export const ENDPOINT_REASONS = {
  Published: {
    on: ['TenantTunnel'],
    conditions: ['EndpointReady'],
    meaning:
      'The message says what routers are told, and where that leads. Whether external-dns has written the record is for external-dns to say.',
  },
  EndpointChanging: {
    on: ['TenantTunnel'],
    conditions: ['EndpointFollowed'],
    meaning:
      'The tunnel has another endpoint, and its routers are brought to it, over the tunnel: one alone first, then the others. The message says how many are not there yet.',
    remedy:
      'Keep the endpoint before working until this is over. Routers in status.endpointChange.names that do not come Online need a script again.',
  },
  EndpointChangeFailed: {
    on: ['TenantTunnel'],
    conditions: ['EndpointFollowed'],
    meaning:
      'A router that was given the new endpoint did not reach the tunnel there, and went back to the one before by itself. No other router is changed until one has got there; it is tried again.',
    remedy:
      "See that the new endpoint leads UDP of the tunnel's port to its node, and that its name can be resolved by routers; or put the old one back into the class. Keep the old one working.",
  },
  Followed: {
    on: ['TenantTunnel'],
    conditions: ['EndpointFollowed'],
    meaning: 'All routers of the tunnel were brought to its endpoint; the one before is not needed any more.',
  },
  LoadBalancerPending: {
    on: ['TenantTunnel'],
    conditions: ['EndpointReady', 'Ready'],
    meaning:
      "Whoever makes load balancers has given the tunnel's Service no address yet. Routers that were given a script keep it; new ones wait for theirs.",
    remedy:
      'See the Events of the Service that the message names: kubectl describe service -n tenant-tunnel-gateways NAME. Without any, nobody makes load balancers in this cluster, or not of this class.',
  },
  NoNodeAddress: {
    on: ['TenantTunnel'],
    conditions: ['EndpointReady', 'Ready'],
    meaning:
      "The tunnel's node has no address that the endpoint could lead to. What led to it before still does.",
    remedy:
      'See kubectl get node NAME -o wide: the cloud controller or the kubelet (--node-ip) gives a node its addresses.',
  },
  ServiceConflict: {
    on: ['TenantTunnel'],
    conditions: ['EndpointReady', 'Ready'],
    meaning: "Somebody else's object has the name of the one that this tunnel needs. It is left alone.",
    remedy: 'Delete the object that the message names, or take it out of the namespace of the gateways.',
  },
  ServiceRefused: {
    on: ['TenantTunnel'],
    conditions: ['EndpointReady', 'Ready'],
    meaning:
      "The API server refused the tunnel's Service or EndpointSlice: rights, a quota, a policy, or an annotation of the class. It is tried again each minute.",
    remedy: 'The message has its words. The rights are in docs/rbac.md.',
  },
} as const satisfies Record<string, ConditionReasonDocument>;
