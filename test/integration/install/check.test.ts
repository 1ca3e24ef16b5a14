import { jest } from '@jest/globals';
import { ANNOTATION_CLOCK, ANNOTATION_PROBLEM, ANNOTATION_TUNNELS } from '../../../src/api/index.ts';
import { applyCrds, check } from '../../../src/install/index.ts';
import { GATEWAYS, Installation, SYSTEM, until } from './installation.ts';

jest.setTimeout(60_000);

let installation: Installation;

beforeAll(async () => {
  installation = await Installation.start();
}, 900_000);
afterAll(() => installation?.stop());

/** What `helm test` says, with the rights that it has. */
async function told(): Promise<{ isWell: boolean; lines: string[] }> {
  const lines: string[] = [];
  const isWell = await check({
    client: installation.client('check'),
    namespace: SYSTEM,
    gatewayNamespace: GATEWAYS,
    say: (line) => lines.push(line),
    now: Date.now,
  });
  return { isWell, lines };
}

test('an installation of which nothing is there says of each part what is missing and where to look', async () => {
  const { isWell, lines } = await told();
  expect(isWell).toBe(false);
  expect(lines).toEqual([
    expect.stringMatching(/^FAIL The kinds TunnelClass, .* are not installed, .*: kubectl apply /),
    `FAIL no controller leads: see kubectl logs -n ${SYSTEM} deployment/tenant-tunnel-controller`,
    'FAIL no gateway was ever heard of: see the pods of daemonset/tenant-tunnel-gateway, and its nodeSelector',
  ]);
});

describe('with the kinds installed', () => {
  const OK = 'ok   the API server serves our kinds, as this version has them';

  beforeAll(async () => {
    await applyCrds(installation.client('crds'), () => undefined);
    await until('they are published', async () => (await told()).lines[0] === OK);
  });

  test('all that is alive and well makes it well', async () => {
    await installation.lease('leader');
    await installation.lease('gateway-edge-1', { annotations: { [ANNOTATION_TUNNELS]: '3' } });
    await installation.lease('gateway-edge-2');
    expect(await told()).toEqual({
      isWell: true,
      lines: [
        OK,
        'ok   controller pod-1 leads',
        'ok   gateway edge-1 carries 3 tunnels',
        'ok   gateway edge-2 has not said yet what it carries',
      ],
    });
  });

  test('a leader that is silent is told of with how long', async () => {
    await installation.lease('leader', { secondsAgo: 300 });
    const { isWell, lines } = await told();
    expect(isWell).toBe(false);
    expect(lines[1]).toBe(
      `FAIL controller pod-1 was not heard of for 5 min: see kubectl logs -n ${SYSTEM} deployment/tenant-tunnel-controller`,
    );
    await installation.lease('leader');
  });

  test('each gateway that is silent or lacks WireGuard is named with what to do, the others are well', async () => {
    await installation.lease('gateway-edge-2', { secondsAgo: 7_200 });
    await installation.lease('gateway-edge-3', {
      annotations: { [ANNOTATION_TUNNELS]: '0', [ANNOTATION_PROBLEM]: 'The node has no WireGuard.' },
    });
    const { isWell, lines } = await told();
    expect(isWell).toBe(false);
    expect(lines.slice(2)).toEqual([
      'ok   gateway edge-1 carries 3 tunnels',
      `FAIL gateway edge-2 was not heard of for 2 h: see its gateway pod; if that node is gone for good, kubectl delete lease -n ${GATEWAYS} gateway-edge-2`,
      'FAIL gateway edge-3 can carry no tunnel: The node has no WireGuard.',
    ]);
  });

  test('a gateway whose clock is wrong is told of as that, also where its Lease looks old for it', async () => {
    const clock = 'The clock of this node is about 2 h behind that of the API server: let NTP set it.';
    const annotations = { [ANNOTATION_TUNNELS]: '1', [ANNOTATION_CLOCK]: clock };
    await installation.lease('gateway-edge-2', { annotations });
    await installation.lease('gateway-edge-3', { secondsAgo: 7_200, annotations });
    const { isWell, lines } = await told();
    expect(isWell).toBe(false);
    expect(lines.slice(3)).toEqual([
      `FAIL gateway edge-2: ${clock}`,
      `FAIL gateway edge-3 was not heard of for 2 h, unless that is its clock: ${clock}`,
    ]);
  });
});
