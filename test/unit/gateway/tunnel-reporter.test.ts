/** What lasts long enough to be said is said, whatever is written meanwhile. */
import type { TenantTunnelStatus } from '../../../src/api/index.ts';
import { desiredTunnel, TunnelMemory } from '../../../src/gateway/desired-tunnel.ts';
import { Fleet } from '../../../src/gateway/fleet.ts';
import { TunnelReporter } from '../../../src/gateway/tunnel-reporter.ts';
import { findCondition } from '../../../src/kube/index.ts';
import { waitFor } from '../../testbed/wait.ts';
import { recordingLogger } from '../kube/recording-logger.ts';
import { objectsOf } from './fixtures.ts';

const PROBLEM_AFTER_MS = 50;
const METADATA = { namespace: 'acme', name: 'acme', uid: 'uid', resourceVersion: '1' };
const BAD = { status: 'False', reason: 'ServiceNotFound', message: 'ntp: Service acme/ntp does not exist.' };

test('a Service that is lacking is told also when its time ends while something else is written', async () => {
  let monotonic = 1_000;
  let object = { metadata: METADATA } as never;
  const said: (string | undefined)[] = [];
  const fleet = new Fleet();
  const tunnel = fleet.ensure('wg3');
  fleet.update(tunnel, desiredTunnel(3, objectsOf([]), new TunnelMemory()), () => ({}) as never);
  tunnel.attempted = true;
  Object.assign(tunnel.services, { verdict: BAD, badSince: monotonic - PROBLEM_AFTER_MS + 1 });
  const logger = recordingLogger();
  const reporter = new TunnelReporter({
    client: {
      applyStatus: async (_type, written) => {
        const { status } = written as { status?: TenantTunnelStatus };
        said.push(findCondition(status?.conditions, 'ServicesReady')?.reason);
        monotonic += PROBLEM_AFTER_MS;
        object = { metadata: { ...METADATA, resourceVersion: '2' }, status } as never;
        return object;
      },
    },
    tenantTunnels: {
      synced: Promise.resolve(),
      onChange: () => undefined,
      get: () => object,
      hasReached: () => true,
    } as never,
    routers: { get: () => undefined } as never,
    fleet,
    endpoints: { report: () => undefined } as never,
    recorder: { record: () => undefined } as never,
    logger,
    now: () => ({ monotonic, wall: 1.8e12 }),
    nodeName: 'node-1',
    gatherMs: 0,
    problemAfterMs: PROBLEM_AFTER_MS,
    mayWrite: async () => true,
  });
  const stop = new AbortController();
  const running = reporter.controller.run(stop.signal);
  reporter.controller.enqueue('acme/acme');
  await waitFor('it is told', () => said.includes('ServiceNotFound'), 5_000);
  expect(said).toEqual([undefined, 'ServiceNotFound']);
  // By itself, and not since it failed.
  expect(logger.messages('warn')).toEqual([]);
  stop.abort();
  await running;
});
