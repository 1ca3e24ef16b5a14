import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Endpoints } from '../../../src/wireguard/endpoints/endpoints.ts';
import { renderRecord } from '../../../src/wireguard/endpoints/record.ts';
import { EndpointStore } from '../../../src/wireguard/endpoints/store.ts';
import { recordingLogger } from '../kube/recording-logger.ts';
import { keyOf } from './peers.ts';

const HERE = '203.0.113.7:51820';
const record = (writtenAt = 1_700_000_000) => ({
  writtenAt,
  peers: new Map([[keyOf(1), { endpoint: HERE, lastHandshake: writtenAt }]]),
});
const now = (): number => Math.floor(Date.now() / 1000);
const everybody = (): boolean => true;

describe('where peers were last seen, on the disk', () => {
  let parent: string;
  let folder: string;
  let store: EndpointStore;

  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'endpoints-'));
    folder = join(parent, 'endpoints');
    store = new EndpointStore(folder);
  });
  afterEach(() => rmSync(parent, { recursive: true }));

  test('is a file for each tunnel, for root alone, and nothing beside it', async () => {
    await Promise.all([store.save('wg0', record()), store.save('wg12', record(5))]);
    expect((await store.list()).toSorted()).toEqual(['wg0', 'wg12']);
    expect(await store.load('wg0')).toEqual(record());
    expect(await store.load('wg12')).toEqual(record(5));
    expect(readdirSync(folder).toSorted()).toEqual(['wg0.json', 'wg12.json']);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, 'wg0.json')).mode & 0o777).toBe(0o600);
  });

  test('is the last of many writings', async () => {
    await Promise.all(Array.from({ length: 50 }, (_, number) => store.save('wg0', record(number))));
    expect(await store.load('wg0')).toEqual(record(49));
  });

  test('goes with its tunnel, and the folder with the last of them', async () => {
    await store.save('wg0', record());
    await store.save('wg1', record());
    await store.remove('wg0');
    expect(readdirSync(folder)).toEqual(['wg1.json']);
    await store.remove('wg1');
    expect(readdirSync(parent)).toEqual([]);
    await store.remove('wg1');
    await store.save('wg0', record());
    expect(await store.load('wg0')).toEqual(record());
  });

  test('is nothing where there is no folder', async () => {
    expect(await store.list()).toEqual([]);
    expect(await store.load('wg0')).toBeUndefined();
    await store.remove('wg0');
  });

  test('takes no file for a record that is called otherwise, and one that a kill left half-written for one', async () => {
    mkdirSync(folder);
    for (const name of ['wg1.json', 'wg01.json', 'wg123456.json', 'eth0.json', 'wg2.json.new', 'wg3.json~']) {
      writeFileSync(join(folder, name), 'x');
    }
    expect((await store.list()).toSorted()).toEqual(['wg1', 'wg2']);
    await store.remove('wg2');
    expect(readdirSync(folder)).not.toContain('wg2.json.new');
  });

  const hostile: [what: string, put: (path: string) => void][] = [
    ['a folder', (path) => mkdirSync(path)],
    ['a pipe that nobody writes to', (path) => void spawnSync('mkfifo', [path])],
    ['a device without end', (path) => symlinkSync('/dev/zero', path)],
    ['a link to itself', (path) => symlinkSync(path, path)],
    ['an empty file', (path) => writeFileSync(path, '')],
    ['bytes that are no text', (path) => writeFileSync(path, Buffer.alloc(5000, 0xff))],
    [
      'a terabyte',
      (path) => {
        writeFileSync(path, '');
        truncateSync(path, 2 ** 40);
      },
    ],
  ];
  test.each(hostile)('is nothing where %s lies in its place', async (_, put) => {
    mkdirSync(folder);
    put(join(folder, 'wg0.json'));
    expect(await store.load('wg0')).toBeUndefined();
  });

  test('hinders nothing where it cannot be written: that is said once, and tried again until it can', async () => {
    const logger = recordingLogger();
    const endpoints = new Endpoints({ store, logger });
    // A file where the folder should be.
    writeFileSync(folder, '');
    const observation = { publicKey: keyOf(1), endpoint: HERE, lastHandshake: now(), rx: 0, tx: 0 };
    endpoints.note('wg0', observation);
    for (let round = 0; round < 5; round += 1) await endpoints.flush(true);
    await endpoints.forget('wg7');
    expect(logger.messages('warn')).toEqual([
      'The endpoints of peers cannot be written down; after a restart routers have to speak first.',
    ]);
    expect((await endpoints.recall('wg0', everybody)).endpoints.get(keyOf(1))).toBe(HERE);

    rmSync(folder);
    await endpoints.flush(true);
    expect(readFileSync(join(folder, 'wg0.json'), 'utf8')).toContain(HERE);

    // Another failure is another matter.
    rmSync(folder, { recursive: true });
    writeFileSync(folder, '');
    endpoints.note('wg0', { ...observation, endpoint: '203.0.113.8:1' });
    await endpoints.flush(true);
    expect(logger.messages('warn')).toHaveLength(2);
  });

  test('leaves no half of a record where the disk was full', async () => {
    mkdirSync(folder);
    // What is written there vanishes in a device that is always full.
    symlinkSync('/dev/full', join(folder, 'wg0.json.new'));
    await expect(store.save('wg0', record())).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(readdirSync(folder)).toEqual([]);
    expect(existsSync('/dev/full')).toBe(true);
  });

  test('is kept of a tunnel that is not there yet, as after a reboot, and not of one that is long gone', async () => {
    const endpoints = new Endpoints({ store, logger: recordingLogger() });
    await store.save('wg0', record(now() - 60));
    await store.save('wg1', record(now() - 7200));
    await store.save('wg2', record(now() - 7200));
    writeFileSync(join(folder, 'wg3.json'), 'x');
    writeFileSync(join(folder, 'wg4.json.new'), renderRecord(record(now())));
    await endpoints.prune(async (name) => name === 'wg2');
    expect((await store.list()).toSorted()).toEqual(['wg0', 'wg2']);
  });

  test('is kept of a tunnel that has just been made from it', async () => {
    const endpoints = new Endpoints({ store, logger: recordingLogger() });
    await store.save('wg0', record(now() - 7200));
    await endpoints.prune(async () => {
      expect((await endpoints.recall('wg0', everybody)).endpoints.size).toBe(1);
      return false;
    });
    expect(await store.list()).toEqual(['wg0']);
  });

  test('without a folder is remembered for as long as the sidecar lives', async () => {
    const endpoints = new Endpoints({ logger: recordingLogger() });
    endpoints.note('wg0', { publicKey: keyOf(1), endpoint: HERE, lastHandshake: now(), rx: 0, tx: 0 });
    await endpoints.flush(true);
    await endpoints.prune(async () => false);
    expect(await endpoints.recall('wg0', everybody)).toEqual({
      endpoints: new Map([[keyOf(1), HERE]]),
      speakers: [keyOf(1)],
    });
    await endpoints.forget('wg0');
    expect((await endpoints.recall('wg0', everybody)).endpoints.size).toBe(0);
  });
});
