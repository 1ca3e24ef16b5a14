import { jest } from '@jest/globals';
import { readSecrets } from '../../src/routeros/index.ts';
import type { SimulatedRouter } from '../simulator/machine/index.ts';
import { waitFor } from '../testbed/wait.ts';
import { execInTunnel, fromNamespace, fromServer, opensTcp, peersOnNode } from './node-side.ts';
import { inWords, tell, World } from './world.ts';

jest.setTimeout(400_000);

const SITES = {
  'acme/branch-1': { version: '7.9.2', spec: { identity: 'Acme Zürich #1' } },
  'acme/branch-2': { version: '7.16.2', spec: {} },
  'acme/branch-3': { version: '7.24', spec: { identity: 'Acme "night; shift" $x [y]' } },
  'globex/north': { version: '7.12.2', spec: {} },
  'globex/south': { version: '7.18.2', spec: {} },
};
type Site = keyof typeof SITES;
const sites = Object.keys(SITES) as Site[];
const tenantOf = (key: string): string => key.split('/')[0] ?? '';

let world: World;
const field = new Map<string, SimulatedRouter>();
const machine = (key: string): SimulatedRouter => {
  const found = field.get(key);
  if (found === undefined) throw new Error(`There is no router ${key} in the field.`);
  return found;
};
const address = (key: string): string => world.router(key).status?.address ?? '';
const reaches = async (key: string, target: string, count = 3): Promise<boolean> =>
  (await machine(key).ping(target, { count })).received > 0;

beforeAll(async () => {
  world = await World.start({ namespaces: ['acme', 'globex'] });
});
afterAll(() => world?.stop());

describe('three routers of one tenant and two of another, of five RouterOS versions', () => {
  test('are Online after their scripts were pasted, and say what they are', async () => {
    await Promise.all(
      sites.map(async (key) => {
        const { version, spec } = SITES[key];
        field.set(key, await world.bringOnline(key, version, { spec }));
      }),
    );
    for (const key of sites) {
      const { version, spec } = SITES[key];
      tell(`${key}, RouterOS ${version}: ${inWords(world.times(key))}`);
      expect(world.router(key).status).toMatchObject({
        observedGeneration: 1,
        tunnel: `${tenantOf(key)}/${tenantOf(key)}`,
        model: 'hAP ax2',
        version: expect.stringContaining(version),
        serialNumber: machine(key).os.options.serialNumber,
        interfaces: expect.arrayContaining([expect.objectContaining({ name: 'ether1', running: true })]),
      });
      for (const type of ['Allocated', 'Programmed', 'Connected', 'Configured', 'Ready']) {
        expect({ key, ...world.condition(key, type) }).toMatchObject({ key, type, status: 'True' });
      }
      const identity = 'identity' in spec ? spec.identity : key.split('/')[1];
      expect(machine(key).os.rows('/system/identity')[0]?.name).toBe(identity);
    }
    const addresses = sites.map(address);
    expect(new Set(addresses).size).toBe(5);
  });

  test('are counted in the status of their tunnels, which are Active', async () => {
    for (const [tenant, count] of [
      ['acme', 3],
      ['globex', 2],
    ] as const) {
      const key = `${tenant}/${tenant}`;
      await waitFor(
        `${key} counts ${count}`,
        () => world.history.tunnel(key)?.status?.routers?.online === count,
      );
      await waitFor(`${key} is Active`, () => world.history.tunnel(key)?.status?.phase === 'Active');
      expect(world.tunnel(key).status?.routers).toEqual({ total: count, connected: count, online: count });
    }
    const [acme, globex] = [world.tunnel('acme/acme').status, world.tunnel('globex/globex').status];
    for (const part of ['interfaceName', 'subnet', 'listenPort', 'publicKey', 'serverAddress'] as const) {
      expect(acme?.[part]).toBeDefined();
      expect(acme?.[part]).not.toEqual(globex?.[part]);
    }
  });

  test('show in kubectl get vpn, with what a person asks first', () => {
    const shown = world.system.plane.kubectl(['get', 'vpn', '-A']);
    for (const key of sites) {
      const [namespace, name] = key.split('/');
      expect(shown).toMatch(
        new RegExp(`${namespace} +router.vpn.traidnet.io/${name} +Online +${address(key)} `),
      );
    }
    expect(shown).toMatch(/acme +tenanttunnel.vpn.traidnet.io\/acme +Active +10\.\d+\.0\.0\/16 .* 3 +3 /);
    expect(shown).toMatch(/tunnelclass.vpn.traidnet.io\/standard +true .* 2 /);
    const waited = world.system.plane.kubectl([
      'wait',
      '-n',
      'acme',
      '--for=condition=Ready',
      '--timeout=5s',
      'router',
      '--all',
    ]);
    expect(waited.trim().split('\n')).toHaveLength(3);
  });

  test('have Events for what a person wants to hear', async () => {
    for (const key of sites) {
      await waitFor(`${key} has its Event`, async () =>
        (await world.events(key)).includes('RouterConnected'),
      );
    }
    const all = await Promise.all(sites.map((key) => world.events(key)));
    expect(all.flat().filter((reason) => reason === 'TunnelCreated')).toHaveLength(2);
    expect(all.flat()).not.toContain('ConfigurationFailed');
    expect(await world.events('acme/acme', 'TenantTunnel')).toEqual(['TunnelAllocated']);
  });
});

