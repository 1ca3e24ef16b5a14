import type { Router, TunnelHandover } from '../../api/index.ts';
import type { Subject } from '../../routeros/index.ts';

/** The name of the interface that the script makes on a router. */
const INTERFACE = 'tenant-tunnel';

/** What templates may ask of a router. */
export function subjectOf(
  { metadata, spec, status }: Router,
  address: string,
  handover: TunnelHandover | undefined,
  /** What routers connect to, `host:port`. */
  endpoint: string | undefined,
): Subject {
  return {
    router: {
      name: metadata.name,
      namespace: metadata.namespace,
      address,
      identity: spec.identity ?? metadata.name,
      tenant: handover?.tenant,
      labels: metadata.labels ?? {},
    },
    tunnel: {
      name: handover?.tenantTunnel.name,
      serverAddress: handover?.serverAddress,
      subnet: handover?.subnet,
      listenPort: handover === undefined ? undefined : String(handover.listenPort),
      endpoint: hostOf(endpoint),
      interface: INTERFACE,
    },
    facts: {
      model: status?.model,
      version: status?.version,
      serialNumber: status?.serialNumber,
      identity: spec.identity ?? metadata.name,
    },
  };
}

/** `2001:db8::1` of `[2001:db8::1]:51820`. */
function hostOf(endpoint = ''): string | undefined {
  const [, literal, host] = /^(?:\[([^\]]+)\]|([^:]+)):\d+$/.exec(endpoint) ?? [];
  return literal ?? host;
}
