/**
 * Two gateway nodes, one control plane and an address that follows whichever node it is pointed at, as a floating IP of
 * a cloud does: what comes to it goes to that node, and what that node sends comes from it. Each agent has a network
 * of its own, as a pod has, so that it can be cut off while its node's WireGuard is still to be reached.
 */
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { API_VERSION, DEFAULT_CLASS_ANNOTATION } from '../../../src/api/index.ts';
import {
  AGENT_USER,
  CONTROLLER_USER,
  type ControlPlane,
  startControlPlane,
} from '../../testbed/control-plane.ts';
import {
  type OwnedDirectory,
  type OwnedProcess,
  ownedDirectory,
  spawnOwned,
} from '../../testbed/lifetime.ts';
import { inside, runInside } from '../../testbed/namespaces.ts';
import { createTestNetwork, type NetworkHost, type TestNetwork } from '../../testbed/network.ts';
import { createNode, type TestNode } from '../../testbed/node.ts';
import { waitFor } from '../../testbed/wait.ts';
import { Field, GROUP_PATH, type Plain } from '../field.ts';

const MAIN = join(import.meta.dirname, '..', '..', '..', 'src', 'main.ts');
/** The floating address: of the test internet, and of no host there. */
const FLOATING = '198.51.100.251';

type Part = 'sidecar' | 'agent';

/** One gateway node: its machine, and the two processes of its gateway pod. */
export class Gateway {
  readonly name: string;
  readonly node: TestNode;
  /** Where the agent runs. */
  readonly pod: NetworkHost;
  readonly #site: Site;
  readonly #running = new Map<Part, OwnedProcess>();
  #life = 0;

  constructor(site: Site, name: string, node: TestNode, pod: NetworkHost) {
    this.#site = site;
    this.name = name;
    this.node = node;
    this.pod = pod;
  }

