import fc from 'fast-check';
import { type Flow, FlowBudget, FlowTable } from '../../../src/wireguard/services/flow-table.ts';

const LIMITS = { perSource: 3, perTunnel: 6, total: 10, idleMs: 100 };

class Noted implements Flow {
  readonly source: string;
  closed = 0;
  constructor(source: string) {
    this.source = source;
  }
  close(): void {
    this.closed += 1;
  }
}

function tableOf(budget = new FlowBudget(LIMITS)) {
  const table = new FlowTable<Noted>(budget);
  const add = (source: string, key: string, now = 0): Noted => {
    const flow = new Noted(source);
    table.add(key, flow, now);
    return flow;
  };
  return { budget, table, add };
}

describe('the flows of a tunnel', () => {
  test('are found by their key, and closed when nothing has come for long', () => {
    const { table, add, budget } = tableOf();
    const one = add('10.1', 'a', 0);
    const two = add('10.2', 'b', 10);
    expect(table.use('a', 50)).toBe(one);
    expect(table.use('z', 50)).toBeUndefined();
    table.sweep(120);
    expect([one.closed, two.closed, table.size, budget.used]).toEqual([0, 1, 1, 1]);
    table.sweep(150);
    expect([one.closed, table.size, budget.used]).toEqual([1, 0, 0]);
  });

  test('of one source push out that source alone', () => {
    const { table, add } = tableOf();
    const calm = add('10.2', 'calm');
    const own = Array.from({ length: 20 }, (_, n) => add('10.1', `flood ${n}`, n));
    expect(calm.closed).toBe(0);
    expect(own.filter(({ closed }) => closed === 0)).toHaveLength(3);
    expect(own.slice(-3).every(({ closed }) => closed === 0)).toBe(true);
    expect(table.size).toBe(4);
  });

  test('that were used last stay, where a tunnel or the node is full', () => {
    const { table, add } = tableOf();
    const flows = Array.from({ length: 6 }, (_, n) => add(`10.${n}`, `${n}`, n));
    table.use('0', 50);
    add('10.9', '9', 51);
    expect(flows.map(({ closed }) => closed)).toEqual([0, 1, 0, 0, 0, 0]);
  });

  test('of another tunnel cost the fullest one its oldest', () => {
    const budget = new FlowBudget(LIMITS);
    const greedy = tableOf(budget);
    const calm = tableOf(budget);
    const mine = calm.add('10.1', 'mine');
    const theirs = Array.from({ length: 6 }, (_, n) => greedy.add(`10.${n}`, `${n}`, n));
    for (let n = 0; n < 3; n += 1) calm.add(`10.${n + 2}`, `more ${n}`);
    expect(budget.used).toBe(10);
    const last = calm.add('10.8', 'last');
    expect([mine.closed, last.closed, theirs[0]?.closed, budget.used]).toEqual([0, 0, 1, 10]);
  });

  test('are counted right whatever happens, and each closed once', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('add' as const), source: fc.nat(4), key: fc.nat(12), table: fc.nat(1) }),
      fc.record({ do: fc.constant('use' as const), key: fc.nat(12), table: fc.nat(1) }),
      fc.record({ do: fc.constant('sweep' as const), table: fc.nat(1) }),
      fc.record({ do: fc.constant('drop' as const), source: fc.nat(4), table: fc.nat(1) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const budget = new FlowBudget(LIMITS);
        const tables = [new FlowTable<Noted>(budget), new FlowTable<Noted>(budget)];
        const all: Noted[] = [];
        for (const [now, one] of steps.entries()) {
          const table = tables[one.table] as FlowTable<Noted>;
          if (one.do === 'add' && table.use(`${one.key}`, now * 10) === undefined) {
            const flow = new Noted(`s${one.source}`);
            all.push(flow);
            table.add(`${one.key}`, flow, now * 10);
          }
          if (one.do === 'use') table.use(`${one.key}`, now * 10);
          if (one.do === 'sweep') table.sweep(now * 10);
          if (one.do === 'drop') table.dropWhere(({ source }) => source === `s${one.source}`);
          const open = all.filter(({ closed }) => closed === 0);
          expect(budget.used).toBe(open.length);
          expect(tables.reduce((sum, { size }) => sum + size, 0)).toBe(open.length);
          expect(open.length).toBeLessThanOrEqual(LIMITS.total);
        }
        for (const table of tables) table.close();
        expect(all.every(({ closed }) => closed === 1)).toBe(true);
        expect(budget.used).toBe(0);
      }),
    );
  });
});
