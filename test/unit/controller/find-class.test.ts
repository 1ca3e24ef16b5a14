import { classChange, classDrift, classOf, defaultClass } from '../../../src/controller/find-class.ts';
import { tunnel, tunnelClass, tunnelEntry } from './fixtures.ts';

describe('the class of a tunnel', () => {
  const [standard, edge] = [tunnelClass('standard', {}, { isDefault: true }), tunnelClass('edge')];

  test('is the one that it names, else the default', () => {
    expect(classOf(tunnel('a/acme', { className: 'edge' }), undefined, [standard, edge])).toEqual({
      found: edge,
    });
    expect(classOf(tunnel('a/acme'), undefined, [standard, edge])).toEqual({ found: standard });
  });

  test('is for ever the one that it was allocated from', () => {
    const entry = tunnelEntry({ className: 'edge' });
    expect(classOf(tunnel('a/acme', { className: 'standard' }), entry, [standard, edge])).toEqual({
      found: edge,
    });
  });

  test('of several defaults is the newest, as with StorageClasses', () => {
    const newer = tunnelClass('newer', {}, { isDefault: true, creationTimestamp: '2027-01-01T00:00:00Z' });
    for (const classes of [
      [standard, newer, edge],
      [newer, edge, standard],
    ])
      expect(defaultClass(classes)).toBe(newer);
  });

  test.each([
    [
      [edge],
      tunnel('a/acme'),
      undefined,
      'NoDefaultClass',
      /annotate one with vpn\.traidnet\.io\/is-default-class/,
    ],
    [
      [],
      tunnel('a/acme', { className: 'x' }),
      undefined,
      'ClassNotFound',
      /TunnelClass x does not exist; create it, or name/,
    ],
    [
      [],
      tunnel('a/acme'),
      tunnelEntry(),
      'ClassNotFound',
      /create it again\. What its routers were given goes on/,
    ],
  ])('that is not there is told with the remedy', (classes, object, entry, reason, text) => {
    expect(classOf(object, entry, classes)).toEqual({
      refused: { reason, message: expect.stringMatching(text) },
    });
  });
});

describe('a class other than the one allocated from', () => {
  test.each([
    [undefined, undefined],
    ['standard', undefined],
    ['edge', 'ClassChanged'],
  ])('spec.className %s: %s', (className, reason) => {
    const object = tunnel('a/acme', className === undefined ? {} : { className });
    expect(classChange(object, tunnelEntry())?.reason).toBe(reason);
  });
});

describe('a class that changed under a tunnel', () => {
  const pool = (cidr: string, prefixLength = 16) => ({ pools: [{ cidr, prefixLength }] });

  test.each([
    ['the same', {}, undefined],
    ['another endpoint', { endpoint: { host: 'elsewhere' } }, undefined],
    ['more pools', { pools: [...pool('10.100.0.0/14').pools, ...pool('172.16.0.0/12').pools] }, undefined],
    ['other pools', pool('172.16.0.0/12'), /no longer holds subnet 10\.100\.0\.0\/16;/],
    ['narrower subnets', pool('10.100.0.0/14', 20), /subnet 10\.100\.0\.0\/16;/],
    ['an exclusion', { exclude: ['10.100.3.0/24'] }, /subnet 10\.100\.0\.0\/16;/],
    ['other ports', { ports: { first: 1, last: 100 } }, /no longer holds port 51820;/],
    [
      'pools that overlap',
      { pools: [...pool('10.0.0.0/8').pools, ...pool('10.3.0.0/16', 20).pools] },
      /subnet/,
    ],
  ])('%s', (_what, spec, text) => {
    const remark = classDrift(tunnelClass('standard', spec), tunnelEntry());
    expect(remark?.reason).toBe(text && 'ClassChanged');
    if (text !== undefined) expect(remark?.message).toMatch(text);
  });
});
