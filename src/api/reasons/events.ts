import type { EventReasonDocument } from './documents.ts';

/** Reasons of Events: each thing that a person would want to hear about, once. */
export const EVENT_REASONS = {
  TunnelCreated: {
    on: ['Router'],
    type: 'Normal',
    meaning: 'The tenant had no tunnel, so one was made.',
  },
  TunnelSuperseded: {
    on: ['TenantTunnel'],
    type: 'Normal',
    meaning:
      "Another TenantTunnel was made for the tenant by itself, as when Routers are applied before their tunnel. It was removed; this one has the tenant, with all that the other's routers were given.",
  },
  TunnelAllocated: {
    on: ['TenantTunnel'],
    type: 'Normal',
    meaning: 'The tunnel was given its interface, subnet and port.',
  },
  LedgerRecovered: {
    on: ['TenantTunnel'],
    type: 'Warning',
    meaning:
      'The ledger was lost, or is from a backup that is older than routers of this tunnel or than the tunnel itself. They were taken over from the gateways, with their addresses and keys.',
    remedy:
      'Nothing in the field. Routers whose condition Allocated has reason Recovered get a new script when spec.script.renew asks for it.',
  },
  KeyLost: {
    on: ['TenantTunnel'],
    type: 'Warning',
    meaning: "Nobody has the tunnel's private key any more, so it was given another.",
    remedy: 'Paste the new script into each of its routers that was set up before then.',
  },
  EndpointChanged: {
    on: ['TenantTunnel'],
    type: 'Warning',
    meaning:
      'The class names another endpoint, or the load balancer of the tunnel has another address. New scripts have it at once; routers that were set up before are brought to it over the tunnel as they are Online.',
    remedy:
      'Keep the old endpoint working until status.endpointChange of the TenantTunnel is gone: see docs/endpoints.md.',
  },
  EndpointFollowed: {
    on: ['TenantTunnel'],
    type: 'Normal',
    meaning: 'All routers of the tunnel that were set up connect to its new endpoint.',
    remedy: 'The old endpoint may be taken away.',
  },
  EndpointChangeFailed: {
    on: ['TenantTunnel'],
    type: 'Warning',
    meaning: 'A router did not get to the new endpoint and went back; no other is changed meanwhile.',
    remedy: 'See condition EndpointFollowed of the TenantTunnel.',
  },
  RouterConnected: {
    on: ['Router'],
    type: 'Normal',
    meaning: 'The first handshake of the router: the script was pasted and works.',
  },
  RouterOnline: {
    on: ['Router'],
    type: 'Normal',
    meaning: 'The router is connected and configured.',
  },
  ScriptUsed: {
    on: ['Router'],
    type: 'Normal',
    meaning:
      'The script was used. The router has a password now that was never shown, and the log-in of the script opens nothing any more.',
  },
  ScriptRenewed: {
    on: ['Router'],
    type: 'Normal',
    meaning:
      'A fresh script was made, as spec.script.renew asks. What was set up with the one before has no access any more.',
    remedy: 'Paste status.script into the router.',
  },
  RouterOffline: {
    on: ['Router'],
    type: 'Warning',
    meaning: 'The router has not shaken hands for 180 seconds.',
    remedy: 'Look whether the router has power and internet access.',
  },
  HardwareChanged: {
    on: ['Router'],
    type: 'Warning',
    meaning: 'A router with another serial number has taken the place of the one before, with its key.',
    remedy: 'Nothing, if the router was replaced. See condition Unique of the Router.',
  },
  RouterCloned: {
    on: ['Router'],
    type: 'Warning',
    meaning: 'Two routers use the key of this Router, as when one script was pasted into both.',
    remedy:
      'Create a Router for the second one and paste its script there. See condition Unique of the Router.',
  },
  ClockJumped: {
    on: ['Router'],
    type: 'Warning',
    meaning:
      'The clock of the router had jumped back, as after a power cut, and WireGuard refused its handshakes as copies of old ones. The gateway spoke first, and the router is connected.',
    remedy:
      'Let the router get the time from outside of the tunnel: /system/ntp/client, or /ip/cloud with update-time. See docs/clock.md.',
  },
  NodeClockWrong: {
    on: ['Node'],
    type: 'Warning',
    meaning:
      "The clock of a gateway node differs from the API server's by more than 10 seconds. Its tunnels work on; after a restart or a move routers may refuse what the gateway begins.",
    remedy: "Let NTP set the clock. If all gateways say so, it is the control plane's. See docs/clock.md.",
  },
  RouterSuspended: {
    on: ['Router'],
    type: 'Normal',
    meaning: 'The router was cut off as spec.suspended asks.',
  },
  RouterResumed: {
    on: ['Router'],
    type: 'Normal',
    meaning: 'The router may connect again, with the same address and keys.',
  },
  ConfigurationFailed: {
    on: ['Router'],
    type: 'Warning',
    meaning: 'Logging in to the router or configuring it failed; it is tried again.',
    remedy: 'See condition Configured of the Router.',
  },
  KeyKept: {
    on: ['Router'],
    type: 'Warning',
    meaning:
      'The router could not be given a WireGuard key of its own twice in a row, so it keeps the one of its script. It works; the change is tried again, ever less often.',
    remedy:
      'The message says what was in the way. Where no router of the class is to change its key, write spec.router.ownKeys: false into the TunnelClass.',
  },
  AllocationFailed: {
    on: ['TenantTunnel', 'Router'],
    type: 'Warning',
    meaning: 'The tunnel or router cannot be given what it needs.',
    remedy: 'See condition Allocated of the object.',
  },
  SubnetRefused: {
    on: ['Router'],
    type: 'Warning',
    meaning: 'A network behind the router cannot be routed to it: it overlaps another.',
    remedy: 'See condition Routed of the Router, which names the other.',
  },
  AddressPoolNearlyExhausted: {
    on: ['TenantTunnel'],
    type: 'Warning',
    meaning: "Nine in ten addresses of the tunnel's subnet are in use or in quarantine.",
    remedy: 'Delete Routers that are gone for good, or make a second tenant for further routers.',
  },
  AddressPoolExhausted: {
    on: ['TenantTunnel', 'Router'],
    type: 'Warning',
    meaning:
      "Every address of the tunnel's subnet is in use or in quarantine. Of the Routers that wait, the first 25 have this Event.",
    remedy: 'Delete Routers that are gone for good, or make a second tenant for further routers.',
  },
  PoolNearlyExhausted: {
    on: ['TunnelClass'],
    type: 'Warning',
    meaning: 'Nine in ten subnets or ports of the class are taken.',
    remedy: 'Add a pool to spec.pools or widen spec.ports of the TunnelClass: see docs/capacity.md.',
  },
  PoolExhausted: {
    on: ['TunnelClass', 'TenantTunnel'],
    type: 'Warning',
    meaning: 'The class has no free subnet or port left.',
    remedy: 'Add a pool to spec.pools or widen spec.ports of the TunnelClass: see docs/capacity.md.',
  },
  NoGateway: {
    on: ['TenantTunnel'],
    type: 'Warning',
    meaning: 'No node can carry the tunnel at present.',
    remedy:
      'See condition Ready of the TenantTunnel: it says what is lacking, and the tunnel goes on by itself.',
  },
  TunnelMoved: {
    on: ['TenantTunnel'],
    type: 'Normal',
    meaning:
      'The tunnel was moved to another gateway node, with its keys and addresses: the one before was lost, cordoned, not selected any more, or could carry no tunnel.',
    remedy:
      'Nothing on the routers. With a Static endpoint that does not follow the gateways by itself, point it at the new node.',
  },
  ProgrammingFailed: {
    on: ['TenantTunnel', 'Router'],
    type: 'Warning',
    meaning: 'The gateway could not set up the interface or the peer; it tries again.',
    remedy: 'See condition Programmed of the object.',
  },
  ServiceUnavailable: {
    on: ['TenantTunnel'],
    type: 'Warning',
    meaning: 'Routers cannot reach one of spec.services.',
    remedy: 'See condition ServicesReady of the TenantTunnel.',
  },
  ProfileRefused: {
    on: ['RouterProfile'],
    type: 'Warning',
    meaning: 'The profile cannot be applied to any router.',
    remedy: 'See condition Accepted of the RouterProfile.',
  },
  RolloutStopped: {
    on: ['RouterProfile'],
    type: 'Warning',
    meaning: 'Too many routers of a stage failed, and the rollout stopped by itself.',
    remedy: 'See condition Progressing of the RouterProfile, which names routers and what failed on them.',
  },
  RolledOut: {
    on: ['RouterProfile'],
    type: 'Normal',
    meaning: 'Every router that is connected has this revision of the profile.',
  },
} as const satisfies Record<string, EventReasonDocument>;

export type EventReason = keyof typeof EVENT_REASONS;
