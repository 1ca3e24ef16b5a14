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
