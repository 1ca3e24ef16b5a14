/** Who and what a history is about, and what is done to it. */
import { QUARANTINE_SECONDS } from '../invariants/times.ts';
import { keyText } from '../secrets.ts';
import type { Deed } from '../steps.ts';
import type { Draw } from './draw.ts';

/** Few names, so that they meet. */
export const ROUTERS = ['a/r1', 'a/r2', 'a/r3', 'a/r4', 'b/r1', 'b/r5'];
export const TUNNELS = ['a/acme', 'a/beta', 'b/acme', 'a/other'];
export const TENANTS = ['acme', 'beta', 'cora'];
export const KEYS = [keyText('ownone'), keyText('owntwo')];
export const ADDRESSES = ['10.100.1.1', '10.100.1.2', '10.100.2.1', '10.100.3.9', '10.100.5.1', '10.100.0.9'];
export const SUBNETS = ['10.100.0.0/22', '10.100.4.0/22', '10.100.12.0/22', '10.200.0.0/23', '10.99.0.0/22'];
export const NETWORKS = [
  '192.168.88.0/24',
  '192.168.0.0/16',
  '192.168.88.128/25',
  '10.0.0.0/8',
  '172.16.0.0/24',
];
export const PORTS = [51_820, 51_822, 51_900];
export const NODES = ['n1', 'n2'];

export const CLASSES = {
  standard: { pools: [{ cidr: '10.100.0.0/20', prefixLength: 22 }], ports: { first: 51_820, last: 51_840 } },
  narrow: { pools: [{ cidr: '10.200.0.0/22', prefixLength: 23 }], ports: { first: 51_900, last: 51_901 } },
};

export function classDeed(name: keyof typeof CLASSES, isDefault: boolean, more: object = {}): Deed {
  const spec = {
    endpoint: { host: 'vpn.example.com' },
    quarantineSeconds: QUARANTINE_SECONDS,
    router: { ownKeys: true },
    ...CLASSES[name],
    ...more,
  };
  return { do: 'apply', kind: 'tunnelclasses', key: name, spec, isDefault };
}

export const router = (draw: Draw, more: object = {}, key = draw.pick(ROUTERS)): Deed => {
  const belongs =
    draw.belongings.get(key) ??
    draw.pick([
      { tenant: draw.pick(TENANTS) },
      { tenant: 'acme' },
      { tenant: 'acme' },
      { tunnelRef: { name: draw.pick(['acme', 'beta', 'other']), namespace: 'a' } },
    ]);
  draw.belongings.set(key, belongs);
  return { do: 'apply', kind: 'routers', key, spec: { ...belongs, ...more } };
};

export const tunnel = (draw: Draw, more: object = {}): Deed => {
  const key = draw.pick(TUNNELS);
  const tenant = key === 'a/other' ? { tenant: draw.pick(['cora', 'dune']) } : {};
  const allowed = draw.chance(0.7) ? { allowedNamespaces: ['*'] } : {};
  return { do: 'apply', kind: 'tenanttunnels', key, spec: { ...tenant, ...allowed, ...more } };
};

export const remove = (draw: Draw, kind: 'routers' | 'tenanttunnels'): Deed => {
  const key = draw.pick(kind === 'routers' ? ROUTERS : TUNNELS);
  draw.belongings.delete(key);
  return { do: 'delete', kind, key };
};
