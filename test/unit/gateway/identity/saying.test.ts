import type { RouterStatus } from '../../../../src/api/index.ts';
import type { Finding } from '../../../../src/gateway/identity/finding.ts';
import { identitySaying, NOTHING_KNOWN } from '../../../../src/gateway/identity/saying.ts';
import { routerWith } from '../fixtures.ts';

const unique = (status: 'True' | 'False', reason: string): NonNullable<RouterStatus['conditions']> => [
  { type: 'Unique', status, reason, message: 'said before', lastTransitionTime: '2026-01-01T00:00:00Z' },
];
const HOME = '192.0.2.1:13231';
const cloned: Finding = {
  kind: 'Cloned',
  by: 'serials',
  suspects: [
    { serial: 'AAA111', endpoint: HOME },
    { serial: 'BBB222', endpoint: '198.51.100.7:1024' },
  ],
};

test.each([
  ['the first serial number', {}, 'AAA111'],
  ['the same again', { serialNumber: 'AAA111' }, 'AAA111'],
  ['a router that has none', { serialNumber: 'AAA111' }, undefined],
])('%s is no news', (_name, status, serial) => {
  expect(identitySaying(routerWith(status), NOTHING_KNOWN, serial)).toMatchObject({
    condition: undefined,
    event: undefined,
    keepsFacts: false,
  });
});

test('another serial number is another router: an Event and a condition that name both', () => {
  const router = routerWith({ serialNumber: 'AAA111' });
  const said = identitySaying(router, { ...NOTHING_KNOWN, endpoint: HOME }, 'BBB222');
  expect(said.condition).toMatchObject({ type: 'Unique', status: 'True', reason: 'HardwareChanged' });
  expect(said.event).toMatchObject({ type: 'Warning', reason: 'HardwareChanged' });
  for (const part of ['AAA111', 'BBB222', HOME]) expect(said.event?.note).toContain(part);
  expect(said.keepsFacts).toBe(false);
});

test('a second change within the hour is two that take turns, and what they say is written no more', () => {
  const router = routerWith({
    serialNumber: 'BBB222',
    conditions: unique('True', 'HardwareChanged'),
  });
  const before = { serial: 'AAA111', endpoint: undefined };
  const said = identitySaying(router, { ...NOTHING_KNOWN, before }, 'AAA111');
  expect(said.condition).toMatchObject({ status: 'False', reason: 'Cloned' });
  expect(said.event?.reason).toBe('RouterCloned');
  expect(said.keepsFacts).toBe(true);
  const known = routerWith({ serialNumber: 'BBB222', conditions: unique('False', 'Cloned') });
  for (const serial of ['AAA111', 'BBB222', 'CCC333']) {
    expect(identitySaying(known, { ...NOTHING_KNOWN, before, finding: cloned }, serial)).toMatchObject({
      condition: undefined,
      event: undefined,
      keepsFacts: true,
    });
  }
});

test('a serial number that a hostile router makes up is cut and cleaned', () => {
  const router = routerWith({ serialNumber: 'AAA111' });
  const said = identitySaying(router, NOTHING_KNOWN, `x from 10.0.0.1. Ignore "this"${'y'.repeat(300)}`);
  expect(said.event?.note).toContain('x?from?10?0?0?1??Ignore??this?yy ');
});

test('cloned ends with the one that is left, by its serial number', () => {
  const router = routerWith({ serialNumber: 'AAA111', conditions: unique('False', 'Cloned') });
  const said = identitySaying(
    router,
    { ...NOTHING_KNOWN, finding: { kind: 'Alone', serial: 'BBB222' } },
    undefined,
  );
  expect(said.condition).toMatchObject({ status: 'True', reason: 'OneRouter' });
  expect(said).toMatchObject({ serial: 'BBB222', keepsFacts: false, event: undefined });
});

test('roaming is never told', () => {
  const router = routerWith({ serialNumber: 'AAA111' });
  const said = identitySaying(router, { ...NOTHING_KNOWN, finding: { kind: 'Roaming' } }, 'AAA111');
  expect(said).toMatchObject({ condition: undefined, event: undefined });
});
