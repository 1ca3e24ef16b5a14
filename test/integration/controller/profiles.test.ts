/** RouterProfiles on a real API server, under the operator's own rights; what routers say is written by hand. */
import { jest } from '@jest/globals';
import {
  inWave,
  type ProfileReport,
  type RouterProfile,
  type RouterProfileStatus,
} from '../../../src/api/index.ts';
import { ControllerHarness, GATEWAYS, until } from './harness.ts';

jest.setTimeout(180_000);

const GROUP = '/apis/vpn.traidnet.io/v1alpha1';
const VALUE = 'SECRET-shared-with-radius';

let harness: ControllerHarness;
beforeAll(async () => {
  harness = await ControllerHarness.start();
  for (const namespace of ['a', 'b', 'net', 'many']) await harness.addNamespace(namespace);
  await harness.addNode('node-1');
  await harness.addClass('standard');
  await harness.startController();
});
afterAll(() => harness?.stop());

const path = (key: string): string => {
  const [namespace, name] = key.split('/');
  return `${GROUP}/namespaces/${namespace}/routerprofiles/${name}`;
};

async function apply(key: string, spec: object): Promise<void> {
  const [namespace, name] = key.split('/');
  const body = {
    apiVersion: 'vpn.traidnet.io/v1alpha1',
    kind: 'RouterProfile',
    metadata: { name, namespace },
    spec,
  };
  const url = `${path(key)}?fieldManager=test&force=true`;
  const response = await harness.plane.request('PATCH', url, body, 'application/apply-patch+yaml');
  if (response.status >= 300) throw new Error(response.json().message);
}

const profile = async (key: string): Promise<RouterProfile> =>
  (await harness.plane.request('GET', path(key))).json();

/** The status, once `is` says so. */
async function told(
  key: string,
  what: string,
  is: (status: RouterProfileStatus) => unknown,
): Promise<RouterProfileStatus> {
  let status: RouterProfileStatus = {};
  await until(
    `${key} ${what}`,
    async () => {
      status = (await profile(key)).status ?? {};
      return is(status);
    },
    undefined,
    () => `${JSON.stringify(status, null, 1)}\n${harness.logs.slice(-10).join('\n')}`,
  );
  return status;
}

const reason = ({ conditions }: RouterProfileStatus, type: string): string | undefined =>
  conditions?.find((one) => one.type === type)?.reason;

/** A Router whose gateway says that it is Online. */
async function online(key: string): Promise<void> {
  await harness.addRouter(key, { tenant: 'acme' });
  await harness.granted(key);
  const lastHandshakeTime = new Date().toISOString();
  await harness.patch(`${harness.path('routers', key)}/status`, {
    status: { phase: 'Online', lastHandshakeTime },
  });
}

async function says(
  router: string,
  key: string,
  state: ProfileReport['state'],
  message?: string,
): Promise<void> {
  const [namespace = '', name = ''] = key.split('/');
  const { revision = '' } = (await profile(key)).status ?? {};
  const problems =
    message === undefined ? {} : { problems: [{ row: '/radius', reason: 'Refused', message }] };
  await harness.patch(`${harness.path('routers', router)}/status`, {
    status: { profiles: [{ namespace, name, revision, state, ...problems }] },
  });
}

const RESOURCES = [
  { path: '/radius', match: { service: 'hotspot' }, set: { secret: '{{ values.radius }}' } },
];
const SPEC = {
  resources: RESOURCES,
  values: [{ name: 'radius', secretKeyRef: { name: 'radius', key: 'secret' } }],
  selector: {},
  rollout: { stages: ['1', '100%'], bakeSeconds: 0 },
};
const ROUTERS = ['a/r1', 'a/r2', 'a/r3', 'a/r4'];

/** The one whose turn it is, while it is one's. */
async function canary(key: string): Promise<string> {
  const { rollout } = (await profile(key)).status ?? {};
  const all = await Promise.all(ROUTERS.map((router) => harness.router(router)));
  const chosen = all.filter(
    (router) => router !== undefined && rollout && inWave(router.metadata.uid, rollout),
  );
  expect(chosen.length).toBe(1);
  return `a/${chosen[0]?.metadata.name}`;
}

