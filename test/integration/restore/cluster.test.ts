/** Drill 4: the operator's namespaces and the custom resources are restored into another cluster, with other nodes. */
import { jest } from '@jest/globals';
import { microTime } from '../../../src/kube/index.ts';
import { ControllerHarness, GATEWAYS, SYSTEM, until } from '../controller/harness.ts';
import { buildFleet, NAMESPACES } from './fleet.ts';
import { expectNothingChanged, type Given, givenNow } from './given.ts';
import { type Backup, backUp, restore } from './velero.ts';

jest.setTimeout(240_000);

let before: Given;
let backup: Backup;
beforeAll(async () => {
  const first = await ControllerHarness.start();
  try {
    await buildFleet(first);
    before = await givenNow(first);
    // A backup is older than a heartbeat lasts.
    const lease = { leaseDurationSeconds: 40, renewTime: microTime(Date.now() - 60_000) };
    await first.patch(`/apis/coordination.k8s.io/v1/namespaces/${GATEWAYS}/leases/gateway-node-1`, {
      spec: lease,
    });
    // Taken while the controller leads: its Lease looks as if it still did.
    backup = await backUp(first.plane, [...NAMESPACES, SYSTEM, GATEWAYS]);
  } finally {
    await first.stop();
  }
});

test.each<[string, string[], { statuses?: ('routers' | 'tenanttunnels')[] }]>([
  ["the operator's namespace alone, without statuses", [SYSTEM], {}],
  [
    "with the gateways' namespace, their Leases and all statuses",
    [SYSTEM, GATEWAYS],
    { statuses: ['routers', 'tenanttunnels'] },
  ],
])('%s', async (_what, namespaces, options) => {
  const second = await ControllerHarness.start();
  try {
    for (const namespace of NAMESPACES) await second.addNamespace(namespace);
    await second.addNode('other-1');
    await second.addNode('other-2');
    const wanted = [...NAMESPACES, ...namespaces, undefined];
    await restore(second.plane, backup, {
      ...options,
      only: ({ metadata }) => wanted.includes(metadata.namespace),
    });
    await second.startController();
    await until('all tunnels lie on nodes that are there', async () =>
      (await second.tunnels()).every(({ status }) => /^other-/.test(status?.gateway ?? '')),
    );
    await expectNothingChanged(second, before);
    const placed = (await second.plane.request('GET', `/api/v1/namespaces/${GATEWAYS}/configmaps`)).json()
      .items;
    const nodes = placed.map(
      ({ metadata }: { metadata: { labels: Record<string, string> } }) =>
        metadata.labels['vpn.traidnet.io/gateway'],
    );
    expect([...new Set(nodes)].sort()).toEqual(['other-1', 'other-2']);
  } finally {
    await second.stop();
  }
});
