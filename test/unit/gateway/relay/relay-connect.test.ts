/** Streams through the relay's listener, by CONNECT. */
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { Refusal } from '../../../../src/gateway/relay/refusal.ts';
import { authorityOf } from '../../../../src/gateway/relay/target.ts';
import { CONNECT, start, tunnel, until } from './relay-listener.ts';

describe('CONNECT', () => {
  test('gives a stream in both directions, what was sent early first, and each end by itself', async () => {
    const relay = await start();
    const client = await tunnel(relay, 'early ');
    const [router] = relay.routers;
    if (router === undefined) throw new Error('There is no stream.');
    client.end('late');
    expect(await text(router)).toBe('early late');
    router.end('answer after the end');
    expect(await text(client)).toBe('answer after the end');
    await until('its place is free', () => relay.released() === 1);
    expect(relay.asked.map(({ target, source }) => [authorityOf(target), source])).toEqual([
      ['r.acme.router:22', '127.0.0.1'],
    ]);
    const metrics = await relay.registry.metrics();
    expect(metrics).toContain('tto_relay_requests_total{status="200"} 1');
    expect(metrics).toContain('tto_relay_bytes_total{direction="to_router"} 10');
    expect(metrics).toContain('tto_relay_bytes_total{direction="from_router"} 20');
  });

  test('a slow reader slows the router down: memory does not grow', async () => {
    const relay = await start();
    const client = await tunnel(relay);
    client.pause();
    const [router] = relay.routers;
    let written = 0;
    while (router?.write(Buffer.alloc(65_536)) && written < 1e9) {
      written += 65_536;
      await sleep(0);
    }
    // Socket buffers take some; a relay without backpressure would take all.
    expect(written).toBeLessThan(64e6);
  });

  test('the router gone, the client hears of it; the client gone, the router does', async () => {
    const relay = await start();
    const client = await tunnel(relay);
    relay.routers[0]?.destroy();
    await new Promise((resolve) =>
      client
        .resume()
        .once('close', resolve)
        .once('end', () => client.destroy()),
    );
    const other = await tunnel(relay);
    other.resetAndDestroy();
    const [, router] = relay.routers;
    router?.resume();
    await until('the router hears of it', () => router?.closed === true || router?.readableEnded === true);
    router?.destroy();
    await until('both places are free', () => relay.released() === 2);
  });

  test('without a byte for too long a stream is closed', async () => {
    const relay = await start({ idleMs: 200 });
    const client = await tunnel(relay);
    const began = performance.now();
    for (let round = 0; round < 6; round += 1) {
      client.write('.');
      await sleep(60);
    }
    expect(client.closed).toBe(false);
    await new Promise((resolve) => client.resume().once('end', resolve).once('close', resolve));
    expect(performance.now() - began).toBeGreaterThan(360);
    await until('its place is free', () => relay.released() === 1);
  });

  test('the streams of a Router end when it leaves its tunnel, and those of others do not', async () => {
    const relay = await start();
    const clients = [await tunnel(relay), await tunnel(relay)];
    relay.server.cut('acme/other');
    expect(relay.released()).toBe(0);
    relay.server.cut('acme/r');
    await Promise.all(
      clients.map(
        (one) => new Promise((resolve) => one.resume().once('end', resolve).once('close', resolve)),
      ),
    );
    await until('both places are free', () => relay.released() === 2);
  });

  test('a client that leaves before the router has answered takes its question back', async () => {
    let signal: AbortSignal | undefined;
    const relay = await start({
      open: (asked) =>
        new Promise((_resolve, reject) => {
          signal = asked.signal;
          asked.signal.addEventListener('abort', () => reject(new Refusal(503, 'Called off.')));
        }),
    });
    const client = await relay.dial();
    client.write(CONNECT);
    await until('it is being opened', () => signal !== undefined);
    client.resetAndDestroy();
    await until('it is called off', () => signal?.aborted === true);
  });

  test('a refusal has a status, a sentence in body and headers, and is counted', async () => {
    const relay = await start({ open: async () => Promise.reject(new Refusal(403, 'No "right" for you.')) });
    expect((await relay.say(CONNECT)).split('\r\n')).toEqual([
      'HTTP/1.1 403 Forbidden',
      'Content-Type: text/plain; charset=utf-8',
      'Content-Length: 20',
      'Proxy-Status: tenant-tunnel-relay; error=http_request_denied; details="No \\"right\\" for you."',
      'Connection: close',
      '',
      'No "right" for you.\n',
    ]);
    expect(await relay.registry.metrics()).toContain('tto_relay_requests_total{status="403"} 1');
  });

  test('without a token it says how to show one', async () => {
    const relay = await start({ open: async () => Promise.reject(new Refusal(407, 'Show a token.')) });
    const said = await relay.say(CONNECT);
    expect(said).toMatch(/^HTTP\/1.1 407 Proxy Authentication Required\r\n/);
    expect(said.match(/Proxy-Authenticate: (Basic|Bearer) realm=/g)).toHaveLength(2);
  });

  test('what nobody thought of is 500, logged, and told in general words', async () => {
    const relay = await start({ open: async () => Promise.reject(new Error('internal detail')) });
    const said = await relay.say(CONNECT);
    expect(said).toMatch(/^HTTP\/1.1 500 /);
    expect(said).not.toContain('internal detail');
    expect(relay.logger.messages('error')).toHaveLength(1);
  });
});
