/** 3, 9. When all is quiet, what leads to a tunnel leads to the node that has it; what led to one that is gone is gone. */
import { isLive } from '../../../src/allocation/index.ts';
import { LABEL_PART, LABEL_TUNNEL, TUNNEL_CLASSES, type TunnelClass } from '../../../src/api/index.ts';
import { outerAddresses } from '../../../src/controller/endpoint/addresses.ts';
import { namesOf, targetsOf } from '../../../src/controller/endpoint/external-dns.ts';
import {
  type EndpointSlice,
  endpointSlices,
  nodes,
  type Service,
  services,
} from '../../../src/kube/index.ts';
import type { ApiServer } from '../api/server.ts';
import { GATEWAYS } from '../crew.ts';
import { Violation } from '../violation.ts';
import type { Scene } from './served.ts';

export function endpointsLead({ server, picture }: Scene): void {
  const live = new Set([...picture.tunnels.values()].filter(isLive).map(({ index }) => String(index)));
  for (const type of [services, endpointSlices]) {
    for (const { metadata } of server.all<Service | EndpointSlice>(type)) {
      const { [LABEL_PART]: part, [LABEL_TUNNEL]: index = '' } = metadata.labels ?? {};
      if (part === 'endpoint' && !live.has(index))
        throw new Violation('3 leak', `${type.kind} ${metadata.name} leads to a tunnel that is gone`);
    }
  }
  for (const entry of picture.tunnels.values()) {
    const node = picture.handovers.get(entry.index)?.node;
    // Of a ledger that cannot be read what stands stays.
    if (!isLive(entry) || node === undefined || picture.unreadable.size > 0) continue;
    if (server.peek(nodes, node) === undefined) continue;
    leads(server, entry.index, node, server.peek(TUNNEL_CLASSES, entry.className));
  }
}

function leads(server: ApiServer, index: number, node: string, tunnelClass: TunnelClass | undefined): void {
  const { mode, host = '' } = tunnelClass?.spec.endpoint ?? {};
  const astray = (what: string): Violation =>
    new Violation('9 served', `tunnel ${index} on ${node}: ${what}`);
  const record = own(server.peek(services, `${GATEWAYS}/tunnel-${index}-dns`));
  const balancer = own(server.peek(services, `${GATEWAYS}/tunnel-${index}-lb`));
  const slice = own(server.peek(endpointSlices, `${GATEWAYS}/tunnel-${index}-lb-ipv4`));
  if (record === 'others' || balancer === 'others' || slice === 'others') return;
  if (mode === 'Node' && record === undefined) throw astray('no record');
  if (mode === 'LoadBalancer' && balancer === undefined) throw astray('no load balancer');
  if (record !== undefined) {
    const { addresses = [] } = outerAddresses(server.peek(nodes, node)) ?? {};
    if (String(targetsOf(record)) !== String(addresses)) throw astray(`the record says ${targetsOf(record)}`);
    if (mode === 'Node' && namesOf(record)[0] !== `wg${index}.${host}`)
      throw astray(`the record is for ${namesOf(record)}`);
  }
  if ((balancer === undefined) !== (slice === undefined))
    throw astray('a load balancer and a slice go together');
  if (slice !== undefined && slice.endpoints?.[0]?.nodeName !== node)
    throw astray(`the slice says ${slice.endpoints?.[0]?.nodeName}`);
}

/** One that somebody took the label from is in nobody's hands, and stands in the way. */
const own = <T extends Service | EndpointSlice>(object: T | undefined): T | 'others' | undefined =>
  object !== undefined && object.metadata.labels?.[LABEL_PART] !== 'endpoint' ? 'others' : object;
