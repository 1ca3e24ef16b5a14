/**
 * Of IPv6 nothing passes but what a tunnel names, either: three tenants whose class has a pool for it, one of them with
 * routerToRouter Deny, packets of all kinds with sources that are their sender's own and sources that are not.
 */
import { readFileSync } from 'node:fs';
import { jest } from '@jest/globals';
import { inNetworkNamespace } from '../../testbed/setns.ts';
import { dataplane, leftOut } from '../sidecar/dataplane.ts';
import { type Cast, type Member, NODE_INSIDE_6, namespaceOf, POD_6, type Tenant } from './cast.ts';
import type { Draft } from './packets.ts';
import { echo6, KINDS_6, PROTOCOLS_6 } from './packets6.ts';
import { nameOf, Scene } from './scene.ts';
import { sweep } from './sweep.ts';
import type { Shot, Traffic } from './traffic.ts';
import { AF_INET6, sendOn } from './wire.ts';

/** Packets to each destination, of each router: so many with its own source, and as many with others'. */
const PACKETS = 320;
const kinds = Object.keys(KINDS_6);

dataplane(`what passes of IPv6 between routers and all the rest${leftOut}`, () => {
  let scene: Scene;
  let cast: Cast;
  let traffic: Traffic;
  jest.setTimeout(540_000);

  const draft = (source: string, destination: string): Draft => scene.draft(source, destination);

  beforeAll(async () => {
    scene = await Scene.create({ ipv6: true, protocols: PROTOCOLS_6, family: AF_INET6, seed: 20_261_127 });
    ({ cast, traffic } = scene);
    for (const { server6, members } of cast.tenants)
      for (const { router } of members) await router.awaitReach(server6);
  });
  afterAll(() => scene?.close());

  const another = (tenant: Tenant): Tenant => cast.tenants.find((one) => one !== tenant) as Tenant;

  function columnsOf(tenant: Tenant, other: Member): Record<string, { to: string; at: string }> {
    const { members, server6 } = another(tenant);
    return {
      server: { to: tenant.server6, at: `server of ${tenant.name}` },
      'router of its tenant': { to: other.address6, at: nameOf(other) },
      'router of another': { to: members[1].address6, at: nameOf(members[1]) },
      'server of another': { to: server6, at: `server of ${another(tenant).name}` },
      anycast: { to: tenant.server6.replace(/1$/, ''), at: `server of ${tenant.name}` },
      nobody: { to: tenant.server6.replace(/1$/, 'fff'), at: nameOf(other) },
      'node to pods': { to: NODE_INSIDE_6, at: 'node' },
      pod: { to: POD_6, at: 'pod' },
      internet: { to: '2001:db8::1', at: 'host' },
      'link-local': { to: 'fe80::1', at: `server of ${tenant.name}` },
      loopback: { to: '::1', at: `server of ${tenant.name}` },
      'all nodes': { to: 'ff02::1', at: nameOf(other) },
      'all routers': { to: 'ff02::2', at: `server of ${tenant.name}` },
      'all of the site': { to: 'ff05::2', at: nameOf(other) },
      'IPv4 in IPv6': { to: '::ffff:10.100.0.1', at: `server of ${tenant.name}` },
    };
  }

  function dueAt(tenant: Tenant, column: string, kind: string): boolean {
    if (column === 'server') return kind === 'echo';
    if (column !== 'router of its tenant') return false;
    return tenant.state.routerToRouter === 'Allow' && KINDS_6[kind]?.passes === true;
  }

  const forgedSources = (tenant: Tenant, _member: Member, other: Member): string[] => [
    ...[
      tenant.server6,
      other.address6,
      another(tenant).members[0].address6,
      tenant.server6.replace(/1$/, ''),
    ],
    ...[NODE_INSIDE_6, POD_6, '2001:db8::1', 'fe80::1', '::1', '::', 'ff02::1', '::ffff:10.100.1.1'],
  ];

  test('0 packets pass that should not, and all that should', async () => {
    const { own, forged, wrong, due } = await sweep(scene, {
      kinds: KINDS_6,
      packets: PACKETS,
      columnsOf,
      dueAt,
      ownSources: ({ address6 }) => [address6],
      forgedSources,
      echoToServer: (tenant, { address6 }) => {
        const one = draft(address6, tenant.server6);
        return { id: one.id, packet: echo6(one) };
      },
      enters: () => true,
    });
    process.stdout.write(own.render('IPv6 with sources of their own: passed/should pass of sent'));
    process.stdout.write(forged.render('IPv6 with forged sources: passed of sent'));
    process.stdout.write(`\n  ${traffic.sent} packets, ${due} of which should pass\n\n`);
    expect(wrong).toEqual([]);
    expect(traffic.sent).toBeGreaterThan(50_000);
    expect(due).toBeGreaterThan(1000);
  });

  test('all of this is seen where it does pass: without rules', async () => {
    const { gateway, tenants } = cast;
    const beta = tenants[1] as Tenant;
    const [first, second] = beta.members;
    await gateway.inTunnel('wg1', 'nft', 'flush', 'ruleset');
    const sender = sendOn(namespaceOf(first.router.node), 'rt0');
    const shots = kinds
      .filter((kind) => KINDS_6[kind]?.passes)
      .map((kind): Shot => {
        const one = draft(first.address6, second.address6);
        return { id: one.id, packets: KINDS_6[kind]?.make(one) ?? [], expected: [nameOf(second)] };
      });
    await traffic.send(sender, shots);
    expect(traffic.judge(shots).lost).toEqual([]);
    sender.close();
    expect(await gateway.client.put(beta.state)).toEqual({ changes: ['set the firewall'] });
    expect(await gateway.client.put(beta.state)).toEqual({ changes: [] });
    expect(await first.router.reaches(second.address6, 1)).toBe(false);
    expect(await first.router.reaches(beta.server6)).toBe(true);
  });

  test('the namespaces make no addresses up, and believe no advertisement, redirect or source route', async () => {
    for (const [index, { namespace, server6 }] of cast.tenants.entries()) {
      const read = (path: string): string =>
        inNetworkNamespace(namespace, () => readFileSync(`/proc/sys/net/ipv6/conf/${path}`, 'utf8').trim());
      for (const name of ['accept_ra', 'accept_redirects'])
        expect([name, read(`wg${index}/${name}`)]).toEqual([name, '0']);
      expect(read('all/accept_source_route')).toBe('-1');
      const listed = await cast.gateway.inTunnel(
        `wg${index}`,
        'ip',
        '-6',
        '-o',
        'addr',
        'show',
        'dev',
        `wg${index}`,
      );
      expect(listed.match(/inet6 \S+/g)).toEqual([`inet6 ${server6}/64`]);
    }
  });

  test('a tunnel gets IPv6 while it is in use, and no session notices; it has nothing to change after that', async () => {
    const { gateway, tenants } = cast;
    const cora = tenants[2] as Tenant;
    const [first] = cora.members;
    const ping = first.router.pinging(cora.server);
    const plain = {
      ...cora.state,
      addresses: cora.state.addresses.slice(0, 1),
      peers: cora.state.peers.map((peer) => ({
        ...peer,
        allowedIPs: peer.allowedIPs.filter((network) => !network.includes(':')),
      })),
    };
    expect((await gateway.client.put(plain)).changes).toContain('set net/ipv6/conf/all/disable_ipv6 to 1');
    expect(await first.router.reaches(cora.server6, 1)).toBe(false);
    expect(await gateway.client.put(plain)).toEqual({ changes: [] });
    await gateway.client.put(cora.state);
    await first.router.awaitReach(cora.server6);
    expect(await gateway.client.put(cora.state)).toEqual({ changes: [] });
    const { received, lost } = await ping.stop();
    expect(received).toBeGreaterThan(0);
    expect(lost).toEqual([]);
  });
});
