import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  accessObjectName,
  LABEL_GATEWAY,
  LABEL_PART,
  LABEL_TUNNEL,
  PEERS_KEY,
  peersObjectName,
  TUNNEL_KEY,
  tunnelObjectName,
} from '../../src/api/index.ts';
import { generateKeyPair, renderPeers, SidecarClient } from '../../src/wireguard/index.ts';
import { World } from '../../test/processes/world.ts';
import { InitiationRecord } from '../../test/testbed/initiation-record.ts';
import { GATEWAY_NAMESPACE } from '../../test/testbed/system.ts';
import { waitFor } from '../../test/testbed/wait.ts';
import { consumption } from '../machine.ts';
import { numbered } from '../manifests.ts';
import { percentile } from '../percentile.ts';
import type { Metrics } from '../results.ts';

/** Routers of a block, as the controller fills it. */
const BLOCK = 254;
/** The last one has room for peers that are added one by one. */
const LAST_BLOCK = 200;
const ADDED = 50;
const REST_SECONDS = 60;
const LOOK_MS = 5;

export interface CrowdOptions {
  /** Peers beside the routers. */
  peers: number;
  /** Simulated routers that connect, one after the other. */
  routers: number;
}

interface Member {
  namespace: string;
  name: string;
  uid: string;
  address: string;
  publicKey: string;
  allowedIPs: string[];
}

/**
 * The gateway's side of one very large tunnel: the real agent, sidecar and wireguard-go. The controller makes the tunnel and
 * the routers that connect; the crowd beside them is handed over by hand, and has no Router objects.
 */
export async function crowd({ peers, routers }: CrowdOptions, say: (line: string) => void): Promise<Metrics> {
  const world = await World.start({ namespaces: ['acme'] });
  const record = new InitiationRecord(world.system.node.pid);
  try {
    const names = numbered('router', routers);
    for (const name of names) await world.apply(`acme/${name}`);
    for (const name of names) await world.script(`acme/${name}`);
    const handedOver = () => peersOf(world, 1).then((text) => text.split('[Peer]').length > routers);
    await waitFor('all routers are handed over', handedOver);
    // What is written by hand from now on it would put right.
    await world.system.end('controller');
    const members = crowdOf(peers);
    const floor = await measureFloor(world, members);
    say(
      `bare: ${floor.setconfMs.toFixed(0)} ms for all, ${percentile(floor.setMs, 0.5).toFixed(1)} ms for one`,
    );
    const putMs = await measurePut(world, members);
    say(`the sidecar: ${putMs.toFixed(0)} ms for all`);
    const crowdMs = await handOver(world, members);
    say(`handed over, and on the interface after ${(crowdMs / 1000).toFixed(1)} s`);
    const added = await addOneByOne(world, members);
    const connected = await connect(world, record, names);
    say('all routers are Online; now at rest');
    const rest = await atRest(world);
    return {
      peers: members.length,
      floor: {
        setconfMs: floor.setconfMs,
        setP50Ms: percentile(floor.setMs, 0.5),
        setP99Ms: percentile(floor.setMs, 0.99),
      },
      fullSync: { putMs, ratio: putMs / floor.setconfMs, handoverToInterfaceMs: crowdMs },
      oneMore: {
        times: added.length,
        p50Ms: percentile(added, 0.5),
        p99Ms: percentile(added, 0.99),
        p50OverFloorMs: percentile(added, 0.5) - percentile(floor.setMs, 0.5),
        p99OverFloorMs: percentile(added, 0.99) - percentile(floor.setMs, 0.5),
      },
      connected,
      rest,
    };
  } finally {
    record.close();
    await world.stop();
  }
}

function crowdOf(count: number): Member[] {
  return Array.from({ length: count }, (_, index) => {
    const block = 2 + Math.floor(index / BLOCK);
    const address = `10.100.${block}.${1 + (index % BLOCK)}`;
    const name = `crowd-${index}`;
    const { publicKey } = generateKeyPair();
    return { namespace: 'acme', name, uid: name, address, publicKey, allowedIPs: [`${address}/32`] };
  });
}

