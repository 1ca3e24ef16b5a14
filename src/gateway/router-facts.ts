import { ROUTER_STATUS_LIMITS, type RouterInterface, type RouterStatus } from '../api/index.ts';
import type { RouterFacts } from '../routeros/index.ts';

/** What a router said, in the fields and within the bounds of its status. */
export function factsStatus(
  facts: RouterFacts,
): Pick<RouterStatus, 'model' | 'version' | 'serialNumber' | 'interfaces'> {
  const { fact, interfaceFact, interfaces } = ROUTER_STATUS_LIMITS;
  const model = facts.boardName || facts.model;
  return {
    ...(model && { model: cut(model, fact) }),
    ...(facts.version && { version: cut(facts.version, fact) }),
    ...(facts.serialNumber && { serialNumber: cut(facts.serialNumber, fact) }),
    interfaces: facts.interfaces.slice(0, interfaces).map(
      (one): RouterInterface => ({
        name: cut(one.name, interfaceFact),
        type: cut(one.type, interfaceFact),
        ...(one.macAddress !== undefined && { macAddress: cut(one.macAddress, interfaceFact) }),
        running: one.running,
        disabled: one.disabled,
      }),
    ),
  };
}

/** The API server counts characters as code points; cutting UTF-16 units never leaves more, nor half of a pair. */
function cut(text: string, length: number): string {
  return text.length <= length ? text : text.slice(0, length).toWellFormed();
}
