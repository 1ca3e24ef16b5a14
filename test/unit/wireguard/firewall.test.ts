import { parseCidr } from '../../../src/wireguard/ipv4.ts';
import { type FirewallInput, renderFirewall } from '../../../src/wireguard/tunnel/firewall.ts';

const networks = (...texts: string[]) => texts.flatMap((text) => parseCidr(text) ?? []);
const render = (changes: Partial<FirewallInput> = {}): string =>
  renderFirewall({
    interfaceName: 'wg7',
    addresses: networks('10.100.0.1/16'),
    routerToRouter: 'Allow',
    mtu: 1420,
    ...changes,
  });

describe('the rules of a tunnel', () => {
  test('are these', () =>
    expect(render()).toBe(`table inet tenant_tunnel {
	chain prerouting {
		type filter hook prerouting priority raw; policy accept;
		iifname "wg7" ip daddr != 10.100.0.1 notrack
		iifname "wg7" icmp type echo-request notrack
	}

	chain input {
		type filter hook input priority filter; policy drop;
		icmp type redirect drop
		ct state established,related accept
		iifname "lo" accept
		iifname "wg7" ip saddr 10.100.0.0/16 ip daddr 10.100.0.1 icmp type echo-request accept
	}

	chain forward {
		type filter hook forward priority filter; policy drop;
		iifname "wg7" oifname "wg7" accept
	}

	chain postrouting {
		type filter hook postrouting priority mangle; policy accept;
		tcp flags syn tcp option maxseg size set 1380
	}
}
`));

  test('forward nothing where routers are not to reach each other, and differ in nothing else', () => {
    const denied = render({ routerToRouter: 'Deny' });
    expect(denied).not.toContain('oifname');
    expect(denied).toBe(render().replace('\t\tiifname "wg7" oifname "wg7" accept\n', ''));
  });

  test('hold segments to the MTU', () => expect(render({ mtu: 1280 })).toContain('maxseg size set 1240\n'));

  test('say the same of IPv6 where the tunnel has that, and nothing of it elsewhere', () => {
    expect(render({ addresses6: ['fd12:3456:789a:7::1'] })).toBe(`table inet tenant_tunnel {
	chain prerouting {
		type filter hook prerouting priority raw; policy accept;
		iifname "wg7" ip daddr != 10.100.0.1 notrack
		iifname "wg7" icmp type echo-request notrack
		iifname "wg7" ip6 daddr != fd12:3456:789a:7::1 notrack
		iifname "wg7" icmpv6 type echo-request notrack
	}

	chain input {
		type filter hook input priority filter; policy drop;
		icmp type redirect drop
		icmpv6 type nd-redirect drop
		ct state established,related accept
		iifname "lo" accept
		iifname "wg7" ip saddr 10.100.0.0/16 ip daddr 10.100.0.1 icmp type echo-request accept
		iifname "wg7" ip6 saddr fd12:3456:789a:7::/64 ip6 daddr fd12:3456:789a:7::1 icmpv6 type echo-request accept
	}

	chain forward {
		type filter hook forward priority filter; policy drop;
		iifname "wg7" oifname "wg7" accept
	}

	chain postrouting {
		type filter hook postrouting priority mangle; policy accept;
		tcp flags syn tcp option maxseg size set 1380
		meta nfproto ipv6 tcp flags syn tcp option maxseg size set 1360
	}
}
`);
    expect(render({ addresses6: [] })).toBe(render());
  });

  test('are the same text for the same addresses in any order', () => {
    const texts = ['10.200.0.1/24', '9.100.0.1/16', '10.100.0.1/16', '10.100.0.1/20'];
    const one = render({ addresses: networks(...texts) });
    expect(render({ addresses: networks(...texts.toReversed()) })).toBe(one);
    expect(one).toContain('ip daddr != { 9.100.0.1, 10.100.0.1, 10.200.0.1 } notrack');
    expect(one.match(/echo-request accept/g)).toHaveLength(4);
  });
});
