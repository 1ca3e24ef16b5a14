import { BlockList } from 'node:net';

/** Ranges of the test internet: RFC 5737 (documentation) and RFC 2544 (benchmarks); none is ever routed. */
export const RANGES = ['198.51.100.0/24', '203.0.113.0/24', '198.18.0.0/15'] as const;
/** Where hosts with an address of their own get theirs, and where NAT routers get theirs. */
const PUBLIC_HOSTS = [RANGES[0]];
const NAT_ROUTERS = [RANGES[1], RANGES[2]];

export interface PublicAddress {
  address: string;
  prefixLength: number;
  /** The first address of its range, which the internet itself has. */
  gateway: string;
}

/** Hands out addresses, each once until its range has been gone through, so that a new one is really new. */
export class AddressPool {
  readonly #taken = new Set<string>();
  readonly #next = new Map<string, number>();

  /** An address that nobody has. @throws when the ranges are used up. */
  take(kind: 'host' | 'nat'): PublicAddress {
    for (const range of kind === 'host' ? PUBLIC_HOSTS : NAT_ROUTERS) {
      const { size } = parse(range);
      const from = this.#next.get(range) ?? 2;
      for (let step = 0; step < size - 3; step += 1) {
        const offset = 2 + ((from - 2 + step) % (size - 3));
        const found = at(range, offset);
        if (this.#taken.has(found.address)) continue;
        this.#next.set(range, offset + 1);
        this.#taken.add(found.address);
        return found;
      }
    }
    throw new Error(`The test internet has no ${kind} address left.`);
  }

  /** This very address. @throws when it is not of the test internet or somebody has it. */
  claim(address: string): PublicAddress {
    const range = RANGES.find((candidate) => contains(candidate, address));
    if (range === undefined)
      throw new Error(`${address} is not of the test internet (${RANGES.join(', ')}).`);
    if (this.#taken.has(address)) throw new Error(`${address} is already taken on the test internet.`);
    this.#taken.add(address);
    return { ...at(range, 1), address };
  }

  release(address: string): void {
    this.#taken.delete(address);
  }
}

/** `198.51.100.1/24` …: the addresses of the internet itself. */
export function gateways(): string[] {
  return RANGES.map((range) => `${at(range, 1).address}/${parse(range).prefixLength}`);
}

/** Those ranges of the test internet that this address of it is not in. */
export function rangesElsewhere(address: string): string[] {
  return RANGES.filter((range) => !contains(range, address));
}

/** Always the same for an address: one that comes back is no stranger to its neighbours. */
export function hardwareAddress(address: string): string {
  const octets = address.split('.').map((octet) => Number(octet).toString(16).padStart(2, '0'));
  return ['02', '00', ...octets].join(':');
}

function at(range: string, offset: number): PublicAddress {
  const { base, prefixLength } = parse(range);
  return { address: dotted(base + offset), prefixLength, gateway: dotted(base + 1) };
}

function parse(range: string): { base: number; prefixLength: number; size: number } {
  const [address = '', length = ''] = range.split('/');
  const base = address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
  return { base, prefixLength: Number(length), size: 2 ** (32 - Number(length)) };
}

function contains(range: string, address: string): boolean {
  const [base = '', length = ''] = range.split('/');
  const list = new BlockList();
  list.addSubnet(base, Number(length));
  return list.check(address);
}

function dotted(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}
