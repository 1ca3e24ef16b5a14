import { portsIn, renderHold, renderWord } from '../../../src/wireguard/hold/table.ts';

test('the word falls by itself, and with it all packets of the ports, both ways', () => {
  const text = renderHold({ silentAfterMs: 5500.4, ports: [51_821, 51_820], fenced: [51_821] });
  expect(text).toContain('elements = { 51820, 51821 }');
  expect(text).toContain('udp dport @ports meta l4proto != @word drop');
  expect(text).toContain('udp sport @ports meta l4proto != @word drop');
  expect(text).toContain('udp dport @fenced drop');
  expect(text).toContain('add element inet tenant_tunnel_hold word { udp timeout 5500ms }');
  // Whatever was there under the name goes in the same transaction.
  expect(text.startsWith('table inet tenant_tunnel_hold\ndelete table inet tenant_tunnel_hold\n')).toBe(true);
});

// Of a set by `type` nft 1.1.3 writes what nft 1.0.6 dies of when it lists anything, and with it a kube-proxy on the node.
test('no set is declared by its type', () => {
  expect(renderHold({ silentAfterMs: 5500, ports: [51_820], fenced: [] })).not.toMatch(
    /^\s*type (?!filter hook)/m,
  );
});

test('without a time only what another node has is silent', () => {
  const text = renderHold({ silentAfterMs: null, ports: [51_820, 51_821], fenced: [51_821] });
  expect(text).not.toContain('@word');
  expect(text).toContain('udp sport @fenced drop');
});

test('a time that is over is no word', () => {
  expect(renderHold({ silentAfterMs: 0, ports: [51_820], fenced: [] })).not.toContain('add element');
  expect(renderWord(0)).toBe('flush set inet tenant_tunnel_hold word\n');
});

test('ports of a table that is there are read back', () => {
  const listed = `table inet tenant_tunnel_hold {
	set ports {
		typeof udp dport
		elements = { 51820, 51821,
			     51999 }
	}
}
`;
  expect(portsIn(listed)).toEqual([51_820, 51_821, 51_999]);
  expect(portsIn('table inet tenant_tunnel_hold {\n\tset ports {\n\t\ttype inet_service\n\t}\n}\n')).toEqual(
    [],
  );
});
