import { endpointToHandOver } from '../../../../src/controller/endpoint/hand-over.ts';

const entry = { listenPort: 51820 };
const OLD = 'old.example.com:51820';
const NEW = { endpoint: { host: 'new.example.com', port: 51820 } };
const through = { to: 'new.example.com:51820', changed: 3, pending: 0, failed: 0 };
const handed = (host: string | undefined, status: object | undefined, standing = {}) =>
  endpointToHandOver({ host, entry, status, standing });

test('nothing is handed over where nothing changes: an upgrade writes nothing', () => {
  expect(handed('old.example.com', { endpoint: OLD })).toEqual({});
  expect(handed('old.example.com', undefined)).toEqual({});
});

test('another endpoint than the status tells is handed over, before that tells it and until all have it', () => {
  expect(handed('new.example.com', { endpoint: OLD })).toEqual(NEW);
  const told = { endpoint: 'new.example.com:51820' };
  expect(handed('new.example.com', told, NEW)).toEqual(NEW);
  expect(handed('new.example.com', { ...told, endpointChange: { ...through, pending: 1 } }, NEW)).toEqual(
    NEW,
  );
  expect(handed('new.example.com', { ...told, endpointChange: { ...through, failed: 1 } }, NEW)).toEqual(NEW);
  expect(handed('new.example.com', { ...told, endpointChange: through }, NEW)).toEqual({});
});

test('what all have of an earlier endpoint does not count for a later one', () => {
  const status = { endpoint: 'new.example.com:51820', endpointChange: through };
  expect(handed('third.example.com', status, NEW)).toEqual({
    endpoint: { host: 'third.example.com', port: 51820 },
  });
  // Put back before all had it: those that have it are brought back.
  expect(handed('old.example.com', { endpoint: 'new.example.com:51820' }, NEW)).toEqual({
    endpoint: { host: 'old.example.com', port: 51820 },
  });
});

test('without class or load balancer it stays as it is, and so it does when the status is lost', () => {
  expect(handed(undefined, { endpoint: OLD }, NEW)).toEqual(NEW);
  expect(handed('new.example.com', undefined, NEW)).toEqual(NEW);
});

test('an IPv6 address is handed over without brackets', () => {
  expect(handed('2001:db8::1', { endpoint: OLD })).toEqual({
    endpoint: { host: '2001:db8::1', port: 51820 },
  });
  expect(handed('2001:db8::1', { endpoint: '[2001:db8::1]:51820' })).toEqual({});
});
