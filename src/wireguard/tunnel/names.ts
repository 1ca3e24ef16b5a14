/** How the things that make up one tunnel are called on the node. */
export interface TunnelNames {
  /** `wg0`, inside its namespace. */
  interfaceName: string;
  /** `tto-wg0`: the namespace. */
  namespace: string;
  /** `/run/netns/tto-wg0`, where `ip netns` keeps it. */
  namespacePath: string;
}

export const NETNS_FOLDER = '/run/netns';
export const DEFAULT_PREFIX = 'tto-';

/** Interfaces are called so for a moment too (15 characters are the most, linux/if.h). */
export const isPrefix = (text: string): boolean => /^[a-z][a-z0-9-]{0,7}$/.test(text);

export const namesOf = (prefix: string, interfaceName: string): TunnelNames => ({
  interfaceName,
  namespace: `${prefix}${interfaceName}`,
  namespacePath: `${NETNS_FOLDER}/${prefix}${interfaceName}`,
});
