/**
 * Nothing passes but what a tunnel names, whatever a router sends: three tenants, two of them with the same subnet, on one
 * gateway with real WireGuard; more than 100,000 packets of all kinds, half of them with a source that is not theirs.
 */

import { readFileSync } from 'node:fs';
import { jest } from '@jest/globals';
import { inNetworkNamespace } from '../../testbed/setns.ts';
import { dataplane, leftOut } from '../sidecar/dataplane.ts';
import {
  API_SERVICE,
  type Cast,
  METADATA,
  type Member,
  NODE_INSIDE,
  namespaceOf,
  POD,
  SERVICE,
  type Tenant,
} from './cast.ts';
import { type Draft, echo, KINDS, PROTOCOLS } from './packets.ts';
import { nameOf, Scene } from './scene.ts';
import { sweep } from './sweep.ts';
import type { Shot, Traffic } from './traffic.ts';
import { sendFrom, sendOn } from './wire.ts';

/** Packets to each destination, of each router: so many with its own sources, and as many with others'. */
const PACKETS = 640;
const kinds = Object.keys(KINDS);

const isIPv4 = ([first]: readonly Buffer[]): boolean => (first?.readUInt8(0) ?? 0) >>> 4 === 4;

dataplane(`what passes between routers and all the rest${leftOut}`, () => {
  let scene: Scene;
  let cast: Cast;
  let traffic: Traffic;
  jest.setTimeout(540_000);

  const draft = (source: string, destination: string): Draft => scene.draft(source, destination);

  beforeAll(async () => {
    scene = await Scene.create({ protocols: PROTOCOLS, seed: 20_261_126 });
    ({ cast, traffic } = scene);
  });
  afterAll(() => scene?.close());

  const another = (tenant: Tenant): Tenant =>
    cast.tenants.find(({ server }) => server !== tenant.server) as Tenant;

  function columnsOf(tenant: Tenant, other: Member): Record<string, { to: string; at: string }> {
    const { gateway, host } = cast;
    const beyond = another(tenant).members[1];
    const network = tenant.server.replace('.0.1', '');
    return {
      server: { to: tenant.server, at: `server of ${tenant.name}` },
      'router of its tenant': { to: other.router.address, at: nameOf(other) },
      'network behind it': { to: other.lanHost, at: nameOf(other) },
      'router of another': { to: beyond.router.address, at: nameOf(beyond) },
      'network of another': { to: beyond.lanHost, at: nameOf(beyond) },
      node: { to: gateway.node.address, at: 'node' },
      'node to pods': { to: NODE_INSIDE, at: 'node' },
      pod: { to: POD, at: 'pod' },
      Service: { to: SERVICE, at: 'pod' },
      'API server': { to: API_SERVICE, at: 'pod' },
      metadata: { to: METADATA, at: 'metadata' },
      internet: { to: host.address, at: 'host' },
      loopback: { to: '127.0.0.1', at: `server of ${tenant.name}` },
      broadcast: { to: `${network}.255.255`, at: nameOf(other) },
      'broadcast to all': { to: '255.255.255.255', at: nameOf(other) },
      multicast: { to: '224.0.0.1', at: nameOf(other) },
    };
  }

  function dueAt(tenant: Tenant, column: string, kind: string, isOwnAddress: boolean): boolean {
    if (column === 'server') return kind === 'echo' && isOwnAddress;
    if (column !== 'router of its tenant' && column !== 'network behind it') return false;
    return tenant.state.routerToRouter === 'Allow' && KINDS[kind]?.passes === true;
  }

  function forgedSources(tenant: Tenant, member: Member, other: Member): string[] {
    const beyond = another(tenant).members[0];
    return [
      ...[tenant.server, other.router.address, other.lanHost, beyond.router.address, beyond.lanHost],
      ...[cast.gateway.node.address, NODE_INSIDE, POD, SERVICE, API_SERVICE, METADATA, cast.host.address],
      ...['127.0.0.1', '0.0.0.0', '255.255.255.255', '224.0.0.1', '8.8.8.8'],
    ].filter((source) => source !== member.router.address && source !== member.lanHost);
  }

  test('0 packets pass that should not, and all that should', async () => {
    const { own, forged, wrong, due } = await sweep(scene, {
      kinds: KINDS,
      packets: PACKETS,
      columnsOf,
      dueAt,
      ownSources: ({ router, lanHost }) => [router.address, lanHost],
      forgedSources,
      echoToServer: (tenant, { router }) => {
        const one = draft(router.address, tenant.server);
        return { id: one.id, packet: echo(one) };
      },
      // IPv6 is nobody's here.
      enters: isIPv4,
    });
    process.stdout.write(own.render('With sources of their own: passed/should pass of sent'));
    process.stdout.write(forged.render('With forged sources: passed of sent'));
    process.stdout.write(`\n  ${traffic.sent} packets, ${due} of which should pass\n\n`);
    expect(wrong).toEqual([]);
    expect(traffic.sent).toBeGreaterThan(100_000);
    expect(due).toBeGreaterThan(4000);
  });

  test('what the node and a pod send to tunnels gets into none', async () => {
    const senders = [cast.gateway.node, cast.pod, cast.host];
    for (const node of senders) {
      const sender = sendFrom(namespaceOf(node));
      const shots = cast.tenants.flatMap(({ server, members }) =>
        [server, ...members.flatMap(({ router, lanHost }) => [router.address, lanHost])].flatMap((to) =>
          ['echo', 'udp', 'tcp syn'].map((kind): Shot => {
            const one = draft(node.name === 'pod' ? POD : node.address, to);
            return { id: one.id, packets: KINDS[kind]?.make(one) ?? [], expected: [] };
          }),
        ),
      );
      await traffic.send(sender, shots);
      await traffic.settle(500);
      const names = cast.tenants.flatMap(({ name, members }) => [
        `server of ${name}`,
        ...members.map(nameOf),
      ]);
      const strays = [...traffic.judge(shots).strays.values()].flat();
      expect(strays.filter((name) => names.includes(name))).toEqual([]);
      sender.close();
    }
  });

  test('the server reaches its own routers and the networks behind them, and nothing else', async () => {
    for (const tenant of cast.tenants) {
      const self = `server of ${tenant.name}`;
      const sender = sendFrom(tenant.namespace);
      const beyond = another(tenant).members[1];
      const to = (destination: string, expected: string[]): Shot => {
        const one = draft(tenant.server, destination);
        return { id: one.id, packets: KINDS.udp?.make(one) ?? [], expected };
      };
      const shots = [
        ...tenant.members.flatMap((member) => [
          to(member.router.address, [nameOf(member)]),
          to(member.lanHost, [nameOf(member)]),
        ]),
        ...[beyond.router.address, cast.gateway.node.address, NODE_INSIDE, POD, SERVICE, METADATA].map(
          (destination) => to(destination, []),
        ),
      ];
      await traffic.send(sender, shots);
      await traffic.settle(500);
      const { lost, strays } = traffic.judge(shots, self, `door of ${tenant.name}`);
      expect({ lost, strays: [...strays.values()] }).toEqual({ lost: [], strays: [] });
      sender.close();
    }
  });

  test('the namespaces have no IPv6, take no redirects and no source routes', () => {
    for (const [index, { namespace }] of cast.tenants.entries()) {
      const read = (path: string): string =>
        inNetworkNamespace(namespace, () => readFileSync(`/proc/sys/net/${path}`, 'utf8').trim());
      for (const scope of ['all', 'default', `wg${index}`]) {
        for (const name of ['accept_redirects', 'send_redirects', 'accept_source_route', 'route_localnet'])
          expect([scope, name, read(`ipv4/conf/${scope}/${name}`)]).toEqual([scope, name, '0']);
        expect(read(`ipv6/conf/${scope}/disable_ipv6`)).toBe('1');
      }
    }
  });

  test('all of this is seen where it does pass: without rules, and from the node itself', async () => {
    const { gateway, host } = cast;
    const node = sendFrom(namespaceOf(gateway.node));
    const reach = (to: string, at: string): Shot => {
      const one = draft(gateway.node.address, to);
      return { id: one.id, packets: KINDS.udp?.make(one) ?? [], expected: [at] };
    };
    const near = [
      ...[reach(POD, 'pod'), reach(SERVICE, 'pod'), reach(API_SERVICE, 'pod')],
      ...[reach(METADATA, 'metadata'), reach(host.address, 'host'), reach(NODE_INSIDE, 'node')],
    ];
    await traffic.send(node, near);
    expect(traffic.judge(near).lost).toEqual([]);
    node.close();

    const beta = cast.tenants[1] as Tenant;
    const [first, second] = beta.members;
    await gateway.inTunnel('wg1', 'nft', 'flush', 'ruleset');
    const sender = sendOn(namespaceOf(first.router.node), 'rt0');
    const open = kinds
      .filter((kind) => KINDS[kind]?.passes)
      .flatMap((kind): Shot[] =>
        [second.router.address, second.lanHost, beta.server].map((to) => {
          const one = draft(first.router.address, to);
          const at = to === beta.server ? `server of ${beta.name}` : nameOf(second);
          return { id: one.id, packets: KINDS[kind]?.make(one) ?? [], expected: [at] };
        }),
      );
    await traffic.send(sender, open);
    const { lost } = traffic.judge(open);
    expect(lost.map((id) => open.find((shot) => shot.id === id)?.expected)).toEqual([]);
    sender.close();
    expect(await gateway.client.put(beta.state)).toEqual({ changes: ['set the firewall'] });
  });

  test('whether routers reach each other changes at once, and no session notices', async () => {
    const { gateway, tenants } = cast;
    const beta = tenants[1] as Tenant;
    const [first, second] = beta.members.map(({ router }) => router) as [Member['router'], Member['router']];
    expect(await first.reaches(second.address, 1)).toBe(false);
    const ping = first.pinging(beta.server);
    const { changes } = await gateway.client.put({ ...beta.state, routerToRouter: 'Allow' });
    expect(changes).toEqual(['set the firewall']);
    await first.awaitReach(second.address);
    const between = first.pinging(second.address);
    await first.awaitReach(second.address);
    expect(await gateway.client.put(beta.state)).toEqual({ changes: ['set the firewall'] });
    // Also what was under way ends.
    expect(await first.reaches(second.address, 2)).toBe(false);
    expect((await between.stop()).received).toBeGreaterThan(0);
    expect((await ping.stop()).lost).toEqual([]);
    expect(await gateway.client.put(beta.state)).toEqual({ changes: [] });
  });

  test('a stream of the sidecar reaches a machine behind a router, and still no other address', async () => {
    const { gateway, tenants } = cast;
    const [acme] = tenants as [Tenant];
    const [member] = acme.members;
    await member.router.node.exec('ip', ['addr', 'add', `${member.lanHost}/32`, 'dev', 'lo']);
    await expect(gateway.client.connect('wg0', member.lanHost, 9)).rejects.toMatchObject({
      code: 'ConnectFailed',
      message: `${member.lanHost}:9 in wg0 cannot be reached (ECONNREFUSED).`,
    });
    // Beta has a network of which acme has none.
    for (const address of [(tenants[1] as Tenant).members[1].lanHost, POD, METADATA, '127.0.0.1'])
      await expect(gateway.client.connect('wg0', address, 9)).rejects.toMatchObject({
        code: 'AddressOutside',
      });
    await gateway.end('SIGKILL');
    await gateway.start();
    await expect(gateway.client.connect('wg0', member.lanHost, 9)).rejects.toMatchObject({
      code: 'ConnectFailed',
    });
    await expect(gateway.client.connect('wg0', POD, 9)).rejects.toMatchObject({ code: 'AddressOutside' });
  });

  test('a network that moves to another router is there at once, and not at the first any more', async () => {
    const { gateway, tenants } = cast;
    const acme = tenants[0] as Tenant;
    const [first, second] = acme.members;
    const sender = sendFrom(acme.namespace);
    const shoot = async (at: string): Promise<void> => {
      const one = draft(acme.server, first.lanHost);
      const shots = [{ id: one.id, packets: KINDS.udp?.make(one) ?? [], expected: [at] }];
      await traffic.send(sender, shots);
      // It hears the router say that nobody listens there.
      const { lost, strays } = traffic.judge(shots, `server of ${acme.name}`, `door of ${acme.name}`);
      expect({ lost, strays: [...strays] }).toEqual({ lost: [], strays: [] });
    };
    const peers = (withFirst: string[], withSecond: string[]) => ({
      set: [
        { ...first.router.peer, allowedIPs: [...first.router.peer.allowedIPs, ...withFirst] },
        { ...second.router.peer, allowedIPs: [...second.router.peer.allowedIPs, ...withSecond] },
      ],
      remove: [],
    });
    await shoot(nameOf(first));
    await gateway.client.patchPeers('wg0', peers([], [second.lan, first.lan]));
    await shoot(nameOf(second));
    await gateway.client.patchPeers('wg0', peers([first.lan], [second.lan]));
    await shoot(nameOf(first));
    expect(await gateway.client.put(acme.state)).toEqual({ changes: [] });
    sender.close();
  });
});
