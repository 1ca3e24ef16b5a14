import { SimulatedRouter, task, VERSIONS } from './simulated.ts';
import { secrets, WIDE } from './wide.ts';

describe.each(VERSIONS)('a profile on RouterOS %s', (version) => {
  test('is applied at once, and a second run writes nothing', async () => {
    const router = new SimulatedRouter(version);
    const first = await router.run([task(WIDE, { secrets })]);
    expect(first.problems).toEqual([]);
    expect(router.rows('/queue/simple')[0]).toMatchObject({
      'max-limit': '5000000/20000000',
      comment: expect.stringMatching(
        /^tenant-tunnel profile acme\/base\/[0-9a-f]{10}: of harbour\.example\.net$/,
      ),
    });
    expect(router.rows('/radius')[0]).toMatchObject({ secret: secrets.radius, 'src-address': '10.100.1.1' });
    expect(JSON.stringify(router.rows('/system/script'))).not.toContain('geheim');

    router.sent.length = 0;
    const second = await router.run([task(WIDE, { secrets })]);
    expect({ ...second, sent: router.sent }).toEqual({ problems: [], writes: 0, stopped: false, sent: [] });
  });

  test('that is taken away takes what it made, and no more', async () => {
    const router = new SimulatedRouter(version);
    router.type('/ip/pool/add name=theirs ranges=10.9.9.2-10.9.9.9', '/ip/hotspot/profile/add name=theirs');
    const before = router.os.snapshot();
    await router.run([task(WIDE, { secrets })]);
    const { problems } = await router.run([]);
    expect(problems).toEqual([]);
    const after = router.os.snapshot();
    for (const menu of [
      '/ip/pool',
      '/radius',
      '/queue/simple',
      '/ip/hotspot/profile',
      '/ip/firewall/filter',
      '/ip/firewall/nat',
      '/user',
      '/user/group',
      '/ip/address',
      '/ip/route',
      '/ppp/secret',
    ])
      expect(after[menu]).toEqual(before[menu]);
    router.sent.length = 0;
    await router.run([]);
    expect(router.sent).toEqual([]);
  });
});
