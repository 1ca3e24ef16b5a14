import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { RouterProfile } from '../../../../src/api/index.ts';
import type { ProfileTask } from '../../../../src/routeros/profile/index.ts';
import { RouterOs } from '../../../simulator/engine/index.ts';
import { SimulatedRouter, task, VERSIONS } from './simulated.ts';

const FOLDER = join(import.meta.dirname, '..', '..', '..', '..', 'examples', 'profiles');
const SECRETS = { radiusSecret: 'open sesame', authentication: 'authentic 1', encryption: 'encrypted 2' };

/** Menus with settings that a profile changes and does not put back: they are neither made by it nor its own. */
const SETTINGS: Record<string, string[]> = {
  hardened: ['/ip/service', '/ip/ssh', '/tool/mac-server/ping'],
  hotspot: ['/radius/incoming'],
  pppoe: ['/radius/incoming', '/ppp/aaa'],
  queues: [],
  snmp: ['/snmp', '/snmp/community'],
  syslog: [],
  time: ['/ip/dns', '/system/ntp/client', '/system/ntp/client/servers'],
};
const NAMES = Object.keys(SETTINGS);

const profileOf = (name: string): RouterProfile =>
  parse(readFileSync(join(FOLDER, `${name}.yaml`), 'utf8')) as RouterProfile;

function taskOf(name: string): ProfileTask {
  const { spec } = profileOf(name);
  const refers = (spec.values ?? []).flatMap((value) => (value.secretKeyRef ? [value.name] : []));
  const secrets = Object.fromEntries(Object.entries(SECRETS).filter(([secret]) => refers.includes(secret)));
  return task(spec, { profile: `default/${name}`, secrets });
}

/** With the interface that the script makes. */
function makeRouter(version: string, defaultFirewall = true): SimulatedRouter {
  const router = new SimulatedRouter(version, defaultFirewall);
  router.type('/interface/wireguard/add name=tenant-tunnel listen-port=13231');
  return router;
}

/** Runs it twice: the second time must find nothing to do. */
async function converge(router: SimulatedRouter, tasks: ProfileTask[]): Promise<void> {
  const { problems } = await router.run(tasks);
  expect(problems).toEqual([]);
  router.sent.length = 0;
  const again = await router.run(tasks);
  expect([again, router.sent]).toEqual([{ problems: [], writes: 0, stopped: false }, []]);
}

/** Menus that are not as they were; the list of what was made apart. */
const changed = (before: object, after: object): string[] =>
  Object.entries(after).flatMap(([menu, rows]) =>
    menu === '/system/script' ||
    JSON.stringify(rows) === JSON.stringify((before as Record<string, unknown>)[menu])
      ? []
      : [menu],
  );

describe.each(VERSIONS)('on RouterOS %s', (version) => {
  test.each(NAMES)('%s is applied, written once, and leaves nothing of its own', async (name) => {
    const router = makeRouter(version);
    const before = router.os.snapshot();
    await converge(router, [taskOf(name)]);
    expect(changed(before, router.os.snapshot()).length).toBeGreaterThan(0);
    await converge(router, []);
    expect(changed(before, router.os.snapshot()).sort()).toEqual([...(SETTINGS[name] ?? [])].sort());
    expect(router.rows('/system/script').map(({ source }) => source?.split('\n').length)).toEqual(
      name === 'hardened' || name === 'time' ? [] : [1],
    );
  });

  test('all of them at once get along', async () => {
    const router = makeRouter(version);
    await converge(router, NAMES.map(taskOf));
  });

  test('those that need no bridge are applied to a router without any configuration', async () => {
    const router = makeRouter(version, false);
    await converge(router, NAMES.filter((name) => name !== 'pppoe').map(taskOf));
  });

  test('what a person has made beside them stays', async () => {
    const router = makeRouter(version);
    router.type(
      '/ip/pool/add name=theirs ranges=10.9.9.2-10.9.9.9',
      '/radius/add service=login address=192.168.88.5 secret=theirs',
      '/queue/simple/add name=theirs target=192.168.88.7 max-limit=1M/1M',
      '/system/logging/add topics=firewall action=disk',
      '/snmp/community/add name=theirs addresses=192.168.88.0/24',
      '/ip/hotspot/profile/add name=theirs',
      '/ppp/profile/add name=theirs',
    );
    const theirs = () =>
      [
        '/ip/pool',
        '/radius',
        '/queue/simple',
        '/system/logging',
        '/snmp/community',
        '/ip/hotspot/profile',
        '/ppp/profile',
      ].flatMap((menu) => router.rows(menu).filter((row) => JSON.stringify(row).match(/theirs|firewall/)));
    const before = theirs();
    expect(before).toHaveLength(7);
    await converge(router, NAMES.map(taskOf));
    expect(theirs()).toEqual(before);
    await converge(router, []);
    expect(theirs()).toEqual(before);
  });
});

test.each(['home', 'basic'] as const)(
  'device-mode %s forbids the hotspot alone, and says so',
  async (deviceMode) => {
    const version = '7.24';
    const { options } = makeRouter(version).os;
    const router = Object.assign(makeRouter(version), { os: new RouterOs({ ...options, deviceMode }) });
    router.type('/interface/wireguard/add name=tenant-tunnel listen-port=13231');
    await router.run(NAMES.map(taskOf));
    const { problems, writes } = await router.run(NAMES.map(taskOf));
    expect(writes).toBe(0);
    expect([...new Set(problems.map(({ profile, reason }) => `${profile} ${reason}`))]).toEqual([
      'default/hotspot DeviceMode',
    ]);
    // Not half of it: no bridge and no pool either.
    const named = Object.values(router.os.snapshot())
      .flat()
      .filter(({ name }) => name === 'hotspot');
    expect(named).toEqual([]);
  },
);

test('there is a test for each', () => {
  expect(NAMES.every((name) => profileOf(name).metadata.name === name)).toBe(true);
});
