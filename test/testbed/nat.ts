import type { AddressPool, PublicAddress } from './addresses.ts';
import { flushConnections } from './conntrack.ts';
import { DELAY_DEVICE, type Delay, startDelay } from './delay.ts';
import { ipBatch, runInside } from './namespaces.ts';
import type { Link } from './network-types.ts';

/** What the host's DHCP server would say. */
export const INSIDE_ADDRESS = { address: '192.168.1.2', gateway: '192.168.1.1', prefixLength: 24 };

/** As a home router has it: out with its own address, in only what belongs to something that went out. */
const MASQUERADE = `
table ip nat {
  chain postrouting {
    type nat hook postrouting priority srcnat
    oifname "wan" masquerade
  }
}
table ip filter {
  chain forward {
    type filter hook forward priority filter
    iifname "wan" ct state new,invalid drop
  }
}
`;

/** `arp_notify`: neighbours learn at once who has an address now. No reverse-path filter: delayed packets come back. */
const SETTINGS = [
  'net.ipv4.ip_forward=1',
  'net.ipv4.conf.all.arp_notify=1',
  'net.ipv4.conf.default.arp_notify=1',
  'net.ipv4.conf.all.rp_filter=0',
  'net.ipv4.conf.default.rp_filter=0',
];

interface Wiring {
  netns: string;
  /** Has its interface `wan` plugged in already. */
  natNetns: string;
  publicAddress: PublicAddress;
  pool: AddressPool;
}

/** The running NAT router of one host. */
export interface Uplink {
  publicAddress(): string;
  renumber(address?: string): Promise<string>;
  setLink(link: Link): Promise<void>;
  stop(): Promise<void>;
}

/** Configures a NAT router and the host behind it. */
export async function attachNatted(wiring: Wiring): Promise<Uplink> {
  const { netns, natNetns, pool } = wiring;
  let outside = wiring.publicAddress;
  let delay: Delay | undefined;
  await runInside(natNetns, 'sysctl', ['-q', '-w', ...SETTINGS]);
  await runInside(natNetns, 'nft', ['-f', '-'], MASQUERADE);
  await ipBatch(natNetns, [
    `link add lan type veth peer name ether1 netns ${netns}`,
    `addr add ${INSIDE_ADDRESS.gateway}/${INSIDE_ADDRESS.prefixLength} dev lan`,
    'link set lan up',
    ...wanUp(outside),
  ]);
  await ipBatch(netns, [
    `addr add ${INSIDE_ADDRESS.address}/${INSIDE_ADDRESS.prefixLength} dev ether1`,
    'link set ether1 up',
    `route add default via ${INSIDE_ADDRESS.gateway} dev ether1`,
  ]);
  return {
    publicAddress: () => outside.address,
    async renumber(address) {
      const next = address === undefined ? pool.take('nat') : pool.claim(address);
      await ipBatch(natNetns, ['link set wan down', 'addr flush dev wan']);
      // Left alone, the kernel goes on using the old address for known connections, until it gets round to them.
      flushConnections(natNetns);
      await ipBatch(natNetns, wanUp(next));
      pool.release(outside.address);
      outside = next;
      return next.address;
    },
    async setLink({ lossPercent = 0, delayMs = 0, up = true }: Link) {
      await runInside(natNetns, 'nft', ['-f', '-'], lossRules(lossPercent));
      await ipBatch(natNetns, [`link set lan ${up ? 'up' : 'down'}`]);
      if (delay !== undefined) await delay.stop();
      delay = delayMs > 0 ? await startDelay(natNetns, INSIDE_ADDRESS.address, delayMs) : undefined;
    },
    async stop() {
      await delay?.stop();
      delay = undefined;
    },
  };
}

function wanUp({ address, prefixLength, gateway }: PublicAddress): string[] {
  return [
    `addr add ${address}/${prefixLength} dev wan`,
    'link set wan up',
    `route replace default via ${gateway} dev wan`,
  ];
}

/** Loses packets on their way through; a table of its own, replaced as a whole. */
function lossRules(percent: number): string {
  if (!Number.isInteger(percent) || percent < 0 || percent > 100) {
    throw new Error(`lossPercent is ${percent}; it must be a whole number from 0 to 100.`);
  }
  // A packet that waits passes twice; nft has no "less than 100 of 100".
  const chance = percent === 100 ? '' : `numgen random mod 100 < ${percent} `;
  const lossRule = percent === 0 ? '' : `iifname != "${DELAY_DEVICE}" ${chance}drop`;
  return `table ip link {}\ndelete table ip link\ntable ip link {
  chain forward {
    type filter hook forward priority -10
    ${lossRule}
  }
}\n`;
}
