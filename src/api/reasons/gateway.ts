import type { ConditionReasonDocument } from './condition-types.ts';

/** Of the gateway: whether a node carries the tunnel as it should. */
export const GATEWAY_REASONS = {
  Programmed: {
    on: ['TenantTunnel', 'Router'],
    conditions: ['Programmed', 'Ready'],
    meaning: 'The gateway has set up the interface or the peer.',
  },
  NoGateway: {
    on: ['TenantTunnel'],
    conditions: ['Programmed', 'Ready'],
    meaning:
      'No node can carry the tunnel: none has the labels of spec.gateway.nodeSelector of the class, or none of those that have them runs a gateway agent, or those agents say what their nodes lack: WireGuard, nftables, or a program of the image.',
    remedy:
      'The message says which of the three. Label a node as the selector asks; look whether the gateway DaemonSet runs there; or do on the node what it says is lacking there. The tunnel goes on by itself.',
  },
  ProgrammingFailed: {
    on: ['TenantTunnel', 'Router'],
    conditions: ['Programmed', 'Ready'],
    meaning: 'The gateway could not set up the interface or the peer; it tries again.',
    remedy: 'The message says what the node refused; the log of the sidecar on that node has more.',
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
