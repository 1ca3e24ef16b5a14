import type { RouterStatus } from '../api/index.ts';
import type { RouterFacts } from '../routeros/index.ts';

/** What a router said, in the fields of its status; readFacts has cut it to their bounds. */
export function factsStatus(
  facts: RouterFacts,
): Pick<RouterStatus, 'model' | 'version' | 'serialNumber' | 'interfaces'> {
  const model = facts.boardName || facts.model;
  return {
    ...(model && { model }),
    ...(facts.version && { version: facts.version }),
    ...(facts.serialNumber && { serialNumber: facts.serialNumber }),
    interfaces: facts.interfaces,
  };
}
