import fc from 'fast-check';
import { parseCidr } from '../../../src/wireguard/ipv4.ts';
import { Connections } from '../../../src/wireguard/services/connections.ts';
import { Endpoints, endpointOf, nameOf } from '../../../src/wireguard/services/endpoints.ts';
import { proxyHeader } from '../../../src/wireguard/services/proxy-protocol.ts';
import { isServiceAddress, parseServices } from '../../../src/wireguard/services/request.ts';
import { serviceRules } from '../../../src/wireguard/tunnel/service-rules.ts';

describe('endpoints', () => {
  test('are read from a text and written back', () => {
    for (const text of ['10.244.0.7:1812', '[fd00::7]:53']) expect(nameOf(endpointOf(text))).toBe(text);
    expect(endpointOf('[fd00::7]:53')).toEqual({ address: 'fd00::7', port: 53 });
  });

  test('take turns, but for one that has just failed and those that were tried', () => {
    let now = 0;
    const endpoints = new Endpoints(() => now);
    expect(endpoints.next()).toBeUndefined();
    expect(endpoints.replace(['10.0.0.1:1', '10.0.0.2:1', '10.0.0.3:1'])).toEqual({ added: 3, removed: 0 });
    const turn = (...tried: string[]) => endpoints.next(tried.map(endpointOf))?.address;
    expect([turn(), turn(), turn(), turn()]).toEqual(['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.1']);
    endpoints.failed(endpointOf('10.0.0.2:1'));
    expect([turn(), turn(), turn()]).toEqual(['10.0.0.3', '10.0.0.1', '10.0.0.3']);
    expect(turn('10.0.0.1:1', '10.0.0.3:1')).toBe('10.0.0.2');
    expect(turn('10.0.0.1:1', '10.0.0.2:1', '10.0.0.3:1')).toBeUndefined();
    now = 6_000;
    expect([turn(), turn(), turn()]).toEqual(['10.0.0.1', '10.0.0.2', '10.0.0.3']);
  });

  test('say what came and went, and forget the rest', () => {
    const endpoints = new Endpoints();
    endpoints.replace(['10.0.0.1:1', '10.0.0.2:1']);
    expect(endpoints.replace(['10.0.0.2:1', '10.0.0.3:1'])).toEqual({ added: 1, removed: 1 });
    expect(endpoints.has(endpointOf('10.0.0.1:1'))).toBe(false);
    expect(endpoints.replace(['10.0.0.3:1', '10.0.0.2:1'])).toEqual({ added: 0, removed: 0 });
  });
});

describe('connections', () => {
  test('are bounded by source, tunnel and node, and free again when released, once', () => {
    const all = { open: 0 };
    const limits = { perSource: 2, perTunnel: 3, total: 4 };
    const one = new Connections(limits, all);
    const other = new Connections(limits, all);
    const first = one.admit('a');
    expect([one.admit('a'), one.admit('a')].map(Boolean)).toEqual([true, false]);
    expect([one.admit('b'), one.admit('c')].map(Boolean)).toEqual([true, false]);
    expect([other.admit('a'), other.admit('b')].map(Boolean)).toEqual([true, false]);
    first?.();
    first?.();
    expect(all.open).toBe(3);
    expect([other.admit('b'), other.admit('c')].map(Boolean)).toEqual([true, false]);
  });
});

describe('the PROXY header', () => {
  test('is the one of the specification', () => {
    const from = { address: '10.100.1.1', port: 40_000 };
    const to = { address: '10.100.0.1', port: 1812 };
    const expected = `0d0a0d0a000d0a515549540a2112000c0a6401010a6400019c40${(1812).toString(16).padStart(4, '0')}`;
    expect(proxyHeader('UDP', from, to).toString('hex')).toBe(expected);
    expect(proxyHeader('TCP', from, to).toString('hex')).toBe(expected.replace('2112', '2111'));
  });
});

