import type { Step } from './steps.ts';

/** What `ip -batch` in the tunnel's namespace is to be told for a step; undefined for a step of another kind. */
export function ipLines(interfaceName: string, step: Step): string[] | undefined {
  switch (step.do) {
    case 'loopbackUp':
      return ['link set lo up'];
    case 'setMtu':
      return [`link set ${interfaceName} mtu ${step.mtu}`];
    case 'addAddress':
      return [`addr add ${step.address} dev ${interfaceName}${step.address.includes(':') ? ' nodad' : ''}`];
    case 'removeAddress':
      return [`addr del ${step.address} dev ${interfaceName}`];
    case 'linkDown':
      return [`link set ${interfaceName} down`];
    case 'linkUp':
      return [`link set ${interfaceName} up`];
    case 'setRoutes':
      return [
        ...step.remove.map((route) => `route del ${route}`),
        ...step.add.map((route) => `route replace ${route} dev ${interfaceName} proto static`),
      ];
    default:
      return undefined;
  }
}

/**
 * Steps in their order, those together that one `ip` can do: to start a program takes this process longer than what
 * the program does.
 */
export function inBatches(interfaceName: string, steps: readonly Step[]): Step[][] {
  const batches: Step[][] = [];
  let isOpen = false;
  for (const step of steps) {
    const isOfIp = ipLines(interfaceName, step) !== undefined;
    if (isOfIp && isOpen) batches.at(-1)?.push(step);
    else batches.push([step]);
    isOpen = isOfIp;
  }
  return batches;
}
