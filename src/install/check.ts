import { isApiError, type KubeApi, leases } from '../kube/index.ts';
import { ageOf, forHowLong, type GatewayState, readGateways } from './gateways.ts';
import { obstacle } from './prerequisites.ts';

export interface CheckOptions {
  client: Pick<KubeApi, 'get' | 'list' | 'document'>;
  namespace: string;
  gatewayNamespace: string;
  /** Gets one line for each thing that was looked at. */
  say: (line: string) => void;
  now: () => number;
  signal?: AbortSignal;
}

interface Finding {
  isWell: boolean;
  line: string;
}

const LEADER = 'tenant-tunnel-controller';

/** Looks whether all parts of an installation are there and well. @returns whether they are */
export async function check(options: CheckOptions): Promise<boolean> {
  const { client, gatewayNamespace, say, now, signal } = options;
  const findings: Finding[] = [];
  const tell = (finding: Finding): void => {
    findings.push(finding);
    say(`${finding.isWell ? 'ok  ' : 'FAIL'} ${finding.line}`);
  };
  const why = await obstacle(client, signal);
  tell({
    isWell: why === undefined,
    line: why ?? 'the API server serves our kinds, as this version has them',
  });
  tell(await leader(options));
  const gateways = await readGateways(client, gatewayNamespace, now(), signal);
  for (const gateway of gateways) tell(gatewayFinding(gateway, gatewayNamespace));
  if (gateways.length === 0) {
    const line =
      'no gateway was ever heard of: see the pods of daemonset/tenant-tunnel-gateway, and its nodeSelector';
    tell({ isWell: false, line });
  }
  return findings.every(({ isWell }) => isWell);
}

async function leader({ client, namespace, now, signal }: CheckOptions): Promise<Finding> {
  const logs = `see kubectl logs -n ${namespace} deployment/${LEADER}`;
  try {
    const lease = await client.get(leases, { namespace, name: LEADER }, { signal });
    const holder = lease?.spec?.holderIdentity;
    const { isStale, silentSeconds } = ageOf(lease?.spec, now());
    if (!holder) return { isWell: false, line: `no controller leads: ${logs}` };
    if (!isStale) return { isWell: true, line: `controller ${holder} leads` };
    return {
      isWell: false,
      line: `controller ${holder} was not heard of for ${forHowLong(silentSeconds)}: ${logs}`,
    };
  } catch (error) {
    if (!isApiError(error, 'Forbidden')) throw error;
    return { isWell: false, line: `whether a controller leads cannot be seen: ${error.message}` };
  }
}

function gatewayFinding(
  { node, isStale, silentSeconds, problem, clock, tunnels }: GatewayState,
  namespace: string,
): Finding {
  if (isStale && clock !== undefined) {
    const silence = `was not heard of for ${forHowLong(silentSeconds)}, unless that is its clock`;
    return { isWell: false, line: `gateway ${node} ${silence}: ${clock}` };
  }
  if (isStale) {
    const remedy = `see its gateway pod; if that node is gone for good, kubectl delete lease -n ${namespace} gateway-${node}`;
    return {
      isWell: false,
      line: `gateway ${node} was not heard of for ${forHowLong(silentSeconds)}: ${remedy}`,
    };
  }
  if (problem !== undefined)
    return { isWell: false, line: `gateway ${node} can carry no tunnel: ${problem}` };
  if (clock !== undefined) return { isWell: false, line: `gateway ${node}: ${clock}` };
  const carries = tunnels === undefined ? 'has not said yet what it carries' : `carries ${tunnels} tunnels`;
  return { isWell: true, line: `gateway ${node} ${carries}` };
}
