import { BlockList, isIP, isIPv4 } from 'node:net';
import type { Service, ServicesState } from '../protocol.ts';
import { integer, list, object, refuse } from '../protocol-request.ts';

/** As many as the CRD allows. */
const MAX_SERVICES = 32;
export const MAX_ENDPOINTS = 128;

/**
 * Where no service is: this node's own loopback, its neighbours by link (a cloud's metadata among them), and what is no
 * single host. The API server lets nobody write such an endpoint either; this is the second lock.
 */
const NOWHERE = new BlockList();
for (const [network, length] of [
  ['0.0.0.0', 8],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['224.0.0.0', 3],
] as const) {
  NOWHERE.addSubnet(network, length, 'ipv4');
}
for (const [network, length] of [
  // `::` and `::1` among them.
  ['::', 96],
  ['fe80::', 10],
  ['ff00::', 8],
] as const) {
  NOWHERE.addSubnet(network, length, 'ipv6');
}

/** Whether something may answer for a service under this address. */
export const isServiceAddress = (address: string): boolean =>
  isIP(address) !== 0 && !NOWHERE.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');

function endpoint(value: unknown, where: string): string {
  const text = typeof value === 'string' && value.length <= 64 ? value : '';
  const [, v6, v4, port] = /^(?:\[([0-9a-f:.]+)\]|([\d.]+)):([1-9]\d{0,4})$/i.exec(text) ?? [];
  const address = v6 ?? v4 ?? '';
  const isRight = isIP(address) === (v6 === undefined ? 4 : 6) && Number(port) <= 65_535;
  if (!isRight) refuse(`${where} must be an address and a port, e.g. 10.244.0.7:1812`);
  if (!isServiceAddress(address)) refuse(`${where} has ${address}, where no service can be`);
  return text;
}

function parseService(value: unknown, where: string): Service {
  const fields = object(value, where, ['protocol', 'port', 'endpoints', 'proxyProtocol']);
  const { protocol, proxyProtocol } = fields;
  if (protocol !== 'UDP' && protocol !== 'TCP') refuse(`${where}.protocol must be UDP or TCP`);
  if (proxyProtocol !== undefined && typeof proxyProtocol !== 'boolean') {
    refuse(`${where}.proxyProtocol must be true or false`);
  }
  const service: Service = { protocol, port: integer(fields.port, `${where}.port`, 1, 65_535) };
  if (proxyProtocol !== undefined) service.proxyProtocol = proxyProtocol;
  if (fields.endpoints !== undefined) {
    service.endpoints = list(fields.endpoints, `${where}.endpoints`, MAX_ENDPOINTS).map((entry, index) =>
      endpoint(entry, `${where}.endpoints[${index}]`),
    );
  }
  return service;
}

/** The body of `PUT /v1/tunnels/{interfaceName}/services`. Throws `InvalidRequest`. */
export function parseServices(value: unknown): ServicesState {
  const fields = object(value, 'The body', ['services', 'packetsPerSecond']);
  const services = list(fields.services, 'services', MAX_SERVICES).map((entry, index) =>
    parseService(entry, `services[${index}]`),
  );
  const ports = services.map(({ protocol, port }) => `${protocol} port ${port}`);
  const twice = ports.find((port, index) => ports.indexOf(port) !== index);
  if (twice !== undefined) refuse(`services has ${twice} twice`);
  if (fields.packetsPerSecond === undefined) return { services };
  return { services, packetsPerSecond: integer(fields.packetsPerSecond, 'packetsPerSecond', 1, 100_000) };
}