/** What `wg` alone takes for the same peers on an interface of its own. */
async function measureFloor({ system }: World, members: readonly Member[]) {
  const { node } = system;
  await node.exec('wireguard-go', ['bare0']);
  const text = members
    .map(({ publicKey, address }) => `[Peer]\nPublicKey = ${publicKey}\nAllowedIPs = ${address}/32\n`)
    .join('');
  const { privateKey } = generateKeyPair();
  await node.exec(
    'sh',
    ['-c', 'cat > /run/netns/bare0.conf'],
    `[Interface]\nPrivateKey = ${privateKey}\n${text}`,
  );
  const began = performance.now();
  await node.exec('wg', ['setconf', 'bare0', '/run/netns/bare0.conf']);
  const setconfMs = performance.now() - began;
  const setMs: number[] = [];
  for (let index = 0; index < ADDED; index += 1) {
    const { publicKey } = generateKeyPair();
    const start = performance.now();
    await node.exec('wg', ['set', 'bare0', 'peer', publicKey, 'allowed-ips', `10.99.0.${index}/32`]);
    setMs.push(performance.now() - start);
  }
  await node.exec('sh', ['-c', 'ip link del bare0 && rm /run/netns/bare0.conf']);
  return { setconfMs, setMs };
}

/** What the sidecar takes for the same, with everything else that makes a tunnel. */
async function measurePut({ system }: World, members: readonly Member[]): Promise<number> {
  const client = new SidecarClient({ socketPath: system.sidecarSocket });
  const peers = members.map(({ publicKey, allowedIPs }) => ({ publicKey, allowedIPs }));
  const began = performance.now();
  await client.put({
    interfaceName: 'wg99',
    privateKey: generateKeyPair().privateKey,
    listenPort: 52_999,
    addresses: ['10.100.0.1/16'],
    mtu: 1420,
    peers,
  });
  const ms = performance.now() - began;
  await client.remove('wg99');
  return ms;
}

const secrets = `/api/v1/namespaces/${GATEWAY_NAMESPACE}/secrets`;
const configMaps = `/api/v1/namespaces/${GATEWAY_NAMESPACE}/configmaps`;

async function peersOf({ system }: World, block: number): Promise<string> {
  const answer = await system.plane.request('GET', `${configMaps}/${peersObjectName(0, block)}`);
  return answer.status === 200 ? (answer.json().data[PEERS_KEY] ?? '') : '';
}

function writePeers(world: World, block: number, members: readonly Member[]): Promise<void> {
  const data = { [PEERS_KEY]: renderPeers(members) };
  return write(world, { kind: 'ConfigMap', name: peersObjectName(0, block), part: 'peers', data });
}

/** Of routers that nobody logs in to. */
function writeAccess(world: World, block: number, members: readonly Member[]): Promise<void> {
  const login = Buffer.from(JSON.stringify({ user: 'nobody', password: 'none', apiPort: 8728 })).toString(
    'base64',
  );
  const data = Object.fromEntries(members.map(({ address }) => [address, login]));
  return write(world, { kind: 'Secret', name: accessObjectName(0, block), part: 'access', data });
}

async function write(
  { system }: World,
  { kind, name, part, data }: { kind: 'ConfigMap' | 'Secret'; name: string; part: string; data: object },
): Promise<void> {
  const labels = { [LABEL_GATEWAY]: system.nodeName, [LABEL_PART]: part, [LABEL_TUNNEL]: '0' };
  const body = { apiVersion: 'v1', kind, metadata: { name, labels }, data };
  const collection = kind === 'Secret' ? secrets : configMaps;
  const replaced = await system.plane.request('PUT', `${collection}/${name}`, body);
  const answer = replaced.status === 404 ? await system.plane.request('POST', collection, body) : replaced;
  if (answer.status >= 300) throw new Error(answer.text);
}

/** Hands the crowd over; from when the last object is written until the agent has it on the interface, ms. */
async function handOver(world: World, members: readonly Member[]): Promise<number> {
  const { plane } = world.system;
  const blocks = Math.ceil(members.length / BLOCK);
  for (let index = 0; index < blocks; index += 1) {
    const block = members.slice(index * BLOCK, (index + 1) * BLOCK);
    await writeAccess(world, 2 + index, block);
    await writePeers(world, 2 + index, index === blocks - 1 ? block.slice(0, LAST_BLOCK) : block);
  }
  const path = `${configMaps}/${tunnelObjectName(0)}`;
  const tunnel = (await plane.request('GET', path)).json();
  const handover = JSON.parse(tunnel.data[TUNNEL_KEY]);
  handover.blocks = Array.from({ length: blocks + 1 }, (_, index) => index + 1);
  tunnel.data[TUNNEL_KEY] = JSON.stringify(handover);
  const seen = changesOf(world).length;
  const began = performance.now();
  const answer = await plane.request('PUT', path, tunnel);
  if (answer.status >= 300) throw new Error(answer.text);
  await waitFor('the crowd is on the interface', () => changesOf(world).length > seen, 180_000);
  return performance.now() - began;
}

