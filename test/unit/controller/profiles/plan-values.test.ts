import { ANNOTATION_VALUE_VERSIONS, MAX_PROFILE_VALUE } from '../../../../src/api/index.ts';
import { refusalOfProfile } from '../../../../src/controller/profiles/accept-profile.ts';
import {
  planValues,
  referredSecrets,
  type SecretRead,
} from '../../../../src/controller/profiles/plan-values.ts';
import type { Secret } from '../../../../src/kube/index.ts';
import { profile } from '../../api/profiles/fixtures.ts';

const secret = (name: string, data: Record<string, string | Buffer>, resourceVersion = '7'): Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'a', resourceVersion },
  data: Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  ),
});

const refers = (key: string, ...refs: [secret: string, key: string][]) =>
  profile(key, {
    values: [
      { name: 'plain', value: 'text' },
      ...refs.map(([name, of], at) => ({ name: `v${at}`, secretKeyRef: { name, key: of } })),
    ],
  });

function plan(profiles: ReturnType<typeof profile>[], reads: Record<string, SecretRead>, before?: Secret) {
  const referred = referredSecrets(profiles);
  return planValues({
    namespace: 'a',
    gatewayNamespace: 'gateways',
    referred,
    reads: new Map(Object.entries(reads)),
    before,
  });
}

test('only what profiles refer to is copied, with the version that it was read at', () => {
  const { copy, values } = plan(
    [refers('a/p', ['radius', 'secret']), refers('a/q', ['snmp.v3', 'auth_key'])],
    {
      radius: secret('radius', { secret: 'one', other: 'unseen' }),
      'snmp.v3': secret('snmp.v3', { auth_key: 'two' }, '9'),
    },
  );
  expect(copy?.metadata).toMatchObject({
    name: 'values-a',
    namespace: 'gateways',
    labels: { 'vpn.traidnet.io/part': 'values' },
  });
  expect(Object.keys(copy?.data ?? {})).toEqual(['radius_secret', 'snmp.v3_auth_key']);
  expect(values.versions).toEqual({ radius_secret: '7', 'snmp.v3_auth_key': '9' });
  expect(JSON.stringify(copy)).not.toContain(Buffer.from('unseen').toString('base64'));
});

test('a value that is as it was keeps its version, whatever else has changed in its Secret', () => {
  const profiles = [refers('a/p', ['radius', 'secret'], ['radius', 'more'])];
  const first = plan(profiles, { radius: secret('radius', { secret: 'one', more: 'x' }) }).copy;
  const { values } = plan(
    profiles,
    { radius: secret('radius', { secret: 'one', more: 'y', new: 'z' }, '8') },
    first,
  );
  expect(values.versions).toEqual({ radius_secret: '7', radius_more: '8' });
});

test('what somebody wrote over the copy is no version', () => {
  const profiles = [refers('a/p', ['radius', 'secret'])];
  const first = plan(profiles, { radius: secret('radius', { secret: 'one' }) }).copy as Secret;
  first.metadata.annotations = { [ANNOTATION_VALUE_VERSIONS]: 'nonsense' };
  expect(plan(profiles, { radius: secret('radius', { secret: 'one' }, '8') }, first).values.versions).toEqual(
    {
      radius_secret: '8',
    },
  );
});

test('nothing referred to is no copy, and neither is a profile that is being deleted', () => {
  const going = refers('a/p', ['radius', 'secret']);
  going.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
  expect(plan([going], { radius: secret('radius', { secret: 'one' }) }).copy).toBeUndefined();
});

test.each<[string, SecretRead, string, RegExp]>([
  [
    'it may not be read',
    'forbidden',
    'SecretUnreadable',
    /kubectl create rolebinding tenant-tunnel-profile-values --namespace=a .*--serviceaccount=system:tenant-tunnel-controller/,
  ],
  ['it is not there', 'absent', 'SecretNotFound', /Secret radius.*create it/],
  ['it lacks the key', secret('radius', {}), 'SecretNotFound', /no key secret/],
  [
    'the value is too long',
    secret('radius', { secret: 'x'.repeat(MAX_PROFILE_VALUE + 1) }),
    'InvalidProfile',
    /16 KiB/,
  ],
  [
    'the value is no text',
    secret('radius', { secret: Buffer.from([0xff, 0xfe]) }),
    'InvalidProfile',
    /UTF-8/,
  ],
])('a Secret of which %s refuses the profile, and no other', (_what, read, reason, message) => {
  const [bad, good] = [refers('a/p', ['radius', 'secret']), refers('a/q', ['other', 'key'])];
  const { values, copy } = plan([bad, good], { radius: read, other: secret('other', { key: 'SECRET' }) });
  const refusal = refusalOfProfile(bad, values, 'system');
  expect(refusal).toEqual({ reason, message: expect.stringMatching(message) });
  expect(refusalOfProfile(good, values, 'system')).toBeUndefined();
  expect(Object.keys(copy?.data ?? {})).toEqual(['other_key']);
  expect(refusal?.message).not.toContain('SECRET');
});

test('a time zone that nobody knows refuses the profile', () => {
  const windows = [{ from: '02:00', to: '05:00', timeZone: 'Europe/Bern' }];
  expect(refusalOfProfile(profile('a/p', { rollout: { windows } }), undefined, 'system')).toEqual({
    reason: 'InvalidProfile',
    message: expect.stringContaining('"Europe/Bern"'),
  });
});
