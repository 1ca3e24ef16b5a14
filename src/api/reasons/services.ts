import type { ConditionReasonDocument } from './condition-types.ts';

/** Of what routers reach through their tunnel. */
export const SERVICES_REASONS = {
  ServicesReady: {
    on: ['TenantTunnel'],
    conditions: ['ServicesReady'],
    meaning: 'Routers reach each of spec.services.',
  },
  ServiceNotFound: {
    on: ['TenantTunnel'],
    conditions: ['ServicesReady'],
    meaning: 'A Service that spec.services names does not exist. The others are reached.',
    remedy: 'Create the Service, or correct its name or namespace; it goes on by itself.',
  },
  ServiceUnusable: {
    on: ['TenantTunnel'],
    conditions: ['ServicesReady'],
    meaning:
      'A Service that spec.services names has no such port for that protocol, or is of type ExternalName.',
    remedy: 'Write a port and a protocol that the Service has: the message lists them.',
  },
  ServiceNotAllowed: {
    on: ['TenantTunnel'],
    conditions: ['ServicesReady'],
    meaning:
      "A Service that spec.services names is in another namespace and not shared by the TunnelClass, or is the API server's.",
    remedy: 'Name one of the same namespace, or add it to spec.services.shared of the TunnelClass.',
  },
  ServiceUnreadable: {
    on: ['TenantTunnel'],
    conditions: ['ServicesReady'],
    meaning:
      'The gateway agent may not read the Service or its EndpointSlices, or the node watches as many Services as it can.',
    remedy: "The message says which. Give the agent's service account the right to: see docs/services.md.",
  },
  NoEndpoints: {
    on: ['TenantTunnel'],
    conditions: ['ServicesReady'],
    meaning: 'Nothing answers behind a Service that spec.services names: no endpoint of it is ready.',
    remedy: 'Look at the pods that the Service selects; it goes on by itself once one is ready.',
  },
  ServicePortTaken: {
    on: ['TenantTunnel'],
    conditions: ['ServicesReady'],
    meaning:
      "A port of spec.services cannot be opened on the server's address: something else in the tunnel's network namespace has it.",
    remedy: 'Write another port, or end what has it: the message says more. It is tried again.',
  },
  ServicesFailed: {
    on: ['TenantTunnel'],
    conditions: ['ServicesReady'],
    meaning: 'The gateway could not open the services of the tunnel; it tries again.',
    remedy: 'The message says what the node refused; the log of the sidecar on that node has more.',
  },
} as const satisfies Record<string, ConditionReasonDocument>;
