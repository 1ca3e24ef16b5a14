import { compareVersions, parseVersion, type RouterOsVersion } from '../../../src/routeros/index.ts';

describe('RouterOS versions', () => {
  test.each([
    ['7.16.2 (stable)', { major: 7, minor: 16, patch: 2 }],
    ['7.9', { major: 7, minor: 9, patch: 0 }],
    ['7.24rc2', { major: 7, minor: 24, patch: 0, preview: { kind: 'rc', number: 2 } }],
    ['7.23beta4 (testing)', { major: 7, minor: 23, patch: 0, preview: { kind: 'beta', number: 4 } }],
    [' 6.49.18 (long-term) ', { major: 6, minor: 49, patch: 18 }],
  ])('%s is read', (text, version) => {
    expect(parseVersion(text)).toEqual(version);
  });

  test.each([
    '',
    'v7',
    '7',
    '7.x',
    '7.9.1.2',
    '7.9rc',
    '7.9rc1x',
    '99999.1',
    '7.9\u0000x'.slice(0, 3).concat('x'),
  ])('%j is no version', (text) => {
    expect(parseVersion(text)).toBeUndefined();
  });

  test('they are ordered by number and not by letter, previews before their release', () => {
    const ordered = [
      '7.9',
      '7.9.2',
      '7.10beta2',
      '7.10beta10',
      '7.10rc1',
      '7.10',
      '7.10.1',
      '7.24',
      '8.0beta1',
    ];
    const parsed = ordered.map((text) => parseVersion(text) as RouterOsVersion);
    expect([...parsed].reverse().sort(compareVersions)).toEqual(parsed);
    expect(compareVersions(parsed[0] as RouterOsVersion, { major: 7, minor: 9, patch: 0 })).toBe(0);
  });
});
