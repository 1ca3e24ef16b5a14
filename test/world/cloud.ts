import { type Service, services } from '../../src/kube/index.ts';
import type { ApiServer } from './api/server.ts';
import type { Timeline } from './timeline.ts';

/** How long a cloud takes to make a load balancer, ms. */
const MAKES_MS = 4_000;

/** Gives each Service of type LoadBalancer an address, and a port of each node, as a cloud does. */
export function cloud(server: ApiServer, timeline: Timeline): void {
  let made = 0;
  server.onChange(({ plural, key, before, after }) => {
    const service = after as Service | undefined;
    if (plural !== 'services' || before !== undefined || service?.spec?.type !== 'LoadBalancer') return;
    const address = `198.51.100.${(made++ % 250) + 1}`;
    timeline.after(MAKES_MS, () => {
      const current = server.peek(services, key);
      if (current === undefined || current.metadata.uid !== service.metadata.uid) return;
      const status = { loadBalancer: { ingress: [{ ip: address }] } };
      server.update(services, { ...current, status } as Service);
    });
  });
}
