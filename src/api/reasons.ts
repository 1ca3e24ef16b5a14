/**
 * Every reason that a condition or an Event of ours may carry, with what it means and what a person does about it.
 * The code takes reasons from here (the type {@link ConditionReason} and {@link EventReason} keep it to that), and
 * docs/conditions.md is written from here.
 */
export type Kind = 'TunnelClass' | 'TenantTunnel' | 'Router' | 'RouterProfile';
/** Kubernetes' own, that we tell of and write nothing to. */
export type TheirKind = 'Node';

export interface ReasonDocument {
  /** The kinds of object that carry it. */
  readonly on: readonly Kind[];
  readonly meaning: string;
  /** What to do; absent where there is nothing to do. */
  readonly remedy?: string;
}

export interface ConditionReasonDocument extends ReasonDocument {
  /** The conditions that may have it. */
  readonly conditions: readonly ConditionType[];
}

export interface EventReasonDocument extends Omit<ReasonDocument, 'on'> {
  readonly on: readonly (Kind | TheirKind)[];
  readonly type: 'Normal' | 'Warning';
}

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

export const CONDITION_REASONS = {
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
  Accepted: {
    on: ['TunnelClass', 'RouterProfile'],
    conditions: ['Accepted', 'Ready'],
    meaning: 'Tunnels can be made from the class; the profile can be applied.',
  },
  RowsRefused: {
    on: ['RouterProfile'],
    conditions: ['Accepted'],
    meaning:
      'Some rows of the profile can be given to no router: a menu or a row that the operator keeps for itself, a template that asks for what there is not. The others are applied.',
    remedy: 'Correct the rows that the message names.',
  },
  InvalidProfile: {
    on: ['RouterProfile'],
    conditions: ['Accepted', 'Progressing', 'Ready'],
    meaning: 'The profile has something that no router could be given, whatever the router is.',
    remedy: 'Correct what the message names. Routers keep what they have meanwhile.',
  },
  SecretNotFound: {
    on: ['RouterProfile'],
    conditions: ['Accepted', 'Progressing', 'Ready'],
    meaning:
      'A Secret that spec.values refers to, or the key in it, does not exist in the namespace of the profile.',
    remedy: 'Create it. It is looked at again every 3 minutes. Routers keep what they have meanwhile.',
  },
  SecretUnreadable: {
    on: ['RouterProfile'],
    conditions: ['Accepted', 'Progressing', 'Ready'],
    meaning: 'The operator may not read Secrets of the namespace of the profile: its owner has not let it.',
    remedy:
      'Run the line of the message, which binds one role in that one namespace; or add the namespace to profiles.secretNamespaces of the chart. See docs/rollout.md.',
  },
  RollingOut: {
    on: ['RouterProfile'],
    conditions: ['Progressing', 'Ready'],
    meaning: 'Routers of the present stage are being changed.',
  },
  Baking: {
    on: ['RouterProfile'],
    conditions: ['Progressing', 'Ready'],
    meaning:
      'All of the stage have it, and it is watched for spec.rollout.bakeSeconds before the next stage begins.',
  },
  OutsideWindow: {
    on: ['RouterProfile'],
    conditions: ['Progressing', 'Ready'],
    meaning: 'The rollout waits for a window of spec.rollout.windows.',
    remedy: 'Nothing; or widen the windows.',
  },
  AwaitingRouters: {
    on: ['RouterProfile'],
    conditions: ['Progressing', 'Ready'],
    meaning: 'Too few routers of the stage are connected to try the change on.',
    remedy: 'Nothing; it goes on when they come back. To skip the stage, take it out of spec.rollout.stages.',
  },
  RoutersLost: {
    on: ['RouterProfile'],
    conditions: ['Progressing', 'Ready'],
    meaning:
      'More of the routers that have the change have gone away since than spec.rollout.maxFailures allows.',
    remedy:
      'Look whether the change is the cause. If not, give the annotation vpn.traidnet.io/resume-rollout another value, and it goes on.',
  },
  RolloutPaused: {
    on: ['RouterProfile'],
    conditions: ['Progressing', 'Ready'],
    meaning: 'spec.rollout.paused is true, of the profile or of its class: no further router is changed.',
    remedy: 'Set it to false to let it go on.',
  },
  RolloutStopped: {
    on: ['RouterProfile'],
    conditions: ['Progressing', 'Ready'],
    meaning:
      'The rollout stopped by itself: more routers of a stage failed than spec.rollout.maxFailures allows. On those the change was undone; no further router is changed.',
    remedy:
      'The message names routers and what failed on them. Correct the profile, which begins a new rollout; or give the annotation vpn.traidnet.io/resume-rollout another value to let this one go on.',
  },
  RolledOut: {
    on: ['RouterProfile'],
    conditions: ['Progressing', 'Ready'],
    meaning: 'Each router gets this revision; those that are away, when they come back.',
  },
  DryRun: {
    on: ['RouterProfile'],
    conditions: ['Progressing', 'Ready'],
    meaning: 'spec.dryRun is true: nothing is changed, and routers tell in their status what would be.',
    remedy: 'Set it to false to roll the profile out.',
  },
  Routed: {
    on: ['Router'],
    conditions: ['Routed'],
    meaning: 'The networks behind the router are routed through it.',
  },
  SubnetOverlap: {
    on: ['Router'],
    conditions: ['Routed'],
    meaning:
      'A network in spec.subnets overlaps the subnet of the tunnel, or a network of another router of the tunnel, which had it before. It is not routed to this router; the router itself and its other networks work.',
    remedy:
      'Write another network, or take it out of the Router that the message names: it comes to this one within a second.',
  },
  Pending: {
    on: ['TenantTunnel', 'Router'],
    conditions: ['Allocated', 'Programmed', 'Connected', 'Configured', 'EndpointReady', 'Ready'],
    meaning: 'It has not been its turn yet, or it waits for the condition before it.',
  },
  Programmed: {
    on: ['TenantTunnel', 'Router'],
    conditions: ['Programmed', 'Ready'],
    meaning: 'The gateway has set up the interface or the peer.',
  },
  AwaitingConnection: {
    on: ['Router'],
    conditions: ['Connected', 'Configured', 'Ready'],
    meaning: 'The router has an address and a script, and has never connected.',
    remedy:
      "Paste the script into the router's terminal: kubectl get router NAME -o jsonpath='{.status.script}'. If that is done, look whether the router reaches the endpoint by UDP.",
  },
  Connected: {
    on: ['Router'],
    conditions: ['Connected'],
    meaning: 'The router has shaken hands in the last 180 seconds.',
  },
  Configuring: {
    on: ['Router'],
    conditions: ['Configured', 'Ready'],
    meaning: 'The operator is logging in to the router or setting it up.',
  },
  Configured: {
    on: ['Router'],
    conditions: ['Configured'],
    meaning: 'The router is set up as wanted.',
  },
  ConfigurationFailed: {
    on: ['Router'],
    conditions: ['Configured', 'Ready'],
    meaning: 'The router answers, and refused something that the operator set, or answered nonsense.',
    remedy: 'The message says what. It is tried again, at the latest when the router connects anew.',
  },
  ProfileFailed: {
    on: ['Router'],
    conditions: ['Configured'],
    meaning:
      'A profile of the router could not be applied, or some rows of it; it is set up apart from that. status.profiles has each row.',
    remedy:
      'Correct what the message names, in the profile or on the router. It is tried again when the profile changes, and each few minutes.',
  },
  OneRouter: {
    on: ['Router'],
    conditions: ['Unique'],
    meaning:
      'Two routers used the key of this Router before; for half an hour nothing was seen of a second one.',
  },
  HardwareChanged: {
    on: ['Router'],
    conditions: ['Unique'],
    meaning:
      'A router with another serial number has taken the place of the one before, with its key; the message names both.',
    remedy:
      'Nothing, if the router was replaced. If nobody replaced it, somebody else has its secrets: ask for a fresh script by spec.script.renew, which shuts out whoever has the ones of now.',
  },
  Cloned: {
    on: ['Router'],
    conditions: ['Unique'],
    meaning:
      'Two routers use the key of this Router, as when one script was pasted into both, or a backup of one was loaded into the other. Each takes the tunnel from the other again and again. The message names both, and from where they come; what is told of the router in the status stays as it was meanwhile.',
    remedy:
      'Create a Router for the second one and paste the script of that one there; or ask for a fresh script by spec.script.renew, which shuts out both. The condition becomes True half an hour after the second one was last seen.',
  },
  BackedUp: {
    on: ['Router'],
    conditions: ['BackedUp'],
    meaning: 'The configuration of the router is kept in a Secret: docs/backups.md.',
  },
  BackupFailed: {
    on: ['Router'],
    conditions: ['BackedUp'],
    meaning:
      'The router did not say its configuration, three times in a row. What was kept before is still there.',
    remedy: 'The message says what it answered. It is tried again, at the latest after an hour.',
  },
  BackupTooLarge: {
    on: ['Router'],
    conditions: ['BackedUp'],
    meaning:
      'The configuration of the router is larger than 256 KiB, or 64 KiB when packed, and is not kept.',
    remedy:
      'Take it by hand with "/export file=" on the router. Address lists of thousands are better fetched by the router itself.',
  },
  BackupRefused: {
    on: ['Router'],
    conditions: ['BackedUp'],
    meaning: 'The API server does not take the Secret: the namespace is full, or not there.',
    remedy:
      'Raise backups.maxSecrets of the chart after a look at the size of etcd, or keep fewer of each (spec.router.backup.keep of the class). With another chart than that of this version: apply it.',
  },
  AutoConfigurationDisabled: {
    on: ['Router'],
    conditions: ['Configured'],
    meaning: 'spec.autoConfiguration.enabled is false: the operator does not log in to the router.',
  },
  Online: {
    on: ['Router'],
    conditions: ['Ready'],
    meaning: 'The router is connected and configured.',
  },
  Suspended: {
    on: ['Router'],
    conditions: ['Routed', 'Programmed', 'Connected', 'Configured', 'Ready'],
    meaning: 'spec.suspended is true: the router is cut off and keeps its address and keys.',
    remedy: 'Set spec.suspended to false to let it back in, with no new script.',
  },
  HandshakeTimeout: {
    on: ['Router'],
    conditions: ['Connected', 'Ready'],
    meaning: 'The router was connected and has not shaken hands for 180 seconds.',
    remedy:
      'Look whether the router has power and internet access. It comes back by itself; nothing has to be pasted, unless the message says that its tunnel has another endpoint.',
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
  AddressOutsidePool: {
    on: ['Router'],
    conditions: ['Allocated', 'Ready'],
    meaning:
      "The address in spec.address is not one that a router of this tunnel may have: it is outside the tunnel's subnet, among the tunnel's own first addresses, or the last of the subnet.",
    remedy: 'Write an address from the range in the message, or leave it out.',
  },
  AddressChanged: {
    on: ['Router'],
    conditions: ['Allocated'],
    meaning: 'spec.address differs from the address that the router was given; that one stays.',
    remedy: 'Write the given address, or delete the Router and create it again with the other.',
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
  SubnetUnavailable: {
    on: ['TenantTunnel'],
    conditions: ['Allocated'],
    meaning:
      'The class names a pool for IPv6, and the tunnel has no network out of it; the message says why. IPv4 works as it does everywhere.',
    remedy: 'Correct spec.ipv6.pool of the class, or give it another pool.',
  },
  NoGateway: {
    on: ['TenantTunnel'],
    conditions: ['Programmed', 'Ready'],
    meaning:
      'No node can carry the tunnel: none has the labels of spec.gateway.nodeSelector of the class, or none of those that have them runs a gateway agent, or those agents say what their nodes lack: WireGuard, nftables, or a program of the image.',
    remedy:
      'The message says which of the three. Label a node as the selector asks; look whether the gateway DaemonSet runs there; or do on the node what it says is lacking there. The tunnel goes on by itself.',
  },
  LedgerUnreadable: {
    on: ['TenantTunnel', 'Router'],
    conditions: ['Allocated', 'Ready'],
    meaning:
      "An object in which the operator records this tunnel's allocations cannot be understood. The tunnel's traffic goes on; nothing of it is changed.",
    remedy:
      'Restore the object that the message names from a backup; or, if the message says that a newer version wrote it, run that version again.',
  },
  LoginRefused: {
    on: ['Router'],
    conditions: ['Configured', 'Ready'],
    meaning: "The router refuses the operator's user or password.",
    remedy:
      'Paste the script once more: it sets the user and its password again. Where status.script says that it was used, ask for a fresh one with spec.script.renew. Look whether somebody changed the user that spec.management.user names.',
  },
  RouterUnreachable: {
    on: ['Router'],
    conditions: ['Configured', 'Ready'],
    meaning: 'The router is connected but its API does not answer, or stopped midway.',
    remedy:
      'Look on the router whether /ip/service api is enabled, allows the address of the server, and no input rule drops it before the one of the script; or paste the script once more.',
  },
  ProgrammingFailed: {
    on: ['TenantTunnel', 'Router'],
    conditions: ['Programmed', 'Ready'],
    meaning: 'The gateway could not set up the interface or the peer; it tries again.',
    remedy: 'The message says what the node refused; the log of the sidecar on that node has more.',
  },
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
  NoDevice: {
    on: ['TenantTunnel'],
    conditions: ['Programmed', 'Ready'],
    meaning:
      'The gateway node lacks what each tunnel takes: WireGuard in its kernel or /dev/net/tun for wireguard-go, nftables, or one of the programs ip, wg and nft in the image.',
    remedy:
      'The message says which, and what to do. Or select other nodes in the class: tunnels leave such a node by themselves where another can take them.',
  },
} as const satisfies Record<string, ConditionReasonDocument>;

export type ConditionReason = keyof typeof CONDITION_REASONS;
