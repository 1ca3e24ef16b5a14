import { type Caller, type ReviewOutcome, Reviews } from '../../../../src/gateway/relay/reviews.ts';
import { FakeClock } from '../../kube/fake-clock.ts';
import { recordingLogger } from '../../kube/recording-logger.ts';
import { AUDIENCE, GOOD, tokenWith } from './tokens.ts';

const CALLER: Caller = {
  username: 'system:serviceaccount:shop:web',
  uid: 'u',
  groups: ['g'],
  extra: { k: ['v'] },
};

/** An API server that knows one token, and rights as `namespace/name`. */
function start() {
  const clock = new FakeClock();
  const logger = recordingLogger();
  const asked: string[] = [];
  const outcomes: string[] = [];
  const state = {
    rights: [] as string[],
    fails: undefined as Error | undefined,
    audiences: [AUDIENCE] as string[] | undefined,
    token: GOOD,
    uid: 'u',
    gate: Promise.resolve(),
  };
  // biome-ignore lint/suspicious/noExplicitAny: stands in for both reviews
  const review = async ({ kind }: { kind: string }, spec: any): Promise<any> => {
    const { namespace, name } = spec.resourceAttributes ?? {};
    asked.push(kind === 'TokenReview' ? `token ${spec.audiences}` : `access ${namespace}/${name}`);
    await state.gate;
    if (state.fails !== undefined) throw state.fails;
    if (kind === 'TokenReview') {
      return {
        status:
          spec.token === state.token ? { authenticated: true, user: CALLER, audiences: state.audiences } : {},
      };
    }
    expect(spec).toMatchObject({
      user: CALLER.username,
      uid: state.uid,
      groups: ['g'],
      extra: { k: ['v'] },
      resourceAttributes: {
        verb: 'create',
        group: 'vpn.traidnet.io',
        resource: 'routers',
        subresource: 'connect',
      },
    });
    return { status: { allowed: state.rights.includes(`${namespace}/${name}`) } };
  };
  const reviews = new Reviews({
    client: { review } as never,
    audience: AUDIENCE,
    clock,
    logger,
    onReview: (what: string, outcome: ReviewOutcome) => void outcomes.push(`${what} ${outcome}`),
  });
  return { clock, logger, asked, outcomes, state, reviews };
}
const wrong = (number: number): string => tokenWith({ aud: [AUDIENCE], number });
const acme = { namespace: 'acme', name: 'branch-1' };

test('a token is asked for once while the answer is good, 30 s at most', async () => {
  const { reviews, asked, clock } = start();
  const callers = await Promise.all([1, 2, 3].map(() => reviews.authenticate(GOOD, '10.0.0.1')));
  expect(callers).toEqual([CALLER, CALLER, CALLER]);
  await clock.advance(29_000);
  await reviews.authenticate(GOOD, '10.0.0.2');
  expect(asked).toEqual([`token ${AUDIENCE}`]);
  await clock.advance(1_000);
  await reviews.authenticate(GOOD, '10.0.0.1');
  expect(asked).toHaveLength(2);
});

test('a wrong token is refused with 407, and remembered for 10 s', async () => {
  const { reviews, asked, clock } = start();
  for (let round = 0; round < 3; round += 1) {
    await expect(reviews.authenticate(wrong(1), 'a')).rejects.toMatchObject({ status: 407 });
  }
  expect(asked).toHaveLength(1);
  await clock.advance(10_000);
  await expect(reviews.authenticate(wrong(1), 'a')).rejects.toMatchObject({ status: 407 });
  expect(asked).toHaveLength(2);
});

test.each([[undefined], [[]], [['https://kubernetes.default.svc']]])(
  'a server that does not repeat the audience but %j has not looked at it',
  async (audiences) => {
    const { reviews, state } = start();
    state.audiences = audiences;
    await expect(reviews.authenticate(GOOD, 'a')).rejects.toMatchObject({ status: 407 });
  },
);

test('a flood of wrong tokens is not passed on, and leaves others their way', async () => {
  const { reviews, asked, outcomes } = start();
  await reviews.authenticate(GOOD, 'b');
  const statuses: number[] = [];
  for (let number = 0; number < 5_000; number += 1) {
    await reviews.authenticate(wrong(number), 'a').catch(({ status }) => statuses.push(status));
  }
  expect(statuses.filter((status) => status === 407)).toHaveLength(40);
  expect(statuses.filter((status) => status === 429)).toHaveLength(4_960);
  expect(asked).toHaveLength(41);
  // Who is known stays so, and who is not has places of its own.
  expect(await reviews.authenticate(GOOD, 'b')).toEqual(CALLER);
  await expect(reviews.authenticate(wrong(-1), 'c')).rejects.toMatchObject({ status: 407 });
  expect(outcomes.filter((outcome) => outcome === 'token limited')).toHaveLength(4_960);
});