test('what the CRD cannot take is refused in a sentence', async () => {
  for (const [rollout, sentence] of [
    [{ stages: ['21'] }, 'write a number from 1 to 20'],
    [{ stages: ['150%'] }, 'write a number of routers up to 20'],
    [{ maxFailures: 'few' }, 'write a number of routers, for example "3"'],
    [{ windows: [{ from: '2am', to: '05:00' }] }, 'write a time of day as HH:MM'],
  ] as const) {
    await expect(apply('a/refused', { ...SPEC, rollout })).rejects.toThrow(sentence);
  }
  await expect(apply('a/refused', { ...SPEC, selector: { versions: '7.16' } })).rejects.toThrow(
    'write one or more comparisons',
  );
  await expect(apply('a/refused', { ...SPEC, values: [{ name: 'x' }] })).rejects.toThrow(
    'write either value or secretKeyRef',
  );
});

test('a Secret may be read once the owner of its namespace lets it, by the very line of the condition', async () => {
  await harness.create('/api/v1/namespaces/a/secrets', {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'radius' },
    stringData: { secret: VALUE, other: 'SECRET-of-others' },
  });
  await apply('a/hotspot', SPEC);
  const refused = await told(
    'a/hotspot',
    'is refused',
    (status) => reason(status, 'Accepted') === 'SecretUnreadable',
  );
  const message = refused.conditions?.find(({ type }) => type === 'Accepted')?.message ?? '';
  const [, line = ''] = /kubectl (create rolebinding [^;]+);/.exec(message) ?? [];
  harness.plane.kubectl(line.split(' '));
  // Looked at when the profile changes, and every 3 minutes.
  await apply('a/hotspot', { ...SPEC, drift: 'Report' });
  await until('it is accepted', async () => {
    await apply('a/hotspot', { ...SPEC, drift: Date.now() % 2 === 0 ? 'Report' : 'Repair' });
    return reason((await profile('a/hotspot')).status ?? {}, 'Accepted') === 'Accepted';
  });
  expect(await harness.handedOver('secrets', 'values-a')).toEqual({ radius_secret: VALUE });
});

test('it goes to one router, then to all, and says how far it is', async () => {
  for (const router of ROUTERS) await online(router);
  await apply('a/hotspot', { ...SPEC, resources: [{ ...RESOURCES[0], set: { address: '10.0.0.1' } }] });
  await told(
    'a/hotspot',
    'has a canary',
    ({ rollout }) => rollout?.share === 0 && rollout.canaries?.length === 1,
  );
  await says(await canary('a/hotspot'), 'a/hotspot', 'Applied');
  await told('a/hotspot', 'is every router’s turn', ({ rollout }) => rollout?.share === 1000);
  for (const router of ROUTERS) await says(router, 'a/hotspot', 'Applied');
  const { routers } = await told(
    'a/hotspot',
    'is rolled out',
    (status) => reason(status, 'Ready') === 'RolledOut',
  );
  expect(routers).toEqual({ selected: 4, applied: 4, failed: 0, waiting: 0 });
  const table = harness.plane.kubectl(['get', 'rprof', 'hotspot', '-n', 'a']);
  expect(table).toMatch(/NAME +ROLLOUT +ROUTERS +APPLIED +FAILED +REASON +SINCE +AGE/);
  expect(table).toMatch(/hotspot +2\/2 \(100%\) +4 +4 +0 +RolledOut/);
});

