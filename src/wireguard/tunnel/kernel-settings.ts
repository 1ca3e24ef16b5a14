import { existsSync } from 'node:fs';

/** A value under /proc/sys of the tunnel's namespace. */
export interface KernelSetting {
  path: string;
  value: string;
}

/**
 * What the kernel is told in each tunnel's namespace, in this order, before there is an interface that would copy the
 * defaults. Routers reach each other through the server (ip_forward) without being redirected past it; replacing the
 * server's address keeps the others of its subnet (promote_secondaries); IPv6 is off. A namespace begins with the values of
 * the machine itself (devconf_inherit_init_net), where kube-proxy may have turned route_localnet on.
 */
export const KERNEL_SETTINGS: readonly KernelSetting[] = [
  { path: 'net/ipv4/ip_forward', value: '1' },
  ...['all', 'default'].flatMap((scope) => [
    { path: `net/ipv4/conf/${scope}/send_redirects`, value: '0' },
    { path: `net/ipv4/conf/${scope}/accept_redirects`, value: '0' },
    { path: `net/ipv4/conf/${scope}/accept_source_route`, value: '0' },
    { path: `net/ipv4/conf/${scope}/route_localnet`, value: '0' },
  ]),
  { path: 'net/ipv4/conf/all/promote_secondaries', value: '1' },
  { path: 'net/ipv6/conf/all/disable_ipv6', value: '1' },
  { path: 'net/ipv6/conf/default/disable_ipv6', value: '1' },
];

export const isOfIPv6 = (path: string): boolean => path.startsWith('net/ipv6/');

/**
 * The same for a tunnel that carries IPv6. No interface makes itself a link-local address (addr_gen_mode 1, none), so that
 * nothing is there for neighbours to talk to and the kernel has no address to send redirects from; none listens to router
 * advertisements, redirects or source routes; an interface that goes down and comes up again keeps its address. What `all`
 * is set to, the kernel sets for the interfaces that there are as well, but for accept_ra and accept_redirects, which
 * forwarding takes the meaning from.
 */
export const KERNEL_SETTINGS_6: readonly KernelSetting[] = [
  ...KERNEL_SETTINGS.filter(({ path }) => !isOfIPv6(path)),
  ...['all', 'default'].flatMap((scope) => [
    { path: `net/ipv6/conf/${scope}/addr_gen_mode`, value: '1' },
    { path: `net/ipv6/conf/${scope}/accept_ra`, value: '0' },
    { path: `net/ipv6/conf/${scope}/accept_redirects`, value: '0' },
    { path: `net/ipv6/conf/${scope}/accept_source_route`, value: '-1' },
    { path: `net/ipv6/conf/${scope}/keep_addr_on_down`, value: '1' },
    { path: `net/ipv6/conf/${scope}/forwarding`, value: '1' },
  ]),
  { path: 'net/ipv6/conf/all/disable_ipv6', value: '0' },
  { path: 'net/ipv6/conf/default/disable_ipv6', value: '0' },
];

/** Whether this kernel has IPv6 at all: booted without, it has no such settings, and refuses every such address. */
export const hasIPv6 = (): boolean => existsSync('/proc/sys/net/ipv6/conf/all/disable_ipv6');
