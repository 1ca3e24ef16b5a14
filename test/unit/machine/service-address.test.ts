import { expect, test } from '@jest/globals';
import { allows } from '../../simulator/machine/services.ts';

test.each([
  ['', '192.0.2.1', true],
  ['192.0.2.1', '192.0.2.1', true],
  ['192.0.2.1/32', '192.0.2.2', false],
  ['10.0.0.0/8,192.0.2.0/24', '192.0.2.77', true],
  ['10.0.0.0/8,2001:db8::/32', '192.0.2.77', false],
])('a service for "%s" admits %s: %s', (address, client, expected) => {
  expect(allows({ address }, client)).toBe(expected);
  expect(allows({ 'available-from': address }, client)).toBe(expected);
});
