/** Names that a client writes for a router: told apart without asking anybody, and legal as host names everywhere. */
import { Refusal } from './refusal.ts';

/** `ROUTER.NAMESPACE.router` or `ADDRESS.TENANT.tenant`, with a port. */
export type Target =
  | { readonly by: 'name'; readonly namespace: string; readonly name: string; readonly port: number }
  | { readonly by: 'address'; readonly address: string; readonly tenant: string; readonly port: number };

/** RFC 1035 §2.3.4, without the trailing dot. */
const MAX_NAME = 253;
const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const OCTET = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const BY_NAME = new RegExp(
  `^((?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?[.])*[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)[.](${LABEL})[.]router$`,
);
const BY_ADDRESS = new RegExp(`^(${OCTET}(?:[.]${OCTET}){3})[.](${LABEL})[.]tenant$`);

const FORMS =
  'write ROUTER.NAMESPACE.router or ADDRESS.TENANT.tenant, for example branch-1.acme.router or 10.100.1.1.acme.tenant';

/** @throws Refusal 400 */
export function parseHost(text: string, port: number): Target {
  const host = text.toLowerCase().replace(/[.]$/, '');
  if (host.length > MAX_NAME) throw new Refusal(400, `The name of the router is too long: ${FORMS}.`);
  const [, address, tenant] = BY_ADDRESS.exec(host) ?? [];
  if (address !== undefined && tenant !== undefined) return { by: 'address', address, tenant, port };
  const [, name, namespace] = BY_NAME.exec(host) ?? [];
  if (name !== undefined && namespace !== undefined) return { by: 'name', namespace, name, port };
  throw new Refusal(400, `That is no name of a router: ${FORMS}.`);
}

/** What stands behind CONNECT: `host:port`. @throws Refusal 400 */
export function parseAuthority(text: string): Target {
  const at = text.lastIndexOf(':');
  const digits = text.slice(at + 1);
  const port = Number(digits);
  if (at < 1 || !/^[1-9]\d{0,4}$/.test(digits) || port > 65_535) {
    throw new Refusal(
      400,
      `Behind CONNECT stands no name with a port from 1 to 65535: ${FORMS}, then a colon and the port.`,
    );
  }
  return parseHost(text.slice(0, at), port);
}

/** What a plain proxy is asked for: `http://host[:port]/path`. @throws Refusal 400 */
export function parseUrl(text: string): { target: Target; path: string; host: string } {
  const match = /^http:\/\/([^/?#]*)([^#]*)/i.exec(text);
  if (match === null) {
    const what = /^https:/i.test(text) ? 'HTTPS goes by CONNECT' : 'This is a proxy, and no server';
    throw new Refusal(400, `${what}: see docs/relay.md for what to write.`);
  }
  const [, host = '', rest = ''] = match;
  const [name = '', digits] = host.split(/:(?=[^:]*$)/);
  const target = digits === undefined || digits === '' ? parseHost(name, 80) : parseAuthority(host);
  return { target, path: rest.startsWith('/') ? rest : `/${rest}`, host };
}

/** As it was written, in its plain form: what the next relay is asked for. */
export function authorityOf(target: Target): string {
  return target.by === 'name'
    ? `${target.name}.${target.namespace}.router:${target.port}`
    : `${target.address}.${target.tenant}.tenant:${target.port}`;
}
