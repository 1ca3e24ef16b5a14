/** What the script makes on a router carries these names and comments: by them it finds its own again. */
export const INTERFACE = 'tenant-tunnel';
/** Interfaces that are never up, and only hold a key each: the one that follows, and, while that is tried, the one before. */
export const NEXT_INTERFACE = 'tenant-tunnel-next';
export const FORMER_INTERFACE = 'tenant-tunnel-former';
export const USER_GROUP = 'tenant-tunnel';

/** Comments are matched whole, never by prefix: a customer's own "tenant-tunnel ..." stays theirs. */
export const COMMENT = {
  interface: 'tenant-tunnel: managed, do not edit',
  user: 'tenant-tunnel: management',
  apiRule: 'tenant-tunnel: API from the server',
  endpointRule: 'tenant-tunnel: WireGuard from the server',
  resolveAgain: 'tenant-tunnel: new address of the server',
  nextKey: 'tenant-tunnel: next key, do not edit',
  formerKey: 'tenant-tunnel: former key, do not edit',
} as const;

/**
 * Positive policies only: one word that a version does not know fails the whole list. `policy` is for giving the
 * user its next password, `test` for ping, `sensitive` because secrets otherwise read `*****`. With `policy` held,
 * a right that a later version needs can be added over the API, without pasting.
 */
export const POLICIES = ['api', 'policy', 'read', 'sensitive', 'test', 'write'] as const;
