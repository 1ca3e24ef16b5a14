import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import type { Service, TunnelState } from '../../../src/wireguard/index.ts';
import { waitFor } from '../../testbed/wait.ts';
import { dataplane, leftOut } from '../sidecar/dataplane.ts';
import { Gateway } from '../sidecar/gateway.ts';
import type { Router } from '../sidecar/router.ts';
import { atRouter, hold, Pod, tunnelWith } from './field.ts';

jest.setTimeout(120_000);

type Reply = { reply: string; peer: string } | null;

dataplane(`services of a tunnel${leftOut}`, () => {
  let gateway: Gateway;
  let state: TunnelState;
  let first: Router;
  let second: Router;
  let a: Pod;
  let b: Pod;
  let web: Pod;

  beforeAll(async () => {
    gateway = await Gateway.create();
    const field = await tunnelWith(gateway, 2);
    state = field.state;
    [first, second] = field.routers as [Router, Router];
    a = await Pod.start(gateway, 'a', 'UDP', 1812);
    b = await Pod.start(gateway, 'b', 'UDP', 1812);
    web = await Pod.start(gateway, 'web', 'TCP', 8080);
  });
  afterAll(() => gateway?.destroy());

  const put = (...services: Service[]) => gateway.client.putServices('wg0', { services });
  const udp = (...endpoints: string[]): Service => ({ protocol: 'UDP', port: 1812, endpoints });
  const tcp = (...endpoints: string[]): Service => ({ protocol: 'TCP', port: 80, endpoints });
  const ask = (router: Router, text: string, from = 0) =>
    atRouter<Reply>(router, 'ask', 1812, text, ...(from === 0 ? [] : [from]));

  test('are not there until they are named, and then answer each router', async () => {
    expect(await ask(first, 'early')).toBeNull();
    const { changes, problems } = await put(udp(a.endpoint), tcp(web.endpoint));
    expect(problems).toEqual([]);
    expect(changes).toEqual(expect.arrayContaining(['opened UDP 1812', 'opened TCP 80', 'set the firewall']));
    const replies = await Promise.all([ask(first, 'one'), ask(second, 'two')]);
    expect(replies).toEqual([
      { reply: 'a one', peer: '10.100.0.1:1812' },
      { reply: 'a two', peer: '10.100.0.1:1812' },
    ]);
    expect(await atRouter(first, 'call', 80, 1_000_000)).toMatchObject({ length: 1_000_004 });
    // What reaches a pod comes from the node.
    expect(a.got.map(({ peer }) => peer)).toEqual([gateway.node.address, gateway.node.address]);
  });

  test('change nothing when they are the same, also after they were used', async () => {
    expect(await put(udp(a.endpoint), tcp(web.endpoint))).toEqual({ changes: [], problems: [] });
    expect(await gateway.client.put(state)).toEqual({ changes: [] });
  });

  test('open the ports that are named and no other', async () => {
    const others = await Promise.all([
      atRouter<Reply>(first, 'ask', 1813, 'x'),
      atRouter(first, 'call', 8080, 1),
      atRouter(first, 'call', 1812, 1),
    ]);
    expect(others).toEqual([null, { error: 'silent' }, { error: 'silent' }]);
  });

  test('follow their endpoints, and a flow stays with its own while that is there', async () => {
    await put(udp(a.endpoint, b.endpoint), tcp(web.endpoint));
    const asked = await Promise.all(Array.from({ length: 8 }, (_, n) => ask(first, `n${n}`)));
    const who = new Set(asked.map((reply) => reply?.reply.split(' ')[0]));
    expect(who).toEqual(new Set(['a', 'b']));

    const before = (await ask(first, 'sticky', 40_000))?.reply.split(' ')[0];
    for (let n = 0; n < 3; n += 1) expect((await ask(first, `${n}`, 40_000))?.reply).toBe(`${before} ${n}`);
    const [stays, other] = before === 'a' ? [b, 'b'] : [a, 'a'];
    await put(udp(stays.endpoint), tcp(web.endpoint));
    expect((await ask(first, 'moved', 40_000))?.reply).toBe(`${other} moved`);

    await put(udp(), tcp());
    expect(await ask(first, 'nobody')).toBeNull();
    expect(await atRouter(first, 'call', 80, 1)).toEqual({ error: 'ECONNRESET' });
    // Who does not know the endpoints leaves them.
    await put(udp(a.endpoint), tcp(web.endpoint));
    expect((await put({ protocol: 'UDP', port: 1812 }, { protocol: 'TCP', port: 80 })).changes).toEqual([]);
    expect((await ask(first, 'still'))?.reply).toBe('a still');
  });

  test('pass over an endpoint where nobody listens', async () => {
    const closed = `${a.node.address}:9`;
    await put(udp(closed, a.endpoint), tcp(closed, web.endpoint));
    for (let n = 0; n < 4; n += 1)
      expect(await atRouter(first, 'call', 80, 10)).toMatchObject({ length: 14 });
    // A datagram is lost with the refusal; the router's next one goes elsewhere.
    for (let n = 0; n < 3; n += 1) await ask(first, 'again', 40_001);
    expect((await ask(first, 'there', 40_001))?.reply).toBe('a there');
  });

  test('tell who asks by the PROXY protocol where that is wanted', async () => {
    await put({ ...udp(a.endpoint), proxyProtocol: true }, { ...tcp(web.endpoint), proxyProtocol: true });
    expect((await ask(second, 'who', 40_002))?.reply).toBe('a who');
    expect(a.got.at(-1)).toMatchObject({
      source: '10.100.1.2:40002',
      destination: '10.100.0.1:1812',
      family: '2112000c',
      text: 'who',
    });
    expect(await atRouter(first, 'call', 80, 5)).toMatchObject({ head: 'web xxxxx' });
    expect(web.got.at(-1)).toMatchObject({
      source: expect.stringMatching(/^10\.100\.1\.1:\d+$/),
      destination: '10.100.0.1:80',
      family: '2111000c',
    });
    await put(udp(a.endpoint), tcp(web.endpoint));
  });

  test('come and go without touching the tunnel', async () => {
    const ping = first.pinging('10.100.0.1');
    for (let n = 0; n < 10; n += 1) {
      await put();
      await put(udp(a.endpoint), tcp(web.endpoint));
    }
    const { received, lost } = await ping.stop();
    expect({ lost, some: received > 5 }).toEqual({ lost: [], some: true });
    expect((await ask(first, 'after'))?.reply).toBe('a after');
  });

  test('say which port is taken in the namespace, open the others, and take it when it is free', async () => {
    const listen = "require('net').createServer().listen(8081, '10.100.0.1', () => console.log('ready'))";
    const squatter = gateway.node.spawn(
      'nsenter',
      ['--net=/run/netns/tto-wg0', process.execPath, '-e', listen],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await once(squatter.stdout as NodeJS.ReadableStream, 'data');
    const taken: Service = { protocol: 'TCP', port: 8081, endpoints: [web.endpoint] };
    const { problems } = await put(udp(a.endpoint), taken, tcp(web.endpoint));
    expect(problems).toEqual([
      {
        protocol: 'TCP',
        port: 8081,
        message: expect.stringMatching(/^TCP port 8081 is taken in the tunnel's/),
      },
    ]);
    expect(await atRouter(first, 'call', 80, 5)).toMatchObject({ length: 9 });
    const closed = once(squatter, 'close');
    squatter.kill('SIGKILL');
    await closed;
    expect((await put(udp(a.endpoint), taken, tcp(web.endpoint))).problems).toEqual([]);
    expect(await atRouter(first, 'call', 8081, 5)).toMatchObject({ length: 9 });
    await put(udp(a.endpoint), tcp(web.endpoint));
  });

  test('are answered to one router while another floods them', async () => {
    const before = a.got.length;
    const flooding = atRouter<{ sent: number; ms: number }>(first, 'flood', 1812, 30_000);
    const answered: Reply[] = [];
    // What carries the tunnel may lose one of them: as a RADIUS client does, it asks again.
    for (let n = 0; n < 10; n += 1) {
      const tries = [1, 2, 3].map((_) => () => ask(second, `calm ${n}`));
      let reply: Reply = null;
      for (const attempt of tries) reply ??= await attempt();
      answered.push(reply);
    }
    const { sent, ms } = await flooding;
    const passed = a.got.slice(before).filter(({ text }) => text.startsWith('flood')).length;
    process.stdout.write(
      `  flood: ${sent} datagrams in ${ms} ms, ${passed} passed on; the other router: ${answered.filter(Boolean).length} of 10 answered\n`,
    );
    expect(answered.map((reply) => reply?.reply)).toEqual(answered.map((_, n) => `a calm ${n}`));
    // 200 a second, and 400 at once.
    expect(passed).toBeGreaterThan(0);
    expect(passed).toBeLessThanOrEqual(400 + (200 * (ms + 2_000)) / 1000);
  });

  test('take so many connections of one router, and those of another beside them', async () => {
    const greedy = await hold(first, 80, 60);
    expect(greedy).toMatchObject({ held: 32, ended: 28 });
    expect(await atRouter(second, 'call', 80, 10)).toMatchObject({ length: 14 });
    await greedy.release();
    await waitFor('the connections have ended', async () =>
      /"length"/.test(JSON.stringify(await atRouter(first, 'call', 80, 10))),
    );
  });

  test('figures are printed', async () => {
    await gateway.client.putServices('wg0', {
      services: [udp(a.endpoint), tcp(web.endpoint)],
      packetsPerSecond: 100_000,
    });
    const { answered, ms, median } = await atRouter<Record<string, number>>(first, 'pace', 1812, 5_000);
    const began = performance.now();
    const bytes = 20_000_000;
    const { length } = await atRouter<{ length: number }>(first, 'call', 80, bytes);
    const seconds = (performance.now() - began) / 1000;
    process.stdout.write(
      `  UDP: ${answered} of 5000 answered, ${Math.round((answered ?? 0) / ((ms ?? 1) / 1000))} a second, median ${median?.toFixed(2)} ms; TCP: ${bytes / 1e6} MB there and back in ${seconds.toFixed(1)} s\n`,
    );
    expect(length).toBe(bytes + 4);
    expect(answered).toBeGreaterThan(0);
    await put(udp(a.endpoint), tcp(web.endpoint));
  });

  test('refuse what is no service, and change nothing by it', async () => {
    const wrong: [services: unknown, message: RegExp][] = [
      [[{ ...udp('127.0.0.1:53') }], /127\.0\.0\.1, where no service can be/],
      [[{ ...udp('169.254.169.254:80') }], /169\.254\.169\.254, where no service/],
      [[udp(), udp()], /UDP port 1812 twice/],
      [[{ ...udp(), port: 0 }], /port must be a whole number/],
    ];
    for (const [services, message] of wrong) {
      await expect(
        gateway.client.putServices('wg0', { services } as { services: Service[] }),
      ).rejects.toMatchObject({ code: 'InvalidRequest', message: expect.stringMatching(message) });
    }
    await expect(gateway.client.putServices('wg9', { services: [] })).rejects.toMatchObject({
      code: 'UnknownTunnel',
    });
    expect((await ask(first, 'same'))?.reply).toBe('a same');
  });

  test('are there again after the sidecar was killed', async () => {
    await gateway.end('SIGKILL');
    await gateway.start();
    await expect(put(udp(a.endpoint))).rejects.toMatchObject({ code: 'UnknownTunnel' });
    await gateway.client.put(state);
    await put(udp(a.endpoint), tcp(web.endpoint));
    await waitFor('the service answers', async () => (await ask(first, 'back'))?.reply === 'a back');
    expect(await atRouter(second, 'call', 80, 10)).toMatchObject({ length: 14 });
  });

  test('listen in the new namespace when somebody has removed the old one', async () => {
    await gateway.node.exec('ip', ['netns', 'del', 'tto-wg0']);
    // It goes once nothing holds it any more.
    await waitFor('the tunnel is made anew', () =>
      gateway.client.put(state).then(
        () => true,
        () => false,
      ),
    );
    await first.awaitReach('10.100.0.1');
    expect((await ask(first, 'new'))?.reply).toBe('a new');
  });

  test('end with their tunnel, and keep nothing of it alive', async () => {
    const greedy = await hold(first, 80, 3);
    await gateway.client.remove('wg0');
    expect(await gateway.node.exec('ls', ['/run/netns'])).not.toContain('tto-wg0');
    const sockets = async () =>
      (await gateway.node.exec('sh', ['-c', `ls -l /proc/${gateway.pid}/fd | grep -c socket`])).trim();
    const left = await sockets();
    await gateway.client.put(state);
    await put(udp(a.endpoint), tcp(web.endpoint));
    await gateway.client.remove('wg0');
    await sleep(50);
    expect(await sockets()).toBe(left);
    await greedy.release();
  });
});
