/** That the benchmarks still measure: small fleets, no figure is judged. */
import { bulk, bytesKept, warmUp } from '../../../bench/benchmarks/bulk.ts';
import { remove } from '../../../bench/benchmarks/delete.ts';
import { latency } from '../../../bench/benchmarks/latency.ts';
import { rest } from '../../../bench/benchmarks/rest.ts';
import { wholeAgent } from '../../../bench/benchmarks/whole-agent.ts';
import type { Pattern } from '../../../bench/floor.ts';
import type { Metrics } from '../../../bench/results.ts';
import type { RunningProcess } from '../../../bench/running-process.ts';
import { Stage } from '../../../bench/stage.ts';

let stage: Stage;
let controller: RunningProcess;
let pattern: Pattern;

beforeAll(async () => {
  stage = await Stage.start();
  controller = await stage.startController();
  pattern = await warmUp(stage, controller);
}, 120_000);

afterAll(async () => {
  await controller?.stop();
  await stage?.stop();
});

/** Every number in it, however deep. */
const numbers = (value: Metrics[string]): number[] =>
  typeof value === 'number'
    ? [value]
    : typeof value === 'object'
      ? Object.values(value).flatMap((inner) => numbers(inner as Metrics[string]))
      : [];

test('the floor writes what the operator wrote: a status with its script, and three objects of a block', () => {
  expect(pattern.router).toMatchObject({ script: expect.stringContaining('/interface/wireguard') });
  expect(pattern.tunnel).toMatchObject({ subnet: expect.any(String) });
  expect(pattern.block.map(({ kind }) => kind)).toEqual(['secrets', 'secrets', 'configmaps']);
  expect(pattern.handover.map(({ kind }) => kind)).toEqual(['secrets', 'configmaps']);
});

test('bulk, latency and delete give figures, and every Router of them is served', async () => {
  const metrics = await bulk(
    stage,
    controller,
    pattern,
    { rounds: 1, tunnels: 2, routersEach: 20 },
    () => {},
  );
  expect(metrics).toMatchObject({ routers: 40, tunnels: 2 });
  // A script each, and the tunnels' own.
  expect(metrics.writesPerRouter).toBeGreaterThan(1);
  const late = await latency(stage, 'fleet-40-2-1-00000', pattern, 5);
  const removed = await remove(stage, controller, 'fleet-40-2-1-00001', 20);
  const all = numbers({ metrics, late, removed, bytes: await bytesKept(stage, 345) });
  expect(all.filter((value) => !Number.isFinite(value) || value < 0)).toEqual([]);
  expect(all.length).toBeGreaterThan(30);
}, 120_000);

test('rest has a real agent tell all routers Online first', async () => {
  const metrics = await rest(stage, controller, () => {}, { seconds: 2, settleMs: 0, quietMs: 3_000 });
  expect(metrics.allOnlineWrites).toBeGreaterThan(300);
  expect(metrics.agent).toMatchObject({ residentMiB: expect.any(Number) });
}, 120_000);

test('profiles has a whole agent set routers up and apply a profile', async () => {
  const metrics = await wholeAgent(stage, { routers: 6, version: '7.16.2' }, () => {});
  expect(metrics).toMatchObject({ routers: 6, failed: 0 });
  expect(numbers(metrics).filter((value) => !Number.isFinite(value) || value < 0)).toEqual([]);
}, 120_000);
