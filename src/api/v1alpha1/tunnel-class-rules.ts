import type { Rule } from '../schema/schema.ts';

/**
 * Shrinking is refused while something lives there, as far as the class's own status tells: rules of the whole object,
 * since only it has spec and status. A change alone is judged, so that any status can be written.
 */

/** Rows of the status whose tunnels no pool would hold any more; one pool must hold them all, and so what lies between. */
const LOST = [
  'oldSelf.status.pools.filter(row, row.tunnels > 0 && has(row.first) && has(row.last)',
  '&& !self.spec.pools.exists(pool, pool.prefixLength == row.prefixLength && isCIDR(pool.cidr)',
  '&& cidr(pool.cidr).containsCIDR(row.first) && cidr(pool.cidr).containsCIDR(row.last)))',
].join(' ');

const THEN =
  'spec.exclude keeps new tunnels off them, and when the last is deleted and its quarantine over, the pool can go';

const pools: Rule = {
  rule: `self.spec.pools == oldSelf.spec.pools || !has(oldSelf.status) || !has(oldSelf.status.pools) || ${LOST}.size() == 0`,
  message: `keep a pool that holds the subnets which tunnels have, with the same prefixLength; ${THEN}`,
  messageExpression: `${LOST}.map(row, 'pool %s is in use (tunnels: %d, subnets: %s to %s): keep one pool with prefixLength %d that holds these; ${THEN}'.format([row.cidr, row.tunnels, row.first, row.last, row.prefixLength]))[0]`,
  reason: 'FieldValueForbidden',
  fieldPath: '.spec.pools',
};

const ports: Rule = {
  rule: [
    'self.spec.ports == oldSelf.spec.ports || !has(oldSelf.status) || !has(oldSelf.status.ports)',
    '!has(oldSelf.status.ports.first) || !has(oldSelf.status.ports.last)',
    '(self.spec.ports.first <= oldSelf.status.ports.first && self.spec.ports.last >= oldSelf.status.ports.last)',
  ].join(' || '),
  message: 'keep the ports which tunnels have inside of the range; a range may grow at both ends',
  messageExpression:
    "'ports %d to %d are in use by tunnels: keep these inside of the range, which may grow at both ends'.format([oldSelf.status.ports.first, oldSelf.status.ports.last])",
  reason: 'FieldValueForbidden',
  fieldPath: '.spec.ports',
};

const subnetAssignment: Rule = {
  rule: [
    "self.spec.subnetAssignment == 'Equal' || oldSelf.spec.subnetAssignment == 'Distinct'",
    '!has(oldSelf.status) || !has(oldSelf.status.pools)',
    'oldSelf.status.pools.all(row, row.tunnels == 0)',
  ].join(' || '),
  message:
    'keep Equal while the class has tunnels: they keep the subnets that they share; create another class for tunnels with subnets of their own',
  reason: 'FieldValueForbidden',
  fieldPath: '.spec.subnetAssignment',
};

export const tunnelClassRules: readonly Rule[] = [pools, ports, subnetAssignment];
