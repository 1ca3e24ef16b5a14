import { bulk, bytesKept, warmUp } from './benchmarks/bulk.ts';
import { churn } from './benchmarks/churn.ts';
import { configure } from './benchmarks/configure.ts';
import { crowd } from './benchmarks/crowd.ts';
import { remove } from './benchmarks/delete.ts';
import { latency } from './benchmarks/latency.ts';
import { rest } from './benchmarks/rest.ts';
import { restart } from './benchmarks/restart.ts';
import { throughput } from './benchmarks/throughput.ts';
import { tunnels } from './benchmarks/tunnels.ts';
import { wholeAgent } from './benchmarks/whole-agent.ts';
import { applyFleet } from './fleet.ts';
import { numbered } from './manifests.ts';
import type { Metrics } from './results.ts';
import { Stage } from './stage.ts';

export type Save = (name: string, metrics: Metrics) => void;
type Say = (line: string) => void;

/** For tests of the benchmarks themselves; a figure with another scale than 1 is none. */
const scale = Number(process.env.BENCH_SCALE ?? 1);
const scaled = (count: number): number => Math.max(1, Math.round(count * scale));

/** A control plane and a fleet each; in them, the benchmarks that share these. */
export const SUITES: Record<string, (save: Save, say: Say) => Promise<void>> = {
  /** bulk-1000, bulk-10000, latency, delete */
  small: async (save, say) => {
    const stage = await Stage.start();
    try {
      const controller = await stage.startController();
      const pattern = await warmUp(stage, controller);
      const [thousand, ten] = [scaled(1_000), scaled(10_000)];
      save(
        'bulk-1000',
        await bulk(stage, controller, pattern, { rounds: 5, tunnels: 1, routersEach: thousand }, say),
      );
      save(
        'bulk-10000',
        await bulk(stage, controller, pattern, { rounds: 2, tunnels: 1, routersEach: ten }, say),
      );
      save('latency', await latency(stage, `fleet-${ten}-1-1`, pattern));
      await stage.addNamespaces(['few']);
      const few = scaled(65);
      await applyFleet(stage, controller, ['few'], numbered('router', few));
      const some = await remove(stage, controller, 'few', few);
      const many = await remove(stage, controller, `fleet-${ten}-1-2`, ten);
      save('delete', { tenantOf65: some, tenantOf10000: many });
    } finally {
      await stage.stop();
    }
  },
  /** bulk-65000, restart, rest */
  large: async (save, say) => {
    const stage = await Stage.start();
    try {
      const first = await stage.startController();
      const pattern = await warmUp(stage, first);
      const count = scaled(65_000);
      const metrics = await bulk(stage, first, pattern, { rounds: 1, tunnels: 1, routersEach: count }, say);
      save('bulk-65000', { ...metrics, ...(await bytesKept(stage, count + 300)) });
      const { controller, metrics: restarted } = await restart(stage, first);
      save('restart', restarted);
      save('rest', await rest(stage, controller, say));
    } finally {
      await stage.stop();
    }
  },
  /** bulk-1000x65 */
  wide: async (save, say) => {
    const stage = await Stage.start({ pools: [{ cidr: '10.64.0.0/10', prefixLength: 20 }] });
    try {
      const controller = await stage.startController();
      const pattern = await warmUp(stage, controller);
      const tunnels = scaled(1_000);
      const metrics = await bulk(stage, controller, pattern, { rounds: 1, tunnels, routersEach: 65 }, say);
      save('bulk-1000x65', { ...metrics, ...(await bytesKept(stage, tunnels * 65 + 300)) });
    } finally {
      await stage.stop();
    }
  },
  /** gateway-crowd, gateway-tunnels: real sidecars and wireguard-go, as root */
  gateway: async (save, say) => {
    save('gateway-crowd', await crowd({ peers: scaled(64_516), routers: scaled(50) }, say));
    save('gateway-tunnels', await tunnels(scaled(1_000), say));
  },
  /** How fast a gateway configures routers, without a cluster. */
  configure: async (save, say) => {
    save('configure', await configure({ routers: scaled(1_000), atOnce: 16, version: '7.16.2' }, say));
  },
  /** The same with a whole agent, its controller and an API server: profiles. */
  profiles: async (save, say) => {
    // The sidecar is pretended: nobody makes a handshake by another key.
    const stage = await Stage.start({ router: { ownKeys: false } });
    try {
      await stage.startController();
      save('profiles', await wholeAgent(stage, { routers: scaled(1_000), version: '7.16.2' }, say));
    } finally {
      await stage.stop();
    }
  },
  /** As root, too. */
  throughput: async (save, say) => {
    const seconds = Math.max(1, 4 * scale);
    save('throughput', await throughput({ rounds: Math.max(1, Math.round(5 * scale)), seconds }, say));
  },
  churn: async (save) => {
    const stage = await Stage.start();
    try {
      const controller = await stage.startController();
      const tenants = numbered('tenant', 5);
      await stage.addNamespaces(tenants);
      await applyFleet(stage, controller, tenants, numbered('router', scaled(1_000)));
      save('churn', await churn(stage, controller, tenants));
    } finally {
      await stage.stop();
    }
  },
};
