import type { ConditionReasonDocument } from './condition-types.ts';

/** Of what is given once and recorded: what stops it, and what came of it. */
export const ALLOCATION_REASONS = {
  Allocated: {
    on: ['TenantTunnel', 'Router'],
    conditions: ['Allocated'],
    meaning: 'Addresses, port and keys are given and recorded.',
  },
  Recovered: {
    on: ['Router'],
    conditions: ['Allocated'],
    meaning:
      'The ledger was lost, or is from a backup that is older than this router, which was taken over from the gateways or from its own status, with its address and its public key. The router works on.',
    remedy:
      'Nothing in the field. The message says whether its private key is known: if not, spec.script.renew asks for a new script.',
  },
  KeyLost: {
    on: ['TenantTunnel', 'Router'],
    conditions: ['Allocated'],
    meaning:
      "The ledger was lost, and what the gateways have of it too: nobody has the tunnel's private key any more. Numbers and addresses are those of before; the keys are new.",
    remedy: 'Paste the new script into each router that was set up before then.',
  },
  Pending: {
    on: ['TenantTunnel', 'Router'],
    conditions: ['Allocated', 'Programmed', 'Connected', 'Configured', 'EndpointReady', 'Ready'],
    meaning: 'It has not been its turn yet, or it waits for the condition before it.',
  },
  TunnelNotFound: {
    on: ['Router'],
    conditions: ['Allocated', 'Ready'],
    meaning: 'spec.tunnelRef names a TenantTunnel that does not exist.',
    remedy:
      'Create that TenantTunnel; the Router goes on by itself. If the name is wrong, delete the Router and create it again.',
  },
  NamespaceNotAllowed: {
    on: ['Router'],
    conditions: ['Allocated', 'Ready'],
    meaning: 'The TenantTunnel does not allow Routers of this namespace.',
    remedy: "Add the Router's namespace to spec.allowedNamespaces of the TenantTunnel.",
  },
  TunnelRefused: {
    on: ['Router'],
    conditions: ['Allocated', 'Ready'],
    meaning: 'The tenant has no tunnel, and the API server refused to make one, as by a quota or a policy.',
    remedy: 'Create the TenantTunnel yourself, or change what the message says refuses it.',
  },
  TenantTaken: {
    on: ['TenantTunnel'],
    conditions: ['Allocated', 'Ready'],
    meaning: 'An older TenantTunnel has the same tenant; a tenant has one tunnel in the whole cluster.',
    remedy:
      'Use the older one, which the message names, by spec.tunnelRef; or delete it, and this one goes on.',
  },
  KeyTaken: {
    on: ['Router'],
    conditions: ['Allocated', 'Ready'],
    meaning: 'Another Router of the tunnel has the same public key.',
    remedy: 'Make a new key pair on this router and write its public key, or delete the other Router.',
  },
  AddressTaken: {
    on: ['Router'],
    conditions: ['Allocated', 'Ready'],
    meaning: 'The address in spec.address belongs to another Router.',
    remedy:
      'Write another address or leave it out. When the Router that the message names goes, this one goes on.',
  },
  AddressChanged: {
    on: ['Router'],
    conditions: ['Allocated'],
    meaning: 'spec.address differs from the address that the router was given; that one stays.',
    remedy: 'Write the given address, or delete the Router and create it again with the other.',
  },
  NoDefaultClass: {
    on: ['TenantTunnel'],
    conditions: ['Allocated', 'Ready'],
    meaning: 'No TunnelClass is named and none is marked as default.',
    remedy:
      'Annotate one TunnelClass with vpn.traidnet.io/is-default-class: "true", or write spec.className.',
  },
  ClassNotFound: {
    on: ['TenantTunnel', 'Router'],
    conditions: ['Allocated', 'Ready'],
    meaning:
      'The TunnelClass that spec.className names does not exist. A tunnel that has been allocated works on.',
    remedy: 'Create that TunnelClass, or write the name of another.',
  },
  ClassChanged: {
    on: ['TenantTunnel'],
    conditions: ['Allocated', 'Ready'],
    meaning:
      'The class, or which class is meant, has changed since the tunnel was allocated; what the tunnel was given stays. Where only the class has changed, the tunnel is still ready.',
    remedy:
      'Nothing, if the routers in the field shall work on. To move them, create another TenantTunnel and paste new scripts.',
  },
  LedgerUnreadable: {
    on: ['TenantTunnel', 'Router'],
    conditions: ['Allocated', 'Ready'],
    meaning:
      "An object in which the operator records this tunnel's allocations cannot be understood. The tunnel's traffic goes on; nothing of it is changed.",
    remedy:
      'Restore the object that the message names from a backup; or, if the message says that a newer version wrote it, run that version again.',
  },
} as const satisfies Record<string, ConditionReasonDocument>;
