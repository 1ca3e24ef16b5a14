import { SimulatedRouter, task, VERSIONS } from './simulated.ts';
import { secrets, WIDE } from './wide.ts';

/** Pseudo-random, so that a failure comes again. */
function chance(seed: number): (most: number) => number {
  let state = seed;
  return (most) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * most);
  };
}

const FILTER = '/ip/firewall/filter';
/** Lines that a person types: of rows that the profile has, and of rows that are the person's own. */
const OURS: readonly string[] = [
  '/ip/dns/set servers=8.8.8.8',
  '/ip/dns/set allow-remote-requests=no cache-max-ttl=1h',
  '/ip/pool/set [find where name="guests"] ranges=10.5.50.2-10.5.50.99',
  '/ip/pool/remove [find where name="guests"]',
  '/ip/pool/set [find where name="guests"] name=other',
  '/radius/set [find] secret=wrong',
  '/radius/set [find] timeout=1s disabled=yes',
  '/radius/remove [find]',
  '/radius/incoming/set accept=no',
  '/queue/simple/set [find where name="guests"] max-limit=1M/1M',
  '/queue/simple/set [find where name="guests"] target=10.5.51.0/24',
  '/queue/simple/remove [find where name="guests"]',
  '/ip/hotspot/profile/set [find where name="guests"] use-radius=no',
  '/ip/hotspot/profile/remove [find where name="guests"]',
  '/user/group/set [find where name="support"] policy=read',
  '/user/set [find where name="support"] address=""',
  '/ip/service/set telnet disabled=no',
  '/ip/route/set [find where distance=7] distance=9',
  '/snmp/set enabled=no contact=me',
  `${FILTER}/remove [find where dst-port="3799"]`,
  `${FILTER}/set [find where dst-port="3799"] action=drop`,
  `${FILTER}/disable [find where dst-port="3799"]`,
  `${FILTER}/move [find where dst-port="3799"]`,
  '/ip/firewall/nat/set [find where src-address="10.5.50.0/24"] action=accept',
];
const THEIRS: readonly string[] = [
  '/ip/pool/add name=theirs%n ranges=10.9.%n.2-10.9.%n.9',
  '/ip/hotspot/profile/add name=theirs%n',
  '/queue/simple/add name=theirs%n target=10.77.%n.0/24 max-limit=1M/1M',
  `${FILTER}/add chain=input action=accept src-address=10.66.%n.1 comment="by hand %n"`,
  `${FILTER}/add chain=forward action=drop src-address=10.66.%n.2 place-before=[find where comment="defconf: drop invalid" and chain="input"]`,
  '/ip/firewall/nat/add chain=srcnat action=accept src-address=10.55.%n.0/24',
  '/radius/add service=login address=10.44.0.%n secret=theirs%n',
  '/user/add name=theirs%n group=read password=abc%n',
  '/ip/dns/set max-udp-packet-size=40%n',
  '/snmp/set trap-version=2',
  '/ip/hotspot/profile/set [find where name="guests"] dns-name="hand%n.example"',
];

const MENUS = [
  '/ip/pool',
  '/queue/simple',
  FILTER,
  '/ip/firewall/nat',
  '/radius',
  '/user',
  '/ip/hotspot/profile',
  '/ip/address',
  '/ip/route',
];

describe.each(VERSIONS)('what people change by hand on RouterOS %s', (version) => {
  test('200 changes: rows of the profile are as it says again, others are as they were left', async () => {
    const router = new SimulatedRouter(version);
    const next = chance(version.length * 7919 + Number(version.split('.')[1]));
    await router.run([task(WIDE, { secrets })]);
    const wanted = await router.run([task(WIDE, { secrets })]);
    expect(wanted.writes).toBe(0);
    const asWanted = ofProfile(router);
    const counts = { ours: 0, theirs: 0, changed: 0 };
    let changes = 0;
    router.os.onChange(() => {
      changes += 1;
    });
    for (let round = 0; round < 10; round++) {
      const typed: string[] = [];
      for (let one = 0; one < 20; one++) {
        const isOurs = next(2) === 0;
        const lines = isOurs ? OURS : THEIRS;
        const line = (lines[next(lines.length)] ?? '').replaceAll('%n', String(round * 20 + one));
        counts[isOurs ? 'ours' : 'theirs'] += 1;
        typed.push(line);
        const before = changes;
        router.os.terminal().paste(line);
        if (changes > before) counts.changed += 1;
      }
      const theirs = ofPeople(router);
      await router.run([task(WIDE, { secrets })]);
      const { problems, writes } = await router.run([task(WIDE, { secrets })]);
      expect({ problems, writes, typed }).toEqual({ problems: [], writes: 0, typed });
      expect(ofPeople(router)).toEqual(theirs);
      expect(ofProfile(router)).toEqual(asWanted);
    }
    console.log(`RouterOS ${version}:`, counts);
    expect(counts.ours + counts.theirs).toBe(200);
    // Some are typed twice, or of a row that has just been removed.
    expect(counts.changed).toBeGreaterThan(150);
  });
});

/** What the profile speaks of, as it is: rows with our mark in their order, and settings. */
function ofProfile(router: SimulatedRouter): unknown {
  const rows = [...MENUS, '/ppp/secret', '/user/group'].map((menu) => [
    menu,
    router
      .rows(menu)
      .filter(({ comment = '', name }) => comment.startsWith('tenant-tunnel profile ') || name === 'guests')
      .map(({ '.id': _id, 'dns-name': _byHand, ...row }) => row),
  ]);
  const settings = ['/ip/dns', '/snmp', '/radius/incoming'].map((menu) => {
    const { 'max-udp-packet-size': _size, 'trap-version': _trap, ...row } = router.rows(menu)[0] ?? {};
    return row;
  });
  const telnet = router.rows('/ip/service').find(({ name }) => name === 'telnet');
  return { rows, settings, telnet };
}

/** All rows without our mark, in order, with their ids; and what the profile does not speak of elsewhere. */
function ofPeople(router: SimulatedRouter): unknown {
  const rows = MENUS.map((menu) => [
    menu,
    router
      .rows(menu)
      .filter(({ comment = '', name }) => !comment.startsWith('tenant-tunnel profile ') && name !== 'guests'),
  ]);
  const { 'max-udp-packet-size': size } = router.rows('/ip/dns')[0] ?? {};
  const { 'trap-version': trap } = router.rows('/snmp')[0] ?? {};
  return { rows, size, trap };
}
