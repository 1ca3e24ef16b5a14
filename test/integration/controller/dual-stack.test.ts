/** IPv6 inside of tunnels: a class that names a pool for it, before and after it has tunnels. */
import { jest } from '@jest/globals';
import { ControllerHarness, until } from './harness.ts';

jest.setTimeout(120_000);

const POOL = 'fd12:3456:789a::/48';
let harness: ControllerHarness;
beforeAll(async () => {
  harness = await ControllerHarness.start();
  await harness.addNamespace('a');
  await harness.addNode('node-1');
  await harness.addClass('standard');
  await harness.addClass(
    'dual',
    { ipv6: { pool: POOL }, pools: [{ cidr: '172.16.0.0/12', prefixLength: 20 }] },
    false,
  );
  await harness.startController();
});
afterAll(() => harness?.stop());

const handedOver = async (index: unknown) =>
  JSON.parse((await harness.handedOver('configmaps', `tunnel-${index}`))?.['tunnel.json'] ?? '{}');
const setIpv6 = (name: string, ipv6: object | null) =>
  harness.patch(harness.classPath(name), { spec: { ipv6 } });
const statusOf = async (key: string) => (await harness.router(key))?.status;
const classSaying = async (name: string, type: string) => {
  const { status } = (await harness.plane.request('GET', harness.classPath(name))).json();
  return status?.conditions?.find((one: { type: string }) => one.type === type);
};

test('a tunnel of such a class has its /64, its routers their addresses, and their scripts set them', async () => {
  await harness.addRouter('a/plain', { tenant: 'plain' });
  await harness.granted('a/plain');
  await harness.addTunnel('a/dual', { className: 'dual' });
  await harness.addRouter('a/one', { tenant: 'dual' });
  const { address } = await harness.granted('a/one');
  const { index, subnet } = await harness.allocated('a/dual');
  const prefix = index === 0 ? 'fd12:3456:789a' : `fd12:3456:789a:${Number(index).toString(16)}`;
  expect((await harness.tunnel('a/dual'))?.status).toMatchObject({
    subnet6: `${prefix}::/64`,
    serverAddress6: `${prefix}::1`,
  });
  expect([subnet, address]).toEqual(['172.16.16.0/20', '172.16.17.1']);
  expect(await statusOf('a/one')).toMatchObject({ address6: `${prefix}::101` });
  expect((await statusOf('a/one'))?.script).toContain(`address="${prefix}::101/64" advertise=no`);
  await until('it is handed over', async () => (await handedOver(index)).subnet6 === `${prefix}::/64`);
});

test('what a class without has given says nothing of it, until the class names a pool; then it comes to all', async () => {
  await harness.addRouter('a/first', { tenant: 'acme' });
  const { script: before, ...given } = await harness.granted('a/first');
  const tunnel = await harness.allocated('a/acme');
  expect(JSON.stringify(await statusOf('a/first'))).not.toContain('ddress6');
  await until('it is handed over', async () => (await handedOver(tunnel.index)).blocks?.length === 1);
  expect(await handedOver(tunnel.index)).not.toHaveProperty('subnet6');

  await setIpv6('standard', { pool: POOL });
  await until('the router has one', async () => (await statusOf('a/first'))?.address6 !== undefined);
  const subnet6 = `fd12:3456:789a${tunnel.index === 0 ? '' : `:${Number(tunnel.index).toString(16)}`}::/64`;
  await until('it is handed over', async () => (await handedOver(tunnel.index)).subnet6 === subnet6);
  const { script: after, ...now } = await harness.granted('a/first');
  expect(now).toEqual(given);
  expect(before).not.toContain('/ipv6/address');
  expect(after).toContain('/ipv6/address/add');
  expect(harness.condition(await harness.tunnel('a/acme'), 'Allocated')?.reason).toBe('Allocated');
  expect((await classSaying('dual', 'PoolOverlap'))?.message).not.toContain('IPv6');
});

test('a class that changes its pool, or gives it up, changes nothing that was given', async () => {
  const before = [(await harness.tunnel('a/acme'))?.status?.subnet6, (await statusOf('a/first'))?.address6];
  await setIpv6('standard', { pool: 'fd99::/40' });
  const said = async () => harness.condition(await harness.tunnel('a/acme'), 'Allocated');
  await until('it is remarked', async () => (await said())?.reason === 'ClassChanged');
  expect((await said())?.message).toContain(`no longer holds IPv6 subnet ${before[0]}`);
  await harness.addTunnel('a/later');
  const { index } = await harness.allocated('a/later');
  expect((await harness.tunnel('a/later'))?.status?.subnet6).toBe(
    `fd99:0:0:${Number(index).toString(16)}::/64`,
  );
  await setIpv6('standard', null);
  await until('it is said', async () =>
    (await harness.tunnel('a/later'))?.status?.conditions?.some(({ message }) =>
      message.includes('IPv6 subnet fd99'),
    ),
  );
  expect([(await harness.tunnel('a/acme'))?.status?.subnet6, (await statusOf('a/first'))?.address6]).toEqual(
    before,
  );
  await harness.addRouter('a/second', { tenant: 'acme' });
  await harness.granted('a/second');
  expect((await statusOf('a/second'))?.address6).toBe(before[1]?.replace(/1$/, '2'));
});

test('a pool that overlaps what the cluster uses is told by the class; it stops nothing', async () => {
  await harness.create('/api/v1/nodes', {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'node-2' },
    spec: { podCIDR: '10.244.9.0/24', podCIDRs: ['10.244.9.0/24', 'fd12:3456:789a:ff00::/64'] },
  });
  await until('it is told', async () => {
    const { status, message = '' } = (await classSaying('dual', 'PoolOverlap')) ?? {};
    return status === 'True' && message.includes(`IPv6 pool ${POOL} overlaps fd12:3456:789a:ff00::/64`);
  });
  expect((await classSaying('dual', 'Ready'))?.status).toBe('True');
  expect((await classSaying('standard', 'PoolOverlap'))?.message).not.toContain('IPv6');
  await setIpv6('standard', { pool: 'fd12:3456::/32' });
});

test('at rest nothing is written, and a controller that begins anew changes nothing', async () => {
  const whole = async () =>
    JSON.stringify([
      await harness.allHandedOver(),
      await harness.routers('a'),
      await harness.tunnel('a/acme'),
    ]);
  let before = '';
  await until('all is said', async () => {
    const now = await whole();
    const isSame = now === before;
    before = now;
    return isSame;
  });
  await harness.stopController();
  await harness.startController();
  await harness.addRouter('a/last', { tenant: 'plain' });
  await harness.granted('a/last');
  const { address6 } = (await statusOf('a/last')) ?? {};
  expect(address6).toMatch(/^fd12:3456/);
  const others = async () => (await harness.routers('a')).filter(({ metadata }) => metadata.name !== 'last');
  expect(JSON.stringify([await others(), await harness.tunnel('a/acme')])).toBe(
    JSON.stringify([(JSON.parse(before) as unknown[])[1], (JSON.parse(before) as unknown[])[2]]),
  );
});
