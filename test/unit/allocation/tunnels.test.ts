import { AllocationError, parsePools, subnetCount } from '../../../src/allocation/index.ts';
import { DEFAULT_POOLS } from '../../../src/api/index.ts';
import { ledgerOver, tunnelRequest } from './fixtures.ts';
import { MemoryStore } from './memory-store.ts';

const refusal = (code: string, text: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(text) });

describe('claiming a tunnel', () => {
  test('the first tunnel of the default pools is wg0 with 10.100.0.0/16 on port 51820', async () => {
    const entry = await ledgerOver(new MemoryStore()).claimTunnel(tunnelRequest('acme'));
    expect(entry).toMatchObject({ index: 0, subnet: '10.100.0.0/16', listenPort: 51_820, tenant: 'acme' });
  });

  test('the default pools hold 156 tenants, the last on 10.255.0.0/16, and then say so', async () => {
    const ledger = ledgerOver(new MemoryStore());
    expect(subnetCount(parsePools(DEFAULT_POOLS))).toBe(156);
    const entries = [];
    for (let i = 0; i < 156; i++) entries.push(await ledger.claimTunnel(tunnelRequest(`tenant-${i}`)));
    expect(entries.at(-1)).toMatchObject({ index: 155, subnet: '10.255.0.0/16', listenPort: 51_975 });
    expect(new Set(entries.map(({ subnet }) => subnet)).size).toBe(156);
    await expect(ledger.claimTunnel(tunnelRequest('one-more'))).rejects.toEqual(
      refusal('PoolExhausted', /All 156 subnets of class standard .* add a pool/),
    );
  });

  test('ten tenants at once get ten indices, ports and subnets in a single write', async () => {
    const store = new MemoryStore();
    const ledger = ledgerOver(store);
    const entries = await Promise.all(
      Array.from({ length: 10 }, (_, i) => ledger.claimTunnel(tunnelRequest(`tenant-${i}`))),
    );
    for (const field of ['index', 'listenPort', 'subnet'] as const) {
      expect(new Set(entries.map((entry) => entry[field])).size).toBe(10);
    }
    expect(store.writes).toBe(1);
  });

  test('claiming again returns the very same entry and writes nothing', async () => {
    const store = new MemoryStore();
    const ledger = ledgerOver(store);
    const first = await ledger.claimTunnel(tunnelRequest('acme'));
    expect(await ledger.claimTunnel(tunnelRequest('acme'))).toBe(first);
    expect(store.writes).toBe(1);
  });

  test('a second TenantTunnel of the tenant is refused while the first exists, and takes over when it is gone', async () => {
    const ledger = ledgerOver(new MemoryStore());
    const first = await ledger.claimTunnel(tunnelRequest('acme', { owner: 'a/acme' }));
    const younger = { owner: 'b/acme' };
    await expect(ledger.claimTunnel(tunnelRequest('acme', younger))).rejects.toEqual(
      refusal('TenantTaken', /Tenant acme already has the tunnel a\/acme/),
    );
    const heir = await ledger.claimTunnel(tunnelRequest('acme', { ...younger, ownerKeeps: () => false }));
    expect(heir).toEqual({ ...first, owner: 'b/acme' });
  });

  test('a released tunnel keeps its numbers from others and gives them back to its tenant', async () => {
    const ledger = ledgerOver(new MemoryStore());
    const acme = await ledger.claimTunnel(tunnelRequest('acme'));
    await ledger.releaseTunnel(acme);
    expect(await ledger.claimTunnel(tunnelRequest('other'))).toMatchObject({
      index: 1,
      subnet: '10.101.0.0/16',
    });
    expect(await ledger.claimTunnel(tunnelRequest('acme'))).toEqual(acme);
  });

  test('a forgotten tunnel frees its index for another tenant', async () => {
    const ledger = ledgerOver(new MemoryStore());
    const acme = await ledger.claimTunnel(tunnelRequest('acme'));
    await ledger.releaseTunnel(acme);
    await ledger.forgetTunnel(acme.index);
    expect(await ledger.claimTunnel(tunnelRequest('other'))).toMatchObject({ index: 0, listenPort: 51_820 });
  });

  test.each([
    [{ subnet: '192.168.0.0/16' }, 'SubnetOutsidePool', /none of the subnets of class standard/],
    [{ subnet: '10.100.0.0/20' }, 'SubnetOutsidePool', /none of the subnets of class standard/],
    [{ subnet: '10.100.0.0/16' }, 'SubnetTaken', /belongs to tunnel acme\/acme/],
    [{ listenPort: 80 }, 'PortOutsideRange', /51820–65535/],
    [{ listenPort: 51_820 }, 'PortTaken', /belongs to tunnel acme\/acme/],
  ])('the pin %j is refused as %s', async (pins, code, text) => {
    const ledger = ledgerOver(new MemoryStore());
    await ledger.claimTunnel(tunnelRequest('acme'));
    await expect(ledger.claimTunnel(tunnelRequest('other', { pins }))).rejects.toEqual(refusal(code, text));
  });

  test('a pinned subnet and port are given, and others go round them', async () => {
    const ledger = ledgerOver(new MemoryStore());
    const pins = { subnet: '10.101.0.0/16', listenPort: 51_821 };
    expect(await ledger.claimTunnel(tunnelRequest('old-fleet', { pins }))).toMatchObject({
      index: 0,
      ...pins,
    });
    const next = await ledger.claimTunnel(tunnelRequest('next'));
    expect(next).toMatchObject({ index: 1, subnet: '10.100.0.0/16', listenPort: 51_820 });
  });

  test('a pin that differs from what was given is refused and nothing changes', async () => {
    const ledger = ledgerOver(new MemoryStore());
    const acme = await ledger.claimTunnel(tunnelRequest('acme'));
    const moved = tunnelRequest('acme', { pins: { subnet: '10.200.0.0/16' } });
    await expect(ledger.claimTunnel(moved)).rejects.toEqual(
      refusal('PinChanged', /was given subnet 10.100.0.0\/16/),
    );
    expect(ledger.tunnelOfTenant('acme')).toBe(acme);
  });
});

test('pools that overlap, and a pool narrower than its subnets, are named', () => {
  const pool = (cidr: string, prefixLength: number) => ({ cidr, prefixLength });
  expect(() => parsePools([pool('10.0.0.0/8', 16), pool('10.3.0.0/16', 20)])).toThrow(
    /10\.0\.0\.0\/8 and 10\.3\.0\.0\/16 overlap/,
  );
  expect(() => parsePools([pool('10.3.0.0/24', 16)])).toThrow(/holds no \/16/);
  expect(() => parsePools([pool('10.3.7.0/16', 16)])).toThrow(
    new AllocationError('InvalidPool', '"10.3.7.0/16" has host bits set; write 10.3.0.0/16.'),
  );
});
