import type { Context, Values } from './configuration/definition.ts';
import type { Entry } from './configuration/store.ts';
import { INTERFACES } from './menus/interface.ts';
import { ADDRESSES, addressesChanged, DHCP_CLIENTS, ROUTES } from './menus/ip.ts';
import { netwatchMenu } from './menus/netwatch.ts';
import { SERVICES } from './menus/service.ts';
import { PEERS } from './menus/wireguard.ts';
import type { InterfaceFacts, Lease, PeerFacts, ServiceConnection } from './types.ts';
import { networkOf, parsePrefix } from './values/address.ts';
import { atLeast } from './version.ts';

const byId = (entries: readonly Entry[], id: string): Entry => {
  const found = entries.find((entry) => entry.id === id);
  if (!found) throw new RangeError(`no row ${id}`);
  return found;
};

/** @throws {RangeError} when the peer is gone. */
export function observePeer(id: string, facts: PeerFacts, context: Context): void {
  const entry = byId(context.configuration.entries(PEERS), id);
  entry.runtime = {
    rx: String(facts.rx),
    tx: String(facts.tx),
    ...(facts.lastHandshake === undefined ? {} : { 'handshake-at': String(facts.lastHandshake) }),
    ...(facts.currentEndpointAddress === undefined
      ? {}
      : { 'current-endpoint-address': facts.currentEndpointAddress }),
    ...(facts.currentEndpointPort === undefined
      ? {}
      : { 'current-endpoint-port': String(facts.currentEndpointPort) }),
  };
}

/** @throws {RangeError} when the entry is gone. */
export function observeNetwatch(id: string, status: 'up' | 'down', context: Context): void {
  byId(context.configuration.entries(netwatchMenu.path), id).runtime = { status };
}

export function observeInterface(name: string, facts: InterfaceFacts, context: Context): void {
  const entry = context.configuration.entries(INTERFACES).find((candidate) => candidate.values.name === name);
  if (!entry) throw new RangeError(`no interface ${name}`);
  entry.runtime = {
    running: String(facts.running),
    ...(facts.rxByte === undefined ? {} : { 'rx-byte': String(facts.rxByte) }),
    ...(facts.txByte === undefined ? {} : { 'tx-byte': String(facts.txByte) }),
  };
}

/** @throws {RangeError} when no DHCP client is on that interface. */
export function observeLease(interfaceName: string, lease: Lease | undefined, context: Context): void {
  const { configuration } = context;
  const client = configuration
    .entries(DHCP_CLIENTS)
    .find((entry) => entry.values.interface === interfaceName);
  if (!client) throw new RangeError(`no DHCP client on ${interfaceName}`);
  for (const store of [ADDRESSES, ROUTES]) {
    const mine = (entry: Entry) => entry.dynamic && entry.values['dhcp-client'] === client.id;
    for (const entry of configuration.entries(store).filter(mine)) configuration.remove(store, entry);
  }
  client.runtime = {};
  if (lease) {
    const prefix = parsePrefix(lease.address);
    if (prefix?.family !== 4) throw new RangeError(`"${lease.address}" is not an IPv4 address with a length`);
    client.runtime = { status: 'bound', address: lease.address, gateway: lease.gateway };
    const address: Values = {
      address: lease.address,
      network: networkOf(prefix),
      interface: interfaceName,
      'dhcp-client': client.id,
    };
    configuration.insert(ADDRESSES, address, { dynamic: true });
    const route: Values = {
      'dst-address': '0.0.0.0/0',
      gateway: lease.gateway,
      dhcp: 'true',
      'dhcp-client': client.id,
    };
    configuration.insert(ROUTES, route, { dynamic: true });
  }
  addressesChanged(context);
}

/** From 7.19 each open connection is a row of `/ip/service` under the service's name (ansible#372). */
export function observeConnections(connections: readonly ServiceConnection[], context: Context): void {
  const { configuration } = context;
  const entries = configuration.entries(SERVICES);
  for (const entry of entries.filter(({ dynamic }) => dynamic)) configuration.remove(SERVICES, entry);
  if (!atLeast(context.version, '7.19')) return;
  for (const { service, local, remote } of connections) {
    const port = entries.find((entry) => !entry.dynamic && entry.values.name === service)?.values.port ?? '';
    const values: Values = { name: service, port, proto: 'tcp', connection: 'true', local, remote };
    configuration.insert(SERVICES, values, { dynamic: true });
  }
}
