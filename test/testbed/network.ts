import { AddressPool, gateways, hardwareAddress, type PublicAddress, rangesElsewhere } from './addresses.ts';
import { cleanUpOnExit } from './exit.ts';
import {
  addNamespace,
  ipBatch,
  nameNamespace,
  namespacesOf,
  newNetworkPrefix,
  removeNamespaces,
  removeOwn,
  runInside,
} from './namespaces.ts';
import { attachNatted, INSIDE_ADDRESS } from './nat.ts';
import type { NattedHost, NetworkHost, TestNetwork } from './network-types.ts';

export type { Link, NattedHost, NetworkHost, TestNetwork } from './network-types.ts';

/**
 * An internet of its own: a bridge in a network namespace, to which hosts are attached. It routes between its
 * ranges and to nowhere else. What processes that are dead left behind is removed first, and what this process
 * made when it exits.
 * @throws if the process is not root.
 */
export async function createTestNetwork(name: string): Promise<TestNetwork> {
  if (process.getuid?.() !== 0) {
    throw new Error(`The test network "${name}" needs root: it makes network namespaces. Run it as root.`);
  }
  const prefix = newNetworkPrefix();
  const forget = cleanUpOnExit(() => removeOwn(prefix));
  await addNamespace(prefix);
  await runInside(prefix, 'sysctl', ['-q', '-w', 'net.ipv4.ip_forward=1']);
  await ipBatch(prefix, [
    // Of its own accord a bridge takes its lowest port's address: with each new host the gateway's could change, and
    // everybody who had it in his neighbour table would lose packets for the 5 s until he asks again.
    'link add internet address 02:00:00:00:00:01 type bridge',
    ...gateways().map((address) => `addr add ${address} dev internet`),
    'link set internet up',
  ]);
  return new Network(prefix, forget);
}

class Network implements TestNetwork {
  readonly name: string;
  readonly hosts = new Map<string, string>();
  readonly #pool = new AddressPool();
  readonly #attached = new Map<string, NetworkHost>();
  readonly #forget: () => void;
  #ports = 0;

  constructor(name: string, forget: () => void) {
    this.name = name;
    this.#forget = forget;
  }

  async attach(name: string): Promise<NetworkHost> {
    const netns = this.#namespaceFor(name);
    await addNamespace(netns);
    return this.#plugIn(name, netns, this.#pool.take('host'), () => ['default']);
  }

  async attachMachine(name: string, pid: number, address?: string): Promise<NetworkHost> {
    const netns = this.#namespaceFor(name);
    await nameNamespace(netns, pid);
    const place = address === undefined ? this.#pool.take('host') : this.#pool.claim(address);
    return this.#plugIn(name, netns, place, rangesElsewhere);
  }

  async #plugIn(
    name: string,
    netns: string,
    { address, prefixLength, gateway }: PublicAddress,
    routes: (address: string) => string[],
  ): Promise<NetworkHost> {
    const port = this.#nextPort();
    await ipBatch(this.name, plug(port, 'ether1', netns));
    await ipBatch(netns, [
      `link set ether1 address ${hardwareAddress(address)}`,
      `addr add ${address}/${prefixLength} dev ether1`,
      'link set ether1 up',
      ...routes(address).map((range) => `route add ${range} via ${gateway} dev ether1`),
    ]);
    const release = async () => {
      this.#remove(name, [netns], address);
      // Who else holds the namespace would keep the cable in it.
      await ipBatch(this.name, [`link del ${port}`]).catch(() => undefined);
    };
    return this.#register({
      name,
      netns,
      address,
      prefixLength,
      gateway,
      interfaceName: 'ether1',
      ...detaching(release),
    });
  }

  async attachBehindNat(name: string): Promise<NattedHost> {
    const netns = this.#namespaceFor(name);
    const natNetns = `${netns}.nat`;
    const port = this.#nextPort();
    const publicAddress: PublicAddress = this.#pool.take('nat');
    await addNamespace(natNetns);
    await addNamespace(netns);
    await ipBatch(this.name, plug(port, 'wan', natNetns));
    const uplink = await attachNatted({ netns, natNetns, publicAddress, pool: this.#pool });
    const release = async () => {
      await uplink.stop();
      this.#remove(name, [netns, natNetns], uplink.publicAddress());
    };
    return this.#register({
      ...INSIDE_ADDRESS,
      name,
      netns,
      natNetns,
      interfaceName: 'ether1',
      get publicAddress() {
        return uplink.publicAddress();
      },
      renumber: uplink.renumber,
      setLink: uplink.setLink,
      ...detaching(release),
    });
  }

  async destroy(): Promise<void> {
    const ends = await Promise.allSettled([...this.#attached.values()].map((host) => host.detach()));
    removeNamespaces(namespacesOf(this.name));
    this.#forget();
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  #register<Host extends NetworkHost>(host: Host): Host {
    this.#attached.set(host.name, host);
    return host;
  }

  #remove(name: string, namespaces: string[], address: string): void {
    this.#attached.delete(name);
    removeNamespaces(namespaces);
    this.#pool.release(address);
  }

  #namespaceFor(name: string): string {
    if (!/^[a-z0-9]([a-z0-9.-]{0,62})$/.test(name)) {
      throw new Error(`"${name}" is no name for a host: use lower-case letters, digits, "." and "-".`);
    }
    const netns = `${this.name}-${name}`;
    if (namespacesOf(netns).includes(netns))
      throw new Error(`The test network already has a host "${name}".`);
    return netns;
  }

  #nextPort(): string {
    this.#ports += 1;
    return `port${this.#ports}`;
  }
}

/** Lines that put a cable between the bridge and an interface in a namespace. */
function plug(port: string, interfaceName: string, netns: string): string[] {
  return [
    `link add ${port} type veth peer name ${interfaceName} netns ${netns}`,
    `link set ${port} master internet up`,
  ];
}

/** What a host does once, whoever asks first; its guests clean up before it goes. */
function detaching(release: () => Promise<void>): Pick<NetworkHost, 'onDetach' | 'detach'> {
  const cleanups: (() => Promise<void>)[] = [];
  let detached: Promise<void> | undefined;
  const detach = async () => {
    try {
      for (const cleanup of cleanups.reverse()) await cleanup();
    } finally {
      await release();
    }
  };
  return {
    onDetach: (cleanup) => cleanups.push(cleanup),
    detach() {
      detached ??= detach();
      return detached;
    },
  };
}
