import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { customResourceDefinition, KINDS } from '../../../src/api/index.ts';
import { applyCrds, obstacle, Prerequisites } from '../../../src/install/index.ts';
import type { KubeClient } from '../../../src/kube/index.ts';
import { recordingLogger } from '../../unit/kube/recording-logger.ts';
import { Installation, until } from './installation.ts';

jest.setTimeout(120_000);

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const NAMES = KINDS.map((kind) => customResourceDefinition(kind).metadata.name);
const OBJECTS = '/apis/vpn.traidnet.io/v1alpha1';
const ROUTERS = 'routers.vpn.traidnet.io';

let installation: Installation;
let client: KubeClient;
/** Of somebody who may do no more than any user: a controller. */
let anybody: KubeClient;

beforeAll(async () => {
  installation = await Installation.start();
  client = installation.client('crds');
  anybody = installation.client('check');
}, 900_000);
afterAll(() => installation?.stop());

async function apply(): Promise<string[]> {
  const lines: string[] = [];
  await applyCrds(client, (line) => lines.push(line));
  return lines;
}
const removeAll = async (): Promise<void> => {
  for (const [i, name] of NAMES.entries()) {
    // The server lists what there is of a kind before it lets it go. While its watch cache of that kind is not ready,
    // which only a list makes it, it tries again after ever longer waits (Kubernetes PR 124642); and it begins all
    // caches of a group anew whenever one of its kinds goes.
    const objects = `${OBJECTS}/${KINDS[i]?.resource.plural}`;
    await until(`${name} can be listed`, async () => {
      const { status } = await installation.plane.request('GET', objects);
      return status === 200 || status === 404;
    });
    await installation.delete(`${CRDS}/${name}`);
    await until(`${name} is gone`, async () => (await installation.get(`${CRDS}/${name}`)) === undefined);
  }
};
const untilObstacle = async (sentence: RegExp | undefined): Promise<void> => {
  let said: string | undefined;
  await until(`the server publishes what makes for ${sentence}; it is ${said}`, async () => {
    said = await obstacle(anybody);
    return sentence === undefined ? said === undefined : sentence.test(said ?? '');
  });
};
/** Changes the schema of Routers as another version of the program would have it. */
async function change(edit: (spec: { properties: Record<string, unknown> }) => void): Promise<void> {
  const crd = await installation.get(`${CRDS}/${ROUTERS}`);
  edit(crd.spec.versions[0].schema.openAPIV3Schema.properties.spec);
  const { status } = await installation.plane.request('PUT', `${CRDS}/${ROUTERS}`, crd);
  expect(status).toBe(200);
}
const fieldsOfRouters = async (): Promise<string[]> => {
  const crd = await installation.get(`${CRDS}/${ROUTERS}`);
  return Object.keys(crd.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties);
};

describe('apply-crds, with the rights of its hook', () => {
  beforeEach(removeAll);

  test('installs every kind, whose objects are taken when it returns, and by no other name', async () => {
    expect(await apply()).toEqual(NAMES.map((name) => `${name}: installed`));
    const path = `${OBJECTS}/namespaces/default/routers`;
    const router = { apiVersion: 'vpn.traidnet.io/v1alpha1', kind: 'Router', metadata: { name: 'r1' } };
    const { status } = await installation.plane.request('POST', path, {
      ...router,
      spec: { tenant: 'acme' },
    });
    expect(status).toBe(201);
    expect(await installation.get(`${path}/r1`)).toMatchObject(router);
    const crd = await installation.get(`${CRDS}/${ROUTERS}`);
    const managers = crd.metadata.managedFields.filter(
      ({ operation }: { operation: string }) => operation === 'Apply',
    );
    expect(managers.map(({ manager }: { manager: string }) => manager)).toEqual(['tenant-tunnel-crds']);
  });

  test('changes nothing where all is so already', async () => {
    await apply();
    expect(await apply()).toEqual(NAMES.map((name) => `${name}: unchanged`));
  });

  test('brings an older kind to this version, also one that somebody else installed', async () => {
    installation.plane.kubectl(['create', '-f', `${process.cwd()}/crds`]);
    await change(({ properties }) => {
      delete properties.identity;
      // As a rule that this version has no more.
      properties.tenant = { ...(properties.tenant as object), description: 'Of another time.' };
    });
    const lines = await apply();
    expect(lines).toContain(`${ROUTERS}: brought to this version`);
    expect(await fieldsOfRouters()).toContain('identity');
    expect(await apply()).toContain(`${ROUTERS}: unchanged`);
    const crd = await installation.get(`${CRDS}/${ROUTERS}`);
    const own = KINDS.map(customResourceDefinition).find(({ metadata }) => metadata.name === ROUTERS);
    expect(crd.spec.versions).toEqual(own?.spec.versions);
  });

  test('leaves a newer kind as it is: its objects would lose what this version does not know', async () => {
    await apply();
    await change(({ properties }) => {
      properties.wavelength = { type: 'integer' };
    });
    expect(await apply()).toContain(
      `${ROUTERS}: newer than this program (it has spec.wavelength); left as it is`,
    );
    expect(await fieldsOfRouters()).toContain('wavelength');
  });
});

describe('a program on a server', () => {
  let stop: AbortController;
  beforeEach(async () => {
    stop = new AbortController();
    await removeAll();
  });
  // What still waits would wait for ever.
  afterEach(() => stop.abort());

  test('without the kinds says which, and how to install them', async () => {
    await untilObstacle(
      /^The kinds TunnelClass, TenantTunnel, Router, RouterProfile \(vpn\.traidnet\.io\/v1alpha1\) are not installed, their CRDs are missing: kubectl apply --server-side -f crds\/, or helm upgrade\.$/,
    );
    await apply();
    await untilObstacle(undefined);
    await installation.delete(`${CRDS}/${ROUTERS}`);
    await untilObstacle(
      /^The kind Router \(vpn\.traidnet\.io\/v1alpha1\) is not installed, its CRD is missing: /,
    );
  });

  test('with kinds that lack fields names the first of them', async () => {
    await apply();
    await change(({ properties }) => {
      for (const name of ['identity', 'suspended', 'subnets', 'profiles']) delete properties[name];
    });
    await untilObstacle(
      /^The CRD of Router is older than this program: it lacks spec\.\w+, spec\.\w+, spec\.\w+ and 1 more fields: kubectl apply --server-side --force-conflicts -f crds\//,
    );
  });

  test('with kinds that have more than it knows goes on', async () => {
    await apply();
    await change(({ properties }) => {
      properties.wavelength = { type: 'integer' };
    });
    await untilObstacle(undefined);
  });

  test('waits for them, says each reason once however often it looks, and goes on when they are there', async () => {
    const logger = recordingLogger();
    const prerequisites = new Prerequisites();
    const met = prerequisites.met(anybody, logger, stop.signal);
    await until('it says why', () => logger.lines.length > 0);
    expect(prerequisites.waitingFor()[0]).toMatch(/their CRDs are missing/);
    // Longer than two of its looks.
    await sleep(4_000);
    expect(logger.messages('warn')).toEqual([expect.stringMatching(/CRDs are missing.*Trying again\.$/)]);
    await apply();
    expect(await met).toBe(true);
    expect(prerequisites.waitingFor()).toEqual([]);
    expect(logger.messages('info')).toEqual(['The API server has all that is needed now.']);
  });

  test('that is told to stop meanwhile does so at once', async () => {
    const logger = recordingLogger();
    const met = new Prerequisites().met(anybody, logger, stop.signal);
    await until('it says why', () => logger.lines.length > 0);
    stop.abort();
    expect(await met).toBe(false);
  });
});