describe('who reaches whom', () => {
  test('routers of one tenant reach each other and their server', async () => {
    for (const key of sites) {
      const server = world.tunnel(`${tenantOf(key)}/${tenantOf(key)}`).status?.serverAddress ?? '';
      expect([key, server, await reaches(key, server)]).toEqual([key, server, true]);
      for (const other of sites.filter((one) => one !== key && tenantOf(one) === tenantOf(key))) {
        expect([key, other, await reaches(key, address(other))]).toEqual([key, other, true]);
      }
    }
  });

  test('the server reaches the API of its own routers, which is closed to their neighbours', async () => {
    const { interfaceName = '' } = world.tunnel('acme/acme').status ?? {};
    const api = address('acme/branch-2');
    expect(await opensTcp(fromServer(world.system, interfaceName), api, 8728)).toBe(true);
    expect(await opensTcp(fromNamespace(machine('acme/branch-1').netns), api, 8728)).toBe(false);
  });

  test('a router that sends all it can into its tunnel reaches neither the other tenant nor the node', async () => {
    const { system } = world;
    const onNode = '192.0.2.77';
    await system.node.exec('ip', ['address', 'add', `${onNode}/32`, 'dev', 'lo']);
    const listener = system.node.spawn(
      process.execPath,
      ['-e', `require('node:net').createServer().listen(7777, '0.0.0.0', () => console.log('listening'))`],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await new Promise((resolve) => listener.stdout?.once('data', resolve));
    const [acme, globex] = [world.tunnel('acme/acme').status, world.tunnel('globex/globex').status];
    const greedy = machine('acme/branch-1');
    // By the tunnel's server, for everything that is not its own.
    await greedy.paste(
      [
        '/interface/wireguard/peers/set [find where interface="tenant-tunnel"] allowed-address=0.0.0.0/0',
        `/ip/route/add dst-address=${globex?.subnet} gateway=${acme?.serverAddress}`,
        `/ip/route/add dst-address=${onNode}/32 gateway=${acme?.serverAddress}`,
      ].join('\n'),
    );
    expect(await greedy.exec('ip', ['route', 'get', address('globex/north')])).toContain(
      `via ${acme?.serverAddress}`,
    );
    expect(await reaches('acme/branch-1', acme?.serverAddress ?? '')).toBe(true);
    const from = fromNamespace(greedy.netns);
    // The listener is there, and the test's way of asking finds it: over the internet, where it has no firewall.
    expect(await opensTcp(from, system.node.address, 7777)).toBe(true);

    const targets = [address('globex/north'), address('globex/south'), globex?.serverAddress ?? '', onNode];
    const pinged = await Promise.all(
      targets.map(async (target) => [target, await reaches('acme/branch-1', target)] as const),
    );
    expect(pinged).toEqual(targets.map((target) => [target, false]));
    const ports = [
      [address('globex/north'), 8728],
      [acme?.serverAddress ?? '', 7777],
      [globex?.serverAddress ?? '', 7777],
      [onNode, 7777],
    ] as const;
    const opened = await Promise.all(
      ports.map(async ([target, port]) => [target, port, await opensTcp(from, target, port)]),
    );
    expect(opened).toEqual(ports.map(([target, port]) => [target, port, false]));
    const { interfaceName = '' } = acme ?? {};
    const routes = await execInTunnel(system, interfaceName, 'ip', ['route']);
    expect(routes.trim().split('\n')).toHaveLength(1);
    listener.kill('SIGKILL');
    await greedy.paste(
      [
        `/interface/wireguard/peers/set [find where interface="tenant-tunnel"] allowed-address=${acme?.subnet}`,
        `/ip/route/remove [find where gateway=${acme?.serverAddress}]`,
      ].join('\n'),
    );
  });
});

describe('what may happen to a router in the field', () => {
  test('its script opens nothing any more, and what stands in its place does nothing when it is pasted', async () => {
    const key = 'acme/branch-1';
    const script = world.history.firstScript(key);
    const { management } = readSecrets(script) ?? {};
    expect(management?.password).toMatch(/^[A-Za-z0-9_-]{24}$/);
    await world.untilUsed(key);
    const server = world.tunnel('acme/acme').status?.serverAddress ?? '';
    const logIn = () =>
      machine(key).os.authenticate(management?.user ?? '', management?.password ?? '', server);
    expect(logIn).toThrow('invalid user name or password');
    await world.untilEvent(key, 'ScriptUsed');
    const before = machine(key).os.snapshot();
    expect(await machine(key).paste(world.router(key).status?.script ?? '')).toBe('');
    expect(machine(key).os.snapshot()).toEqual(before);
    expect(await reaches(key, address('acme/branch-2'))).toBe(true);
    expect(world.router(key).status?.phase).toBe('Online');
  });

  test('it restarts and is back with nothing pasted', async () => {
    const key = 'acme/branch-3';
    await machine(key).reboot();
    await waitFor(`${key} answers again`, () => reaches(key, address('acme/branch-2'), 1));
    expect(world.router(key).status?.phase).toBe('Online');
  });

  test('it gets another public address and stays reachable', async () => {
    const key = 'globex/north';
    const { interfaceName = '' } = world.tunnel('globex/globex').status ?? {};
    const { publicKey = '' } = world.router(key).status ?? {};
    const endpoint = async () => (await peersOnNode(world.system, interfaceName, 'endpoints')).get(publicKey);
    const before = machine(key).publicAddress;
    expect(await endpoint()).toContain(`${before}:`);
    const after = await machine(key).moveTo();
    expect(after).not.toBe(before);
    await waitFor(`${key} answers from ${after}`, () => reaches(key, address('globex/south'), 1));
    expect(await endpoint()).toContain(`${after}:`);
    expect(await opensTcp(fromServer(world.system, interfaceName), address(key), 8728)).toBe(true);
    expect(world.router(key).status?.phase).toBe('Online');
  });

  test('suspended it is cut off; resumed it is Online with the same address and key, with nothing pasted', async () => {
    const key = 'acme/branch-2';
    const { interfaceName = '' } = world.tunnel('acme/acme').status ?? {};
    const before = world.router(key).status;
    await world.change(key, { suspended: true });
    await world.untilPhase(key, 'Suspended');
    await waitFor('its peer is gone', async () => {
      return !(await peersOnNode(world.system, interfaceName)).has(before?.publicKey ?? '');
    });
    expect(await reaches(key, address('acme/branch-1'))).toBe(false);
    for (const type of ['Programmed', 'Connected', 'Ready']) {
      await world.until(key, `says Suspended in ${type}`, () => {
        const condition = world.condition(key, type);
        return condition?.status === 'False' && condition.reason === 'Suspended';
      });
    }

    await world.change(key, { suspended: false });
    await world.untilPhase(key, 'Online', 90_000);
    const { address: sameAddress, publicKey: sameKey } = before ?? {};
    expect(world.router(key).status).toMatchObject({ address: sameAddress, publicKey: sameKey });
    expect(await reaches(key, address('acme/branch-1'))).toBe(true);
    await waitFor('all are counted again', () => world.tunnel('acme/acme').status?.routers?.online === 3);
    await waitFor('its Events', async () => {
      const reasons = await world.events(key);
      return reasons.includes('RouterSuspended') && reasons.includes('RouterResumed');
    });
  });

  test('deleted, its peer is off the node and its secrets are gone, and nobody else is disturbed', async () => {
    const key = 'globex/south';
    const { interfaceName = '', index } = world.tunnel('globex/globex').status ?? {};
    const { publicKey = '', address: freed = '' } = world.router(key).status ?? {};
    expect((await peersOnNode(world.system, interfaceName)).has(publicKey)).toBe(true);
    const began = performance.now();
    await world.remove(key);
    await waitFor('its peer is gone', async () => {
      return !(await peersOnNode(world.system, interfaceName)).has(publicKey);
    });
    tell(`deleted → peer gone from the node: ${Math.round(performance.now() - began)} ms`);
    const secret = async (namespace: string, name: string): Promise<Record<string, string>> =>
      (await world.system.plane.request('GET', `/api/v1/namespaces/${namespace}/secrets/${name}`)).json()
        .data;
    await waitFor('its log-in is not handed over', async () => {
      return !(freed in (await secret('tenant-tunnel-gateways', `tunnel-${index}-access-1`)));
    });
    const recorded = async () => {
      const ledger = await secret('tenant-tunnel-system', `ledger-tunnel-${index}-block-1`);
      const entries = JSON.parse(Buffer.from(ledger['block.json'] ?? '', 'base64').toString());
      return entries.find((one: { owner: string }) => one.owner === key);
    };
    // For its return the ledger keeps them for the grace of its class.
    expect(await recorded()).toMatchObject({ publicKey, releasedAt: expect.any(String) });
    const path = '/apis/vpn.traidnet.io/v1alpha1/tunnelclasses/standard';
    const brief = { spec: { restoreGraceSeconds: 1 } };
    await world.system.plane.request('PATCH', path, brief, 'application/merge-patch+json');
    await waitFor('its secrets are forgotten', async () => (await recorded()).access === undefined);
    expect(Object.keys(await recorded()).sort()).toEqual(['offset', 'owner', 'publicKey', 'releasedAt']);
    expect(await reaches('globex/north', world.tunnel('globex/globex').status?.serverAddress ?? '')).toBe(
      true,
    );
    await waitFor('it is not counted', () => world.tunnel('globex/globex').status?.routers?.total === 1);
  });

  test('another in its place gets a fresh script, and the one before has no access any more', async () => {
    const key = 'acme/branch-2';
    const old = machine(key);
    const { publicKey: oldKey = '', address: same } = world.router(key).status ?? {};
    const { interfaceName = '' } = world.tunnel('acme/acme').status ?? {};
    await world.renew(key, 'replaced');
    await waitFor('the peer before is gone', async () => {
      return !(await peersOnNode(world.system, interfaceName)).has(oldKey);
    });
    await world.until(
      key,
      'is not called connected',
      () => world.condition(key, 'Connected')?.status === 'False',
    );
    expect(await opensTcp(fromServer(world.system, interfaceName), same ?? '', 8728)).toBe(false);
    const other = await world.plugIn('acme/branch-2b', '7.20.8');
    field.set(key, other);
    await world.paste(key, other);
    await world.untilPhase(key, 'Online');
    await world.untilUsed(key);
    expect(world.router(key).status?.address).toBe(same);
    await world.untilEvent(key, 'ScriptRenewed');
    expect((await old.ping(address('acme/branch-1'), { count: 1 })).received).toBe(0);
  });

  test('it may keep a private key of its own, which never leaves it', async () => {
    const key = 'globex/own-key';
    const own = await world.plugIn(key, '7.20.8');
    field.set(key, own);
    await own.paste('/interface/wireguard/add name=tenant-tunnel');
    const [wireguard] = own.os.rows('/interface/wireguard');
    const publicKey = wireguard?.['public-key'] ?? '';
    await world.apply(key, { publicKey });
    expect(await world.script(key)).not.toContain('private-key');
    await world.paste(key, own);
    await world.untilPhase(key, 'Online');
    expect(world.router(key).status?.publicKey).toBe(publicKey);
    expect(own.os.rows('/interface/wireguard')[0]?.['private-key']).toBe(wireguard?.['private-key']);
    expect(await reaches(key, address('globex/north'))).toBe(true);
  });
});
