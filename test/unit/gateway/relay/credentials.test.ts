import fc from 'fast-check';
import { expiryOf, tokenOf } from '../../../../src/gateway/relay/credentials.ts';
import { Refusal } from '../../../../src/gateway/relay/refusal.ts';
import { AUDIENCE, basic, GOOD, tokenWith } from './tokens.ts';

const from = (authorization: string) => tokenOf({ 'proxy-authorization': authorization }, AUDIENCE);

test.each([
  ['Bearer', `Bearer ${GOOD}`],
  ['any case, more spaces', `bEARER   ${GOOD} `],
  ['the password of Basic', basic('token', GOOD)],
  ['no user', basic('', GOOD)],
  ['one audience as text', `Bearer ${tokenWith({ aud: AUDIENCE })}`],
])('a token is taken: %s', (_how, authorization) => {
  expect(from(authorization)).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
});

test('a token is taken from the header for clients that may not set Proxy-Authorization', () => {
  expect(tokenOf({ 'tenant-tunnel-token': GOOD }, AUDIENCE)).toBe(GOOD);
  expect(tokenOf({ 'tenant-tunnel-token': '', 'proxy-authorization': `Bearer ${GOOD}` }, AUDIENCE)).toBe(
    GOOD,
  );
});

test.each([
  ['nothing', undefined, /Show a service account token with the audience tenant-tunnel-relay/],
  ['an empty header', '', /Show a service account token/],
  ['another scheme', `Digest ${GOOD}`, /Show a service account token/],
  ['no password', basic('token', ''), /Show a service account token/],
  ['no colon', `Basic ${Buffer.from(GOOD).toString('base64')}`, /Show a service account token/],
  ['a password of a person', basic('admin', 'secret'), /no service account token/],
  [
    'a token of 9 kB',
    `Bearer ${tokenWith({ aud: [AUDIENCE], x: 'x'.repeat(9_000) })}`,
    /no service account token/,
  ],
  [
    'a token for the API server',
    `Bearer ${tokenWith({ aud: ['https://kubernetes.default.svc'] })}`,
    /not for the audience/,
  ],
  ['a token for nobody', `Bearer ${tokenWith({})}`, /not for the audience/],
  ['claims that are no object', `Bearer ${tokenWith(null)}`, /not for the audience/],
  ['claims that are no JSON', 'Bearer a.b.c', /not for the audience/],
])('%s is refused with 407, and what was shown is not repeated', (_what, authorization, sentence) => {
  const headers = authorization === undefined ? {} : { 'proxy-authorization': authorization };
  let refusal: unknown;
  try {
    tokenOf(headers, AUDIENCE);
  } catch (error) {
    refusal = error;
  }
  expect(refusal).toMatchObject({ status: 407, message: expect.stringMatching(sentence) });
  const shown = authorization?.split(' ')[1] ?? 'nothing';
  if (shown.length > 5) expect((refusal as Refusal).message).not.toContain(shown);
  expect((refusal as Refusal).message).not.toContain('secret');
});

test('whatever is shown is a token or 407', () => {
  const headers = fc.record(
    {
      'proxy-authorization': fc.string({ maxLength: 200 }),
      'tenant-tunnel-token': fc.string({ maxLength: 200 }),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(headers, (some) => {
      try {
        tokenOf(some as Record<string, string>, AUDIENCE);
      } catch (error) {
        expect(error).toBeInstanceOf(Refusal);
        expect((error as Refusal).status).toBe(407);
      }
    }),
    { numRuns: 1_000 },
  );
});

test('a token says when it ends, or not', () => {
  expect(expiryOf(GOOD)).toBe(4_000_000_000);
  for (const claims of [{}, { exp: 'soon' }, { exp: null }, null])
    expect(expiryOf(tokenWith(claims))).toBeUndefined();
});
