import fc from 'fast-check';
import { Refusal } from '../../../../src/gateway/relay/refusal.ts';
import {
  authorityOf,
  parseAuthority,
  parseHost,
  parseUrl,
  type Target,
} from '../../../../src/gateway/relay/target.ts';
import { processorMs } from '../../../testbed/processor-time.ts';

const byName = (name: string, namespace: string, port: number): Target => ({
  by: 'name',
  name,
  namespace,
  port,
});
const byAddress = (address: string, tenant: string, port: number): Target => ({
  by: 'address',
  address,
  tenant,
  port,
});
const refused = (text: string): number => {
  try {
    parseAuthority(text);
    return 200;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return error.status;
  }
};

test.each([
  ['branch-1.acme.router:22', byName('branch-1', 'acme', 22)],
  ['Branch-1.ACME.Router:22', byName('branch-1', 'acme', 22)],
  ['branch-1.acme.router.:8728', byName('branch-1', 'acme', 8728)],
  // Names of Routers may have dots, those of namespaces may not.
  ['site.7.east.acme.router:80', byName('site.7.east', 'acme', 80)],
  ['10.100.1.1.acme.tenant:8728', byAddress('10.100.1.1', 'acme', 8728)],
  // The ending alone says which it is: this Router is in namespace acme, whatever it is called.
  ['10.100.1.1.acme.router:443', byName('10.100.1.1', 'acme', 443)],
  ['tenant.router.router:1', byName('tenant', 'router', 1)],
  ['255.255.255.255.0.tenant:65535', byAddress('255.255.255.255', '0', 65535)],
])('%s is understood', (text, target) => {
  expect(parseAuthority(text)).toEqual(target);
});

test.each([
  'branch-1.acme.router',
  'branch-1.acme.router:',
  'branch-1.acme.router:0',
  'branch-1.acme.router:65536',
  'branch-1.acme.router:22x',
  'branch-1.acme.router:+22',
  'branch-1.acme.router:022',
  ':22',
  '',
  'router:22',
  'acme.router:22',
  '.acme.router:22',
  'branch_1.acme.router:22',
  'branch-.acme.router:22',
  'a..acme.router:22',
  'a.acme.router..:22',
  '10.100.1.1:8728',
  '[fd00::1]:22',
  '10.100.1.256.acme.tenant:22',
  '10.100.01.1.acme.tenant:22',
  '10.100.1.acme.tenant:22',
  'branch-1.acme.tenant:22',
  'kubernetes.default.svc:443',
  '169.254.169.254:80',
  'localhost:22',
  'user@branch-1.acme.router:22',
  'branch-1.acme.router/x:22',
  'branch-1.acme.router\0:22',
  'brånch.acme.router:22',
  `${'a'.repeat(250)}.acme.router:22`,
])('%j is refused with 400', (text) => {
  expect(refused(text)).toBe(400);
});

test('an address and a port of a URL are told apart from its path', () => {
  expect(parseUrl('http://branch-1.acme.router/rest/system?x=http://y')).toEqual({
    target: byName('branch-1', 'acme', 80),
    path: '/rest/system?x=http://y',
    host: 'branch-1.acme.router',
  });
  expect(parseUrl('HTTP://10.100.1.1.acme.tenant:8080?a#b')).toEqual({
    target: byAddress('10.100.1.1', 'acme', 8080),
    path: '/?a',
    host: '10.100.1.1.acme.tenant:8080',
  });
});

test.each([
  '/',
  '/metrics',
  'https://branch-1.acme.router/',
  'ftp://branch-1.acme.router/',
  '*',
  '',
  'http://',
  'http:///x',
  'http://a@b.acme.router/',
])('a plain request for %j is refused with 400', (url) => {
  expect(() => parseUrl(url)).toThrow(expect.objectContaining({ status: 400 }));
});

test('whatever is written is a target in its plain form, or 400 and nothing else', () => {
  const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?$/);
  const port = fc.integer({ min: 1, max: 65_535 });
  const targets = fc.oneof(
    fc.record({ by: fc.constant('name' as const), name: label, namespace: label, port }),
    fc.record({ by: fc.constant('address' as const), address: fc.ipV4(), tenant: label, port }),
  );
  fc.assert(fc.property(targets, (target) => expect(parseAuthority(authorityOf(target))).toEqual(target)));
  const pieces = fc.constantFrom(
    '.',
    ':',
    '-',
    'a',
    '10',
    '1',
    'router',
    'tenant',
    '@',
    '/',
    '[',
    ']',
    ' ',
    '\r\n',
    '\0',
    'é',
    '%2e',
    '\\',
  );
  const hostile = fc.oneof(
    fc.string(),
    fc.array(pieces, { maxLength: 30 }).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(hostile, (text) => {
      const status = refused(text);
      expect([200, 400]).toContain(status);
      if (status === 200)
        expect(parseAuthority(authorityOf(parseAuthority(text)))).toEqual(parseAuthority(text));
    }),
    { numRuns: 2_000 },
  );
});

test('a long row of labels is looked at in no time', () => {
  const began = processorMs();
  expect(() => parseHost('a.'.repeat(120_000), 1)).toThrow(Refusal);
  expect(() => parseHost(`${'a-'.repeat(126)}!`, 1)).toThrow(Refusal);
  // A thousand times what it takes: only an exponential search would be slower.
  expect(processorMs() - began).toBeLessThan(5_000);
});
