/** When a router counts as being at its new endpoint. */
import { type Sight, whatLacks } from '../../../../src/routeros/endpoint/move.ts';

const OLD = { host: '198.51.100.1', port: 51820 };
const NEW = { host: '198.51.100.2', port: 51820 };
const NAME = { host: 'vpn.example.com', port: 51820 };

const lacking = ({ peer, ...rest }: Partial<Omit<Sight, 'peer'>> & { peer: Partial<Sight['peer']> }) =>
  whatLacks({
    before: { current: OLD },
    wanted: NEW,
    sinceMs: 8_000,
    ...rest,
    peer: { endpoint: NEW, current: NEW, handshakeMs: 6_000, ...peer },
  });

test('with an address: set, a younger handshake, and packets that go there', () => {
  expect(lacking({ peer: {} })).toBeUndefined();
  expect(lacking({ peer: { endpoint: OLD } })).toContain('another endpoint');
  expect(lacking({ peer: { handshakeMs: undefined } })).toContain('no handshake');
  expect(lacking({ peer: { current: OLD } })).toContain('from its old endpoint');
  expect(lacking({ peer: { current: { ...NEW, port: 51821 } } })).toContain('from its old endpoint');
});

test('a handshake of before the change is none, whatever the router rounds', () => {
  expect(lacking({ peer: { handshakeMs: 8_000 } })).toContain('no handshake');
  expect(lacking({ peer: { handshakeMs: 7_500 } })).toContain('no handshake');
});

test('with a name: packets that go elsewhere than before, or a handshake before the server would begin one', () => {
  const named = { wanted: NAME };
  expect(lacking({ ...named, peer: { endpoint: NAME } })).toBeUndefined();
  // The name means what the router had before.
  expect(lacking({ ...named, peer: { endpoint: NAME, current: OLD } })).toBeUndefined();
  const late = { ...named, sinceMs: 30_000, peer: { endpoint: NAME, current: OLD, handshakeMs: 10_000 } };
  expect(lacking(late)).toContain('from its old endpoint');
});

test('addresses are compared by what they mean, names without case', () => {
  const wanted = { host: '2001:db8::7', port: 51820 };
  const long = { host: '2001:0DB8:0:0:0:0:0:7', port: 51820 };
  expect(lacking({ wanted, peer: { endpoint: long, current: long } })).toBeUndefined();
  const name = { host: 'VPN.example.com', port: 51820 };
  expect(lacking({ wanted: name, peer: { endpoint: NAME } })).toBeUndefined();
});
