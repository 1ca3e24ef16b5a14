import type { ConditionReasonDocument } from './condition-types.ts';

/** Of a router: whether it is there, set up, one alone, backed up. */
export const ROUTER_REASONS = {
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
} as const satisfies Record<string, ConditionReasonDocument>;
