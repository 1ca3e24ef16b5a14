import type { Router, RouterStatus } from '../../../src/api/index.ts';
import {
  attemptFailed,
  attemptSucceeded,
  beginAttempt,
  type ConfigurationRecord,
  restBefore,
} from '../../../src/gateway/configuration-record.ts';
import { adoptLink, newLink, nextLink } from '../../../src/gateway/connectivity.ts';
import type { Problem } from '../../../src/gateway/problem.ts';
import type { RouterInput } from '../../../src/gateway/router-input.ts';
import { planRouter } from '../../../src/gateway/router-plan.ts';
import { routerWith } from './fixtures.ts';
import {
  applied,
  at,
  connectedAt,
  facts,
  inputOf,
  onlineRouter,
  record,
  refused,
  START,
  silent,
} from './planned-router.ts';

describe('what is said of a router', () => {
  test('that is Offline and was not brought to the new endpoint of its tunnel is what to do, once', () => {
    const { router, link, record } = onlineRouter();
    const gone = nextLink(link, link.counter, at(300), 180_000);
    const input = inputOf({ router, link: gone, record, now: at(300) });
    const offline = applied(router, planRouter(input));
    const behind = { ...input, router: offline, behind: 'new.example.com:51820' };
    const message = (one: Router) =>
      one.status?.conditions?.find(({ type }) => type === 'Connected')?.message ?? '';
    expect(message(offline)).not.toContain('spec.script.renew');
    const told = applied(offline, planRouter(behind));
    expect(message(told)).toMatch(/another endpoint now, new\.example\.com:51820.*paste status\.script/);
    expect(planRouter({ ...behind, router: told }).write).toBeUndefined();
    expect(message(applied(told, planRouter({ ...input, router: told })))).toBe(message(offline));
  });

  test('is nothing before its first handshake', () => {
    const plan = planRouter(inputOf({ link: newLink(at(0)) }));
    expect(plan).toEqual({ write: undefined, configure: 'none', againMs: undefined });
  });

  test('is VPNConnected at its first handshake, together with a first configuration', () => {
    const { write, configure } = planRouter(inputOf());
    expect(configure).toBe('first');
    expect(write?.status.phase).toBe('VPNConnected');
    expect(write?.event?.reason).toBe('RouterConnected');
    expect(write?.status.lastHandshakeTime).toBe('2027-01-15T08:00:01Z');
  });

  test('is Configuring once the attempt has lasted 2 s, not before', () => {
    const input = inputOf();
    const router = applied(input.router, planRouter(input));
    const running = record(input);
    const early = planRouter({ ...input, router, record: running, now: at(2.9) });
    expect(early.write).toBeUndefined();
    expect(early.againMs).toBeCloseTo(100);
    const late = planRouter({ ...input, router, record: running, now: at(3) });
    expect(late.write?.status.phase).toBe('Configuring');
  });

  test('is Online with its facts once it is configured, and then nothing more', () => {
    const { router, link, record } = onlineRouter();
    expect(router.status).toMatchObject({ phase: 'Online', model: 'hAP ax3', version: '7.16.2 (stable)' });
    expect(planRouter(inputOf({ router, link, record, now: at(100) }))).toMatchObject({
      write: undefined,
      configure: 'none',
    });
  });

  test('is nothing, with no log-in, to an agent that starts again', () => {
    const { router } = onlineRouter();
    const link = nextLink(adoptLink(newLink(at(50)), at(50)), START / 1000 + 1, at(51), 180_000);
    expect(planRouter(inputOf({ router, link, now: at(51) }))).toMatchObject({
      write: undefined,
      configure: 'none',
    });
  });

  test('is said in one write when it returns, and it is looked at again', () => {
    const { router, link, record } = onlineRouter();
    const gone = nextLink(link, link.counter, at(300), 180_000);
    const offline = applied(router, planRouter(inputOf({ router, link: gone, record, now: at(300) })));
    expect(offline.status).toMatchObject({ phase: 'Offline', model: 'hAP ax3' });
    const back = planRouter(inputOf({ router: offline, link: connectedAt(400, gone), record, now: at(400) }));
    expect(back.configure).toBe('verify');
    expect(back.write?.status.phase).toBe('Online');
    expect(back.write?.event?.reason).toBe('RouterConnected');
  });

  test('stays as it is while a router that is Online gets a new spec, until that is done', () => {
    const { router, link, record } = onlineRouter();
    const changed = { ...router, metadata: { ...router.metadata, generation: 2 } };
    expect(planRouter(inputOf({ router: changed, link, record, now: at(9) }))).toMatchObject({
      write: undefined,
      configure: 'first',
    });
    const done = attemptSucceeded(
      beginAttempt(record, { generation: 2, arrivals: 1 }, 9_000),
      { facts, revision: 0 },
      0,
    );
    const { write } = planRouter(inputOf({ router: changed, link, record: done, now: at(10) }));
    expect(write?.status.conditions?.map(({ observedGeneration }) => observedGeneration)).toEqual([
      2, 2, 2, 2,
    ]);
  });

  test('is a refused log-in at once, silence only the second time', () => {
    const input = inputOf();
    const router = applied(input.router, planRouter(input));
    const first = attemptFailed(record(input), silent, 0);
    expect(planRouter({ ...input, router, record: first }).write).toBeUndefined();
    const second = planRouter({ ...input, router, record: attemptFailed(first, silent, 0) });
    expect(second.write?.status.conditions).toContainEqual(
      expect.objectContaining({ reason: silent.reason }),
    );
    const login = planRouter({ ...input, router, record: attemptFailed(record(input), refused, 0) });
    expect(login.write?.event).toMatchObject({ type: 'Warning', reason: 'ConfigurationFailed' });
    expect(login.write?.status.phase).toBe('Configuring');
  });

  test('keeps the first message of a failure that the router words differently each time', () => {
    const input = inputOf();
    const failure = (message: string): Problem => ({ reason: 'ConfigurationFailed', message });
    const first = attemptFailed(record(input), failure('one'), 0);
    const router = applied(input.router, planRouter({ ...input, record: first }));
    const second = attemptFailed(first, failure('two'), 0);
    expect(planRouter({ ...input, router, record: second }).write).toBeUndefined();
  });

  test('of one that was fine waits for the third failure in a row, save a refused log-in', () => {
    const { router, link, record } = onlineRouter();
    const gone = nextLink(link, link.counter, at(300), 180_000);
    const back = connectedAt(400, gone);
    let failing = beginAttempt(record, { generation: 1, arrivals: back.arrivals }, 0);
    for (const isSaid of [false, false, true]) {
      failing = attemptFailed(failing, silent, 0);
      const { write } = planRouter(inputOf({ router, link: back, record: failing, now: at(400) }));
      expect(write !== undefined).toBe(isSaid);
    }
    const refusing = attemptFailed(beginAttempt(record, { generation: 1, arrivals: 2 }, 0), refused, 0);
    expect(planRouter(inputOf({ router, link: back, record: refusing })).write).toBeDefined();
  });

  test('is waited after, whoever is at fault; not in another round, nor after a success', () => {
    const round = { generation: 1, arrivals: 0 };
    const begun = beginAttempt(undefined, round, 0);
    // The sidecar was away: nothing to tell, and no failure of the router's.
    const idle: ConfigurationRecord = { ...begun, state: 'failed', notBefore: 1_000 };
    expect(restBefore(idle, round, 300)).toBe(700);
    expect(restBefore(idle, round, 2_000)).toBe(0);
    expect(restBefore(attemptFailed(begun, silent, 1_000), round, 300)).toBe(700);
    expect(restBefore(idle, { ...round, arrivals: 1 }, 300)).toBe(0);
    expect(restBefore(attemptSucceeded(begun, { facts, revision: 0 }, 0), round, 300)).toBe(0);
    expect(restBefore(undefined, round, 300)).toBe(0);
  });

  test('is Online without a log-in where autoConfiguration is off', () => {
    const router = routerWith({ phase: 'AwaitingConnection' }, { autoConfiguration: { enabled: false } });
    const plan = planRouter(inputOf({ router }));
    expect(plan.configure).toBe('none');
    expect(plan.write?.status.phase).toBe('Online');
  });

  test('leaves phase and Ready to the controller while it is suspended, in Error, or waits for its tunnel', () => {
    const refusal = { type: 'Allocated', status: 'False', reason: 'Pending', message: '' } as const;
    const pending = {
      phase: 'Pending',
      conditions: [{ ...refusal, lastTransitionTime: '2026-01-01T00:00:00Z' }],
    } as const;
    for (const status of [{ phase: 'Error' } as const, pending as unknown as RouterStatus]) {
      const { write } = planRouter(inputOf({ router: routerWith(status) }));
      expect(write?.status.phase).toBeUndefined();
      expect(write?.owned.fields).not.toContain('phase');
      expect(write?.status.conditions?.map(({ type }) => type)).toEqual([
        'Programmed',
        'Connected',
        'Configured',
      ]);
    }
    const suspended = routerWith({ phase: 'Suspended' }, { suspended: true });
    expect(planRouter(inputOf({ router: suspended })).write).toBeUndefined();
  });

  test('takes its part back only after the controller has said Suspended, and once', () => {
    const { router } = onlineRouter();
    const cut = (phase: RouterStatus['phase']): Router => ({
      ...router,
      spec: { ...router.spec, suspended: true },
      status: { ...router.status, phase } as RouterStatus,
    });
    const gone = { presence: 'removed', link: undefined } as const;
    expect(planRouter(inputOf({ ...gone, router: cut('Online') })).write).toBeUndefined();
    const plan = planRouter(inputOf({ ...gone, router: cut('Suspended') }));
    expect(plan.write?.owned.conditions).not.toContain('Ready');
    const said = applied(cut('Suspended'), plan);
    expect(said.status?.phase).toBe('Suspended');
    expect(planRouter(inputOf({ ...gone, router: said })).write).toBeUndefined();
  });

  test('is nothing of a router that is being deleted or is not of this node', () => {
    const { router } = onlineRouter();
    const deleted = {
      ...router,
      metadata: { ...router.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
    };
    expect(planRouter(inputOf({ router: deleted, presence: 'removed' })).write).toBeUndefined();
    expect(planRouter(inputOf({ router, presence: 'elsewhere', link: undefined })).write).toBeUndefined();
  });
});

describe('a router that is to be given another password', () => {
  const rotating = (status: RouterStatus = {}, fields: Partial<RouterInput> = {}) => {
    const { router, link, record } = onlineRouter();
    const said = { ...router, status: { ...router.status, ...status } as RouterStatus };
    return planRouter(inputOf({ router: said, link, record, due: 1, now: at(3), ...fields }));
  };

  test('is logged in to, also by an agent that has just begun, and stays Online meanwhile', () => {
    const { router, link } = onlineRouter();
    expect(rotating()).toMatchObject({ configure: 'verify', write: undefined });
    const adopted = adoptLink(newLink(at(0)), at(0));
    expect(adopted.arrivals).toBe(0);
    expect(rotating({}, { link: adopted, record: undefined })).toMatchObject({ configure: 'verify' });
    expect(planRouter(inputOf({ router, link, record: undefined, now: at(3) })).configure).not.toBe('first');
  });

  test('is left alone once it has it, and its status tells the number', () => {
    expect(rotating({ credentials: { revision: 1 } }).configure).toBe('none');
    const { record } = onlineRouter();
    const { configure, write } = rotating({}, { record: { ...record, revision: 1 } });
    expect(configure).toBe('none');
    expect(write?.status.credentials).toEqual({ revision: 1 });
  });
});

describe('a router whose script was followed by another', () => {
  test('is not spoken of by the peer before', () => {
    const { router, link, record } = onlineRouter();
    const told = { ...router, status: { ...router.status, publicKey: 'new' } as RouterStatus };
    expect(planRouter(inputOf({ router: told, link, record, publicKey: 'old' }))).toEqual({
      write: undefined,
      configure: 'none',
      againMs: undefined,
    });
  });

  test('is said once not to be connected, and its phase left to the controller', () => {
    const { router } = onlineRouter();
    const status = { ...router.status, publicKey: 'new', phase: 'AwaitingConnection' } as RouterStatus;
    const input = inputOf({
      router: { ...router, status },
      link: newLink(at(3)),
      publicKey: 'new',
      now: at(3),
    });
    const plan = planRouter(input);
    expect(plan.configure).toBe('none');
    expect(plan.write?.status.phase).toBeUndefined();
    const said = plan.write?.status.conditions?.map(
      ({ type, status: is, reason }) => `${type} ${is} ${reason}`,
    );
    expect(said).toEqual(
      expect.arrayContaining(['Connected False AwaitingConnection', 'Configured Unknown Pending']),
    );
    expect(said?.some((one) => one.startsWith('Ready'))).toBe(false);
    const after = applied(input.router, plan);
    expect(planRouter({ ...input, router: after }).write).toBeUndefined();
  });
});