test('what fails on the first router stops it, whoever leads, until it is told to go on', async () => {
  await apply('a/hotspot', { ...SPEC, resources: [{ ...RESOURCES[0], set: { address: '10.0.0.2' } }] });
  await told(
    'a/hotspot',
    'has a canary',
    ({ rollout }) => rollout?.share === 0 && rollout.canaries?.length === 1,
  );
  const failing = await canary('a/hotspot');
  await says(failing, 'a/hotspot', 'Failed', 'The router has no argument "address".');
  const stopped = await told(
    'a/hotspot',
    'stops',
    (status) => reason(status, 'Progressing') === 'RolloutStopped',
  );
  const message = stopped.conditions?.find(({ type }) => type === 'Progressing')?.message;
  expect(message).toContain(`${failing}: /radius: The router has no argument "address".`);
  await harness.stopController();
  const before = await harness.writes();
  await harness.startController();
  await until('it leads', () => harness.logs.filter((line) => line.startsWith('info leading')).length > 1);
  await new Promise((resolve) => setTimeout(resolve, 7000));
  expect((await profile('a/hotspot')).status).toEqual(stopped);
  expect(await harness.writes()).toEqual(before);
  harness.plane.kubectl(['annotate', 'rprof', 'hotspot', '-n', 'a', 'vpn.traidnet.io/resume-rollout=now']);
  await told('a/hotspot', 'goes on', ({ rollout }) => rollout?.share === 1000);
});

test('a class gives its routers profiles of another namespace, in a rollout of their own', async () => {
  await apply('net/base', {
    resources: RESOURCES.map(({ path: menu }) => ({
      path: menu,
      match: { service: 'login' },
      set: { address: '10.0.0.1' },
    })),
  });
  await told(
    'net/base',
    'has nobody',
    ({ routers, rollout }) => routers?.selected === 0 && rollout?.state === 'Done',
  );
  await harness.patch(harness.classPath('standard'), {
    spec: { profiles: [{ namespace: 'net', name: 'base' }] },
  });
  const { rollout } = await told(
    'net/base',
    'is for the routers of the class',
    (status) => status.routers?.selected === 4 && status.rollout?.classes?.includes('standard'),
  );
  expect(rollout).toMatchObject({ state: 'RollingOut', share: 0 });
  await until('it is handed over', async () =>
    (await harness.handedOver('configmaps', 'tunnel-0'))?.['tunnel.json']?.includes('"name": "base"'),
  );
});

test('a fleet that applies it is a write each few seconds, not each router', async () => {
  await apply('many/p', {
    resources: [{ path: '/ip/dns', set: { servers: '10.0.0.1' } }],
    selector: {},
    rollout: { stages: ['100%'], bakeSeconds: 0 },
  });
  const names = Array.from({ length: 60 }, (_, at) => `many/r${at}`);
  await Promise.all(names.map((name) => harness.addRouter(name, { tenant: 'many' })));
  await Promise.all(names.map((name) => harness.granted(name)));
  await told('many/p', 'counts them', ({ routers }) => routers?.selected === 60);
  const before = (await harness.writes())['APPLY routerprofiles status'] ?? 0;
  const began = Date.now();
  for (const name of names) {
    await harness.patch(`${harness.path('routers', name)}/status`, {
      status: { phase: 'Online', lastHandshakeTime: new Date().toISOString() },
    });
    await says(name, 'many/p', 'Applied');
  }
  await told('many/p', 'has them all', ({ routers }) => routers?.applied === 60);
  const writes = ((await harness.writes())['APPLY routerprofiles status'] ?? 0) - before;
  expect(writes).toBeGreaterThan(0);
  expect(writes).toBeLessThanOrEqual(Math.ceil((Date.now() - began) / 5000) + 4);
});

test('a value that nobody refers to any more is gone, and none was ever told', async () => {
  const { values: _, ...plain } = SPEC;
  await apply('a/hotspot', { ...plain, resources: [{ path: '/ip/dns', set: { servers: '10.0.0.1' } }] });
  await until(
    'the copy is gone',
    async () => (await harness.handedOver('secrets', 'values-a')) === undefined,
  );
  expect(harness.logs.filter((line) => line.includes('SECRET-'))).toEqual([]);
  for (const list of [
    `${GROUP}/routerprofiles`,
    `${GROUP}/routers`,
    '/apis/events.k8s.io/v1/events',
    `/api/v1/namespaces/${GATEWAYS}/configmaps`,
  ]) {
    const { text, status } = await harness.plane.request('GET', list);
    expect([list, status, text.includes('SECRET-')]).toEqual([list, 200, false]);
  }
});
