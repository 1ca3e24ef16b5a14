import type { TunnelEntry } from '../../allocation/index.ts';
import { LABEL_GATEWAY, type TunnelClass } from '../../api/index.ts';
import type { EndpointSlice, Node, Service } from '../../kube/index.ts';
import { keyOf } from '../../kube/index.ts';
import type { Refusal } from '../find-tunnel.ts';
import type { Verdict } from '../pool-pressure.ts';
import { innerAddresses, outerAddresses } from './addresses.ts';
import { namesOf, targetsOf } from './external-dns.ts';
import { namedHost } from './host.ts';
import type { Standing } from './objects.ts';

/** What a tunnel's endpoint is judged by. */
export interface EndpointFacts {
  tunnelClass: TunnelClass;
  entry: Pick<TunnelEntry, 'index'>;
  /** Where the tunnel lies; undefined: nowhere. */
  node: { name: string; object: Node | undefined } | undefined;
  standing: Standing;
  slices: readonly EndpointSlice[];
  /** What the API server refused. */
  trouble: Refusal | undefined;
}

export interface EndpointState {
  /** What its load balancer has, if routers are told that. */
  host?: string;
  /** Whether it leads to the tunnel; absent where that is nobody's business here. */
  verdict?: Verdict;
}

export function endpointState(facts: EndpointFacts): EndpointState {
  const { mode } = facts.tunnelClass.spec.endpoint;
  if (mode === 'Static') return {};
  const { balancer } = facts.standing;
  const host = mode === 'LoadBalancer' && named(facts) === undefined ? ingressOf(balancer) : undefined;
  return {
    ...(host !== undefined && { host }),
    verdict:
      facts.trouble === undefined
        ? mode === 'Node'
          ? byRecord(facts)
          : byBalancer(facts)
        : no(facts.trouble),
  };
}

const named = ({ tunnelClass, entry }: EndpointFacts): string | undefined => namedHost(tunnelClass, entry);
const no = (refusal: Refusal): Verdict => ({ status: 'False', ...refusal });
const waits = (what: string): Verdict => no({ reason: 'Pending', message: `Waiting for ${what}.` });

function byRecord(facts: EndpointFacts): Verdict {
  const {
    node,
    standing: { record },
  } = facts;
  const name = named(facts) ?? '';
  if (node === undefined) return waits('a node that carries the tunnel');
  const outer = outerAddresses(node.object);
  if (outer === undefined) return withoutAddress(node.name, 'ExternalIP and no InternalIP');
  const targets = targetsOf(record);
  if (record === undefined || targets.length === 0 || !namesOf(record).includes(name))
    return waits('the Service that external-dns reads');
  const type = outer.type === 'ExternalIP' ? 'the ExternalIP' : 'the InternalIP, since it has no ExternalIP,';
  const at = record.metadata.labels?.[LABEL_GATEWAY] ?? node.name;
  return published(
    `${name} is ${targets.join(' and ')}, ${type} of node ${at}: so Service ${keyOf(record)} says to external-dns.`,
  );
}

function byBalancer(facts: EndpointFacts): Verdict {
  const {
    node,
    slices,
    standing: { balancer },
  } = facts;
  if (node !== undefined && innerAddresses(node.object).length === 0)
    return withoutAddress(node.name, 'InternalIP');
  if (balancer === undefined) return waits('the Service of the load balancer');
  const host = ingressOf(balancer);
  if (host === undefined) {
    const message = `Service ${keyOf(balancer)} has been given no load balancer yet: see kubectl describe service -n ${balancer.metadata.namespace} ${balancer.metadata.name}.`;
    return no({ reason: 'LoadBalancerPending', message });
  }
  const at = slices.find(({ endpoints = [] }) => endpoints.length > 0)?.endpoints?.[0]?.nodeName;
  if (at === undefined) return waits('a node that carries the tunnel');
  const name = named(facts);
  const what = name === undefined ? host : `${name} is ${host}, which`;
  return published(`${what} leads to node ${at}, by Service ${keyOf(balancer)}.`);
}

const published = (message: string): Verdict => ({ status: 'True', reason: 'Published', message });

const withoutAddress = (node: string, lacking: string): Verdict =>
  no({
    reason: 'NoNodeAddress',
    message: `Node ${node} has no ${lacking} in its status, so there is nothing that the endpoint could lead to: see kubectl get node ${node} -o wide.`,
  });

/** What the cloud has given a Service. */
export function ingressOf(service: Service | undefined): string | undefined {
  const [first] = service?.status?.loadBalancer?.ingress ?? [];
  return first?.ip || first?.hostname || undefined;
}