describe('the body of a PUT of services', () => {
  const UDP = { protocol: 'UDP', port: 1812, endpoints: ['10.244.0.7:1812', '[fd00::7]:1812'] };

  test('is taken when it is right', () => {
    const right = [
      { services: [] },
      { services: [UDP, { protocol: 'TCP', port: 1812, proxyProtocol: true }], packetsPerSecond: 50 },
      { services: [{ protocol: 'UDP', port: 123 }] },
    ];
    for (const body of right) expect(parseServices(body)).toEqual(body);
  });

  const wrong: [what: string, body: unknown, problem: RegExp][] = [
    ['no object', null, /must be a JSON object/],
    ['an unknown field', { services: [], x: 1 }, /unknown field "x"/],
    ['another protocol', { services: [{ ...UDP, protocol: 'SCTP' }] }, /protocol must be UDP or TCP/],
    ['no port', { services: [{ ...UDP, port: 65_536 }] }, /port must be a whole number/],
    ['a port twice', { services: [UDP, UDP] }, /UDP port 1812 twice/],
    ['too many', { services: Array.from({ length: 33 }, (_, port) => ({ ...UDP, port: port + 1 })) }, /33/],
    ['too many endpoints', { services: [{ ...UDP, endpoints: Array(129).fill('10.0.0.1:1') }] }, /129/],
    ['a name', { services: [{ ...UDP, endpoints: ['radius.aaa:1812'] }] }, /an address and a port/],
    ['no port behind it', { services: [{ ...UDP, endpoints: ['10.0.0.1'] }] }, /an address and a port/],
    ['port 0', { services: [{ ...UDP, endpoints: ['10.0.0.1:0'] }] }, /an address and a port/],
    ['the loopback', { services: [{ ...UDP, endpoints: ['127.0.0.1:53'] }] }, /where no service can be/],
    [
      'the metadata',
      { services: [{ ...UDP, endpoints: ['169.254.169.254:80'] }] },
      /where no service can be/,
    ],
    ['v6 loopback', { services: [{ ...UDP, endpoints: ['[::1]:53'] }] }, /where no service can be/],
    ['loopback in v6', { services: [{ ...UDP, endpoints: ['[::ffff:127.0.0.1]:53'] }] }, /no service can be/],
    ['multicast', { services: [{ ...UDP, endpoints: ['224.0.0.1:53'] }] }, /where no service can be/],
    ['no boolean', { services: [{ ...UDP, proxyProtocol: 1 }] }, /proxyProtocol must be true or false/],
    ['no rate', { services: [], packetsPerSecond: 0 }, /packetsPerSecond must be/],
  ];
  test.each(wrong)('is refused with %s', (_, body, problem) => {
    expect(() => parseServices(body)).toThrow(problem);
  });

  test('is refused or taken, never anything else', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (services, packetsPerSecond) => {
        try {
          parseServices({ services, packetsPerSecond });
        } catch (error) {
          expect(error).toMatchObject({ code: 'InvalidRequest' });
        }
      }),
    );
  });

  test('may name any address of a host', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        const first = Number(address.split('.')[0]);
        const special = first === 0 || first === 127 || first >= 224 || address.startsWith('169.254.');
        expect(isServiceAddress(address)).toBe(!special);
      }),
    );
  });
});

describe('the rules of services', () => {
  const addresses = [parseCidr('10.100.0.1/16')].flatMap((network) => network ?? []);

  test('are none without services', () => {
    expect(serviceRules('wg0', addresses, undefined)).toEqual({
      sets: [],
      raw: [],
      input: [],
      rawOutput: [],
    });
  });

  test('let in each port from the subnet alone, after the rate of its source', () => {
    const ports = [
      { protocol: 'UDP', port: 1812 },
      { protocol: 'TCP', port: 80 },
    ] as const;
    const { sets, raw, input, rawOutput } = serviceRules('wg0', addresses, { ports, packetsPerSecond: 20 });
    const from = 'iifname "wg0" ip saddr 10.100.0.0/16 ip daddr 10.100.0.1';
    expect(sets.map(([head]) => head)).toEqual(['\tset askers {', '\tset callers {']);
    expect(raw).toEqual([
      `${from} udp dport 1812 update @askers { ip saddr limit rate over 20/second burst 40 packets } drop`,
      `${from} udp dport 1812 limit rate over 10000/second burst 10000 packets drop`,
      `${from} udp dport 1812 notrack`,
      `${from} tcp dport 80 tcp flags syn update @callers { ip saddr limit rate over 50/second burst 100 packets } drop`,
    ]);
    expect(input).toEqual([`${from} udp dport 1812 accept`, `${from} tcp dport 80 accept`]);
    expect(rawOutput).toEqual(['oifname "wg0" ip saddr 10.100.0.1 udp sport 1812 notrack']);
  });
});