test('a flood from everywhere has a bound of its own', async () => {
  const { reviews, asked } = start();
  for (let number = 0; number < 1_000; number += 1) {
    await reviews.authenticate(wrong(number), `10.0.${number}`).catch(() => undefined);
  }
  expect(asked).toHaveLength(200);
});

test('no more than 33 questions are open at once', async () => {
  const { reviews, state, asked } = start();
  const gate = Promise.withResolvers<void>();
  state.gate = gate.promise;
  const all = Array.from({ length: 100 }, (_, at) =>
    reviews.authenticate(wrong(at), `10.0.${at}`).catch(({ status }) => status as number),
  );
  expect(asked.length).toBeLessThanOrEqual(33);
  gate.resolve();
  const statuses = await Promise.all(all);
  expect(statuses.filter((status) => status === 429).length).toBe(100 - asked.length);
});

test('a token that ends is not believed longer', async () => {
  const { reviews, state, asked, clock } = start();
  state.token = tokenWith({ aud: [AUDIENCE], exp: clock.wall() / 1_000 + 5 });
  await reviews.authenticate(state.token, 'a');
  await clock.advance(4_000);
  await reviews.authenticate(state.token, 'a');
  expect(asked).toHaveLength(1);
  await clock.advance(1_000);
  await reviews.authenticate(state.token, 'a');
  expect(asked).toHaveLength(2);
});

test.each([
  ['all', '/', ['/']],
  ['a namespace', 'acme/', ['/', 'acme/']],
  ['one Router', 'acme/branch-1', ['/', 'acme/', 'acme/branch-1']],
  ['nothing', 'globex/', ['/', 'acme/', 'acme/branch-1']],
])('a right to %s is found, the widest first, and remembered', async (what, right, questions) => {
  const { reviews, state, asked } = start();
  state.rights = [right];
  for (let round = 0; round < 3; round += 1) expect(await reviews.may(CALLER, acme)).toBe(what !== 'nothing');
  expect(asked).toEqual(questions.map((question) => `access ${question}`));
});

test('for a namespace or all, no narrower right is enough', async () => {
  const { reviews, state, asked } = start();
  state.rights = ['acme/branch-1'];
  expect(await reviews.may(CALLER, { namespace: 'acme', name: '' })).toBe(false);
  expect(await reviews.may(CALLER, { namespace: '', name: '' })).toBe(false);
  expect(asked).toEqual(['access /', 'access acme/']);
});

test('a right that was given is found after 10 s, one that was taken counts for 30 s at most', async () => {
  const { reviews, state, clock } = start();
  expect(await reviews.may(CALLER, acme)).toBe(false);
  state.rights = ['acme/'];
  await clock.advance(10_000);
  expect(await reviews.may(CALLER, acme)).toBe(true);
  state.rights = [];
  await clock.advance(30_000);
  expect(await reviews.may(CALLER, acme)).toBe(false);
});

test('what one caller may is not what another of its name may', async () => {
  const { reviews, state, asked } = start();
  state.rights = ['/'];
  expect(await reviews.may(CALLER, acme)).toBe(true);
  expect(await reviews.may({ ...CALLER }, acme)).toBe(true);
  expect(asked).toHaveLength(1);
  state.rights = [];
  state.uid = 'of an account that was made anew';
  expect(await reviews.may({ ...CALLER, uid: state.uid }, acme)).toBe(false);
  expect(asked).toHaveLength(4);
});

test('without an answer nobody gets in: 503, said once in the log, without the token', async () => {
  const { reviews, state, asked, logger } = start();
  state.fails = new Error('connection refused');
  for (let round = 0; round < 3; round += 1) {
    await expect(reviews.authenticate(GOOD, 'a')).rejects.toMatchObject({ status: 503 });
  }
  expect(asked).toHaveLength(3);
  expect(logger.messages('warn')).toHaveLength(1);
  expect(JSON.stringify(logger.lines)).not.toContain(GOOD);
  state.fails = undefined;
  expect(await reviews.authenticate(GOOD, 'a')).toEqual(CALLER);
});
