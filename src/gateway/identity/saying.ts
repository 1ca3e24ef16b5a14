/** What is said of who uses the key of a Router: the condition Unique, which is absent while there was never a doubt. */
import type { Router } from '../../api/index.ts';
import { findCondition } from '../../kube/index.ts';
import type { SaidCondition } from '../router-sayings.ts';
import type { RouterEvent } from '../router-write.ts';
import { aloneMessage, changedMessage, clonedMessage, type Finding, type Suspect } from './finding.ts';

/** What this process knows of it. */
export interface Identity {
  /** Where the peer is, `address:port`. */
  endpoint: string | undefined;
  /** Whose place another serial number took so lately that the two are taken to come by turns. */
  before: Suspect | undefined;
  finding: Finding | undefined;
}

export const NOTHING_KNOWN: Identity = { endpoint: undefined, before: undefined, finding: undefined };

export interface IdentitySaying {
  /** Absent: as it was. */
  condition: SaidCondition | undefined;
  event: RouterEvent | undefined;
  /** What a router says of itself is not written while two say it by turns. */
  keepsFacts: boolean;
  /** To be written instead. */
  serial: string | undefined;
}

const AS_IT_WAS: IdentitySaying = {
  condition: undefined,
  event: undefined,
  keepsFacts: false,
  serial: undefined,
};

/** @param serial what the router said just now, where it was asked */
export function identitySaying(
  router: Router,
  identity: Identity,
  serial: string | undefined,
): IdentitySaying {
  const said = findCondition(router.status?.conditions, 'Unique');
  const isCloned = said?.status === 'False';
  const { finding, before, endpoint } = identity;
  if (finding?.kind === 'Cloned') return isCloned ? KEEPING : cloned(router, finding);
  if (isCloned) return finding?.kind === 'Alone' ? alone(router, finding) : KEEPING;
  const known = router.status?.serialNumber;
  if (serial === undefined || known === undefined || serial === known) return AS_IT_WAS;
  const after = { serial, endpoint };
  if (before === undefined) return changed(router, { serial: known, endpoint: undefined }, after);
  return cloned(router, {
    kind: 'Cloned',
    by: 'turns',
    suspects: [{ ...before, serial: before.serial ?? known }, after],
  });
}

const KEEPING: IdentitySaying = { ...AS_IT_WAS, keepsFacts: true };

function cloned(router: Router, finding: Extract<Finding, { kind: 'Cloned' }>): IdentitySaying {
  const message = clonedMessage(finding);
  return {
    condition: condition(router, 'False', 'Cloned', message),
    event: { type: 'Warning', reason: 'RouterCloned', action: 'Identify', note: message },
    keepsFacts: true,
    serial: undefined,
  };
}

function changed(router: Router, before: Suspect, after: Suspect): IdentitySaying {
  const message = changedMessage(before, after);
  return {
    condition: condition(router, 'True', 'HardwareChanged', message),
    event: { type: 'Warning', reason: 'HardwareChanged', action: 'Identify', note: message },
    keepsFacts: false,
    serial: undefined,
  };
}

function alone(router: Router, { serial }: Extract<Finding, { kind: 'Alone' }>): IdentitySaying {
  return {
    condition: condition(router, 'True', 'OneRouter', aloneMessage(serial)),
    event: undefined,
    keepsFacts: false,
    serial,
  };
}

const condition = (
  router: Router,
  status: SaidCondition['status'],
  reason: SaidCondition['reason'],
  message: string,
): SaidCondition => ({
  type: 'Unique',
  status,
  reason,
  message,
  observedGeneration: router.metadata.generation,
});