  log(part: Part): string {
    return readFileSync(join(this.#site.directory.path, `${this.name}-${part}.log`), 'utf8');
  }

  async start(): Promise<void> {
    await this.startPart('sidecar');
    await this.startPart('agent');
  }

  async startPart(part: Part): Promise<void> {
    const { directory } = this.#site;
    const socket = join(directory.path, `${this.name}.sock`);
    const common = [MAIN, part, '--metrics-address', '127.0.0.1:0', '--log-level', 'debug'];
    const [command, ...args] =
      part === 'sidecar'
        ? this.node.enter(process.execPath, [
            ...common,
            '--socket',
            socket,
            '--state-dir',
            this.#stateFolder(),
          ])
        : inside(this.pod.netns, process.execPath, [
            ...common,
            '--sidecar-socket',
            socket,
            '--node-name',
            this.name,
            '--kubeconfig',
            this.#site.kubeconfig(AGENT_USER),
            '--peer-address',
            this.pod.address,
          ]);
    const running = await spawnOwned(directory.path, `${this.name}-${part}`, command, args);
    this.#running.set(part, running);
  }

  async kill(part: Part): Promise<void> {
    await this.#running.get(part)?.kill();
    this.#running.delete(part);
  }

  /** The power is cut: nothing of it is left, not even what the kernel had. */
  async loseNode(): Promise<void> {
    await Promise.all([this.kill('agent'), this.kill('sidecar')]);
    for (const pid of this.#wireguards()) process.kill(pid, 'SIGKILL');
    for (const name of await this.interfaces()) await this.node.exec('ip', ['netns', 'del', `tto-${name}`]);
    await this.node.exec('nft', ['flush', 'ruleset']);
  }

  /** wireguard-go of this node and of no other. */
  #wireguards(): number[] {
    const network = readlinkSync(`/proc/${this.node.pid}/ns/net`);
    return readdirSync('/proc')
      .filter((entry) => /^\d+$/.test(entry))
      .filter((pid) => {
        try {
          const isHere = readlinkSync(`/proc/${pid}/ns/net`) === network;
          return isHere && readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'wireguard-go';
        } catch {
          return false;
        }
      })
      .map(Number);
  }

  /** Cuts the agent off from everybody, or from one address alone; the node's own network goes on. */
  async cut(url?: string): Promise<void> {
    const rule = (direction: string): string =>
      url === undefined ? 'drop;' : `ip ${direction} ${new URL(url).hostname} drop;`;
    const table = `table inet cut {
  chain out { type filter hook output priority 0; ${rule('daddr')} }
  chain in { type filter hook input priority 0; ${rule('saddr')} }
}
`;
    await runInside(this.pod.netns, 'nft', ['-f', '-'], table);
  }

  /** Somebody takes the table away that keeps it silent; and again, as its agent puts it back. */
  async unfence(): Promise<void> {
    await this.kill('agent');
    await this.node.exec('sh', ['-c', 'nft delete table inet tenant_tunnel_hold || true']);
  }

  /** Seconds since the newest handshake of a tunnel on this node; for ever where there was none. */
  async handshakeAge(interfaceName: string): Promise<number> {
    const shown = await this.node
      .exec('nsenter', [
        `--net=/run/netns/tto-${interfaceName}`,
        'wg',
        'show',
        interfaceName,
        'latest-handshakes',
      ])
      .catch(() => '');
    const newest = Math.max(0, ...shown.split('\n').map((line) => Number(line.split('\t')[1] ?? 0)));
    return newest === 0 ? Number.POSITIVE_INFINITY : Date.now() / 1000 - newest;
  }

  async mend(): Promise<void> {
    await runInside(this.pod.netns, 'nft', ['delete', 'table', 'inet', 'cut']);
  }

  /** Interfaces that WireGuard has on the node. */
  async interfaces(): Promise<string[]> {
    const names = await this.node.exec('ip', ['-o', 'netns', 'list']);
    return [...names.matchAll(/tto-(wg\d+)/g)].map(([, name = '']) => name).sort();
  }

  /** The table by which it is silent. */
  async holdTable(): Promise<string> {
    return this.node.exec('sh', ['-c', 'nft list table inet tenant_tunnel_hold 2>/dev/null || true']);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#running.values()].map((one) => one.stop()));
    this.#running.clear();
  }

  #stateFolder(): string {
    // A node that was lost has lost its disk as well, or its own notes would help it where the other's must.
    return join(this.#site.directory.path, `${this.name}-state-${this.#life}`);
  }

  forgetDisk(): void {
    this.#life += 1;
  }
}

/** When each node was last and first seen to send a packet of a tunnel. */
export class Speakers {
  readonly #netns: string;
  readonly #names: readonly string[];
  readonly #spoke = new Map<string, number[]>();
  readonly #counts: number[] = [];
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;

  constructor(netns: string, names: readonly string[]) {
    this.#netns = netns;
    this.#names = names;
    this.#done = this.#watch();
  }

  /** Times at which it was seen to have sent, ms, monotonic. */
  timesOf(name: string): readonly number[] {
    return this.#spoke.get(name) ?? [];
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  async #watch(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const listed = await runInside(this.#netns, 'nft', ['list', 'table', 'ip', 'speakers']);
      const now = performance.now();
      const counts = [...listed.matchAll(/counter packets (\d+)/g)].map(([, packets]) => Number(packets));
      for (const [at, count] of counts.entries()) {
        const name = this.#names[at] ?? '';
        if (count > (this.#counts[at] ?? count)) this.#spoke.set(name, [...this.timesOf(name), now]);
        this.#counts[at] = count;
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

export class Site extends Field {
  readonly plane: ControlPlane;
  readonly directory: OwnedDirectory;
  readonly gateways: readonly Gateway[];
  readonly #undo: (() => Promise<void> | void)[];
  #controller: OwnedProcess | undefined;

  static async start(namespaces: readonly string[], classSpec: Plain = {}): Promise<Site> {
    const undo: (() => Promise<void> | void)[] = [];
    try {
      const network = await createTestNetwork('failover');
      undo.push(() => network.destroy());
      const home = await network.attach('control-plane');
      const plane = await startControlPlane({ host: home });
      undo.push(() => plane.stop());
      await plane.install();
      const directory = ownedDirectory('failover');
      undo.push(() => directory.remove());
      const site = new Site(plane, network, directory, undo);
      for (const name of ['gateway-1', 'gateway-2']) await site.#addGateway(name);
      await site.pointAt(site.gateway('gateway-1'));
      await site.startController();
      for (const gateway of site.gateways) await gateway.start();
      await site.create(`${GROUP_PATH}/tunnelclasses`, {
        apiVersion: API_VERSION,
        kind: 'TunnelClass',
        metadata: { name: 'standard', annotations: { [DEFAULT_CLASS_ANNOTATION]: 'true' } },
        spec: { endpoint: { host: FLOATING }, ...classSpec },
      });
      for (const name of namespaces) await site.createNamespace(name);
      return site;
    } catch (error) {
      for (const one of undo.reverse()) await one();
      throw error;
    }
  }

  private constructor(
    plane: ControlPlane,
    network: TestNetwork,
    directory: OwnedDirectory,
    undo: (() => Promise<void> | void)[],
  ) {
    super(plane, network);
    this.plane = plane;
    this.directory = directory;
    this.gateways = [];
    this.#undo = undo;
  }

  gateway(name: string | undefined): Gateway {
    const found = this.gateways.find((one) => one.name === name);
    if (found === undefined) throw new Error(`There is no gateway ${name}.`);
    return found;
  }

  other(gateway: Gateway): Gateway {
    return this.gateways.find((one) => one !== gateway) as Gateway;
  }

  /** By the network of the test, which a cut node loses. */
  kubeconfig(user: string): string {
    const path = join(this.directory.path, `${user}.kubeconfig`);
    const text = readFileSync(this.plane.kubeconfig(user), 'utf8');
    writeFileSync(path, text.replaceAll(this.plane.url, this.plane.clusterUrl));
    return path;
  }

  /** The floating address is this node's from now on. */
  async pointAt({ node }: Gateway): Promise<void> {
    const rules = `table ip floating
delete table ip floating
table ip floating {
  chain in { type filter hook prerouting priority raw; ip daddr ${FLOATING} ip daddr set ${node.address}; }
  chain out { type filter hook forward priority 0; ip saddr ${node.address} udp sport 51820-51999 ip saddr set ${FLOATING}; }
}
`;
    await runInside(this.network.name, 'nft', ['-f', '-'], rules);
  }

  /** Watches who sends WireGuard packets to the internet, looking ten times a second, until it is stopped. */
  async watchSpeakers(): Promise<Speakers> {
    const rules = this.gateways
      .map(({ node }) => `    ip saddr ${node.address} udp sport 51820-51999 counter\n`)
      .join('');
    const table = `table ip speakers
delete table ip speakers
table ip speakers {
  chain out { type filter hook forward priority -10;
${rules}  }
}
`;
    await runInside(this.network.name, 'nft', ['-f', '-'], table);
    return new Speakers(
      this.network.name,
      this.gateways.map(({ name }) => name),
    );
  }

  /** Each gateway says that it is fenced, so that the other may take over. */
  async untilFenced(): Promise<void> {
    // What a Lease says may be of an agent that is gone.
    const began = Date.now();
    const path = '/apis/coordination.k8s.io/v1/namespaces/tenant-tunnel-gateways/leases';
    await waitFor(
      'both gateways are fenced',
      async () => {
        const { items = [] } = (await this.plane.request('GET', path)).json();
        const fenced = items.filter(
          ({ metadata, spec }: { metadata: { annotations?: Plain }; spec: { renewTime: string } }) =>
            metadata.annotations?.['vpn.traidnet.io/fenced-after'] !== undefined &&
            Date.parse(spec.renewTime) > began + 2500,
        );
        return fenced.length === this.gateways.length;
      },
      60_000,
    );
  }

  async cordon({ name }: Gateway, unschedulable: boolean): Promise<void> {
    await this.plane.request(
      'PATCH',
      `/api/v1/nodes/${name}`,
      { spec: { unschedulable } },
      'application/merge-patch+json',
    );
  }

  log(): string {
    return readFileSync(join(this.directory.path, 'controller.log'), 'utf8');
  }

  override async stop(): Promise<void> {
    await super.stop();
    await Promise.all([this.#controller?.stop(), ...this.gateways.map((gateway) => gateway.stop())]);
    for (const one of this.#undo.splice(0).reverse()) await one();
  }

  async #addGateway(name: string): Promise<void> {
    const node = await createNode(this.network, name);
    this.#undo.push(() => node.destroy());
    const pod = await this.network.attach(`${name}-pod`);
    await runInside(pod.netns, 'ip', ['link', 'set', 'lo', 'up']);
    (this.gateways as Gateway[]).push(new Gateway(this, name, node, pod));
    await this.create('/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name } });
  }

  /** Starts the controller; as Kubernetes does, again when it has ended, which it does when it could not renew its Lease. */
  async startController(): Promise<void> {
    if (this.#controller !== undefined && this.#controller.ended() === null) return;
    const args = [MAIN, 'controller', '--metrics-address', '127.0.0.1:0'];
    this.#controller = await spawnOwned(this.directory.path, 'controller', process.execPath, [
      ...args,
      '--kubeconfig',
      this.plane.kubeconfig(CONTROLLER_USER),
    ]);
  }
}