/** Unix ms at which the agent had changed a tunnel, one for each time. */
function changesOf({ system }: World): number[] {
  return system
    .log('agent')
    .split('\n')
    .filter((line) => line.includes('Changed a tunnel on the node.'))
    .map((line) => Date.parse((JSON.parse(line) as { time: string }).time));
}

/** From before its ConfigMap is written until it is on the interface, ms. */
async function addOneByOne(world: World, members: readonly Member[]): Promise<number[]> {
  const blocks = Math.ceil(members.length / BLOCK);
  const last = members.slice((blocks - 1) * BLOCK);
  const times: number[] = [];
  for (let count = LAST_BLOCK + 1; count <= Math.min(LAST_BLOCK + ADDED, last.length); count += 1) {
    const seen = changesOf(world).length;
    const began = Date.now();
    await writePeers(world, 1 + blocks, last.slice(0, count));
    await waitFor('one more peer', () => changesOf(world).length > seen);
    times.push((changesOf(world).at(-1) ?? Number.NaN) - began);
    await sleep(200 * Math.random());
  }
  return times;
}

/** Plugs in one router after the other, and pastes its script. */
async function connect(world: World, record: InitiationRecord, names: readonly string[]): Promise<Metrics> {
  const toConnected: number[] = [];
  const toOnline: number[] = [];
  for (const name of names) {
    const key = `acme/${name}`;
    const machine = await world.plugIn(key, '7.16.2');
    await sleep(3_000 * Math.random());
    record.take();
    let first: number | undefined;
    const watching = setInterval(() => {
      if (record.take().length > 0) first ??= performance.now();
    }, LOOK_MS);
    await world.paste(key, machine);
    await world.untilPhase(key, 'Online');
    clearInterval(watching);
    const at = (phases: RegExp): number =>
      world.history.firstTime(key, ({ status }) => phases.test(status?.phase ?? '')) ?? Number.NaN;
    toConnected.push(at(/VPNConnected|Configuring|Online/) - (first ?? Number.NaN));
    toOnline.push(at(/Online/) - (first ?? Number.NaN));
  }
  return {
    routers: names.length,
    handshakeToConnectedP50Ms: percentile(toConnected, 0.5),
    handshakeToConnectedP99Ms: percentile(toConnected, 0.99),
    handshakeToOnlineP50Ms: percentile(toOnline, 0.5),
    handshakeToOnlineP99Ms: percentile(toOnline, 0.99),
  };
}

/** Of the sidecar's own: others on this machine may have an interface of that name. */
function wireguardPid(sidecar: number, interfaceName: string): number {
  const children = readFileSync(`/proc/${sidecar}/task/${sidecar}/children`, 'utf8').trim().split(' ');
  const found = children.find((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, 'utf8').endsWith(`\0${interfaceName}\0`),
  );
  if (found === undefined) throw new Error(`The sidecar has no wireguard-go for ${interfaceName}.`);
  return Number(found);
}

/** Shares of a core, and what is resident. */
async function atRest({ system }: World): Promise<Metrics> {
  const pids = {
    agent: system.pid('agent'),
    sidecar: system.pid('sidecar'),
    wireguardGo: wireguardPid(system.pid('sidecar'), 'wg0'),
  };
  const look = () => Object.values(pids).map((pid) => consumption(pid));
  const before = look();
  await sleep(REST_SECONDS * 1000);
  const after = look();
  const names = Object.keys(pids);
  const used = names.map((name, index) => [
    name,
    {
      cpuShare: ((after[index]?.cpuSeconds ?? 0) - (before[index]?.cpuSeconds ?? 0)) / REST_SECONDS,
      residentMiB: after[index]?.residentMiB ?? Number.NaN,
    },
  ]);
  return { seconds: REST_SECONDS, ...Object.fromEntries(used) };
}
