import { rowCommands } from '../configuration/commands.ts';
import type { Context, Menu, Values } from '../configuration/definition.ts';
import type { Entry } from '../configuration/store.ts';
import { RouterOsTrap } from '../trap.ts';
import { overlap, parsePrefix } from '../values/address.ts';
import { privateKeyFrom, publicKeyOf } from '../values/key.ts';
import { bool, host, integer, key, listOf, name, prefix, text, time } from '../values/types.ts';
import { atLeast } from '../version.ts';
import { freeName, INTERFACES, refuseTakenName } from './interface.ts';
import { isIpv6Off } from './ipv6.ts';
import { comment, disabled, invalid } from './shared-properties.ts';

export const PEERS = '/interface/wireguard/peers';

/** Ports that a router picks when none is named are random (ansible's _api_data.py: "set it"). */
const randomPort = (context: Context): string => {
  const [high = 0, low = 0] = context.random(2);
  return String(10_000 + ((high * 256 + low) % 50_000));
};

export const wireguardMenu: Menu = {
  path: '/interface/wireguard',
  kind: 'rows',
  dynamicFlag: 'none',
  named: true,
  store: INTERFACES,
  filter: { property: 'type', value: 'wg' },
  commands: rowCommands('add', 'set', 'remove', 'enable', 'disable', 'comment'),
  properties: [
    { name: 'name', type: name },
    { name: 'mtu', type: integer(0, 65536), default: '1420' },
    { name: 'listen-port', type: integer(0, 65535) },
    { name: 'private-key', type: key, secret: 'masked' },
    { name: 'public-key', type: text, readOnly: true },
    { name: 'vrf', type: text, default: 'main', since: '7.21' },
    { name: 'running', type: bool, readOnly: true, default: 'false' },
    disabled,
    comment,
  ],
  rules: {
    add: (values, context) => {
      values.name ||= freeName('wireguard', context);
      refuseTakenName(values, context);
      values['listen-port'] ||= randomPort(context);
      values['private-key'] ||= privateKeyFrom(context.random(32));
    },
    set: (entry, changes, context) => {
      if (changes.name !== undefined) refuseTakenName(changes, context, entry.values.name);
      if (changes['private-key'] === '') changes['private-key'] = privateKeyFrom(context.random(32));
      if (changes['listen-port'] === '') changes['listen-port'] = randomPort(context);
    },
    computed: (entry) => ({
      'public-key': publicKeyOf(entry.values['private-key'] ?? ''),
      running: String(entry.values.disabled !== 'true'),
    }),
  },
};

const prefixes = (values: Values) =>
  (values['allowed-address'] ?? '').split(',').flatMap((word) => parsePrefix(word) ?? []);

/**
 * One device refuses a second peer with a known public key, whatever its interface ("failure: entry already
 * exists", forum), and allowed addresses that overlap on one interface (manual; this refusal's text is unsure).
 */
function refuseClash(values: Values, context: Context, own?: Entry): void {
  for (const peer of context.configuration.entries(PEERS)) {
    if (peer === own) continue;
    if (peer.values['public-key'] === values['public-key']) {
      throw new RouterOsTrap('failure: entry already exists', 4);
    }
    if (peer.values.interface !== values.interface) continue;
    const others = prefixes(peer.values);
    if (prefixes(values).some((one) => others.some((other) => overlap(one, other)))) {
      throw new RouterOsTrap('failure: allowed-address overlaps with another peer', 4);
    }
  }
}

function freePeerName(context: Context): string {
  const taken = new Set(context.configuration.entries(PEERS).map((peer) => peer.values.name));
  for (let count = 1; ; count++) if (!taken.has(`peer${count}`)) return `peer${count}`;
}

export const peersMenu: Menu = {
  path: PEERS,
  kind: 'rows',
  ordered: true,
  commands: rowCommands('add-ordered', 'set', 'remove', 'enable', 'disable', 'comment', 'move'),
  properties: [
    { name: 'interface', type: name, required: true, reference: INTERFACES },
    { name: 'name', type: name, since: '7.15' },
    { name: 'public-key', type: key },
    { name: 'private-key', type: key, since: '7.12', secret: 'masked' },
    { name: 'endpoint-address', type: host, default: '' },
    { name: 'endpoint-port', type: integer(0, 65535), default: '0' },
    { name: 'current-endpoint-address', type: text, readOnly: true, default: '' },
    { name: 'current-endpoint-port', type: integer(0, 65535), readOnly: true, default: '0' },
    { name: 'allowed-address', type: listOf(prefix), required: true },
    { name: 'preshared-key', type: key, secret: 'masked' },
    { name: 'persistent-keepalive', type: time },
    { name: 'is-responder', type: bool, since: '7.15', until: '7.17', default: 'false' },
    { name: 'responder', type: bool, since: '7.17', default: 'false' },
    { name: 'client-address', type: listOf(prefix), since: '7.12' },
    { name: 'client-allowed-address', type: listOf(prefix), since: '7.21' },
    { name: 'client-dns', type: text, since: '7.12' },
    { name: 'client-endpoint', type: host, since: '7.12' },
    { name: 'client-keepalive', type: time, since: '7.12' },
    { name: 'client-listen-port', type: integer(0, 65535), since: '7.12' },
    { name: 'last-handshake', type: time, readOnly: true },
    { name: 'rx', type: integer(0, Number.MAX_SAFE_INTEGER), readOnly: true, default: '0' },
    { name: 'tx', type: integer(0, Number.MAX_SAFE_INTEGER), readOnly: true, default: '0' },
    disabled,
    invalid,
    comment,
  ],
  rules: {
    add: (values, context) => {
      if (!values['public-key'] && values['private-key'])
        values['public-key'] = publicKeyOf(values['private-key']);
      if (!values['public-key']) throw new RouterOsTrap('missing value(s) of argument(s) public-key', 1);
      if (atLeast(context.version, '7.15')) values.name ||= freePeerName(context);
      refuseWrongInterface(values, context);
      refuseIpv6(values, context);
      refuseClash(values, context);
    },
    set: (entry, changes, context) => {
      if (changes['public-key'] === '') throw new RouterOsTrap('failure: invalid public key', 4);
      const values = { ...entry.values, ...changes };
      refuseWrongInterface(values, context);
      refuseClash(values, context, entry);
    },
    computed: (entry, context) => {
      const at = Number(entry.runtime['handshake-at'] ?? Number.NaN);
      const age = Math.max(0, Math.floor((context.now - at) / 1000));
      return Number.isNaN(at) ? {} : { 'last-handshake': time.normalise(`${age}s`, 'last-handshake') };
    },
  },
};

/** Whether a router on which IPv6 is off takes such a network is unsure: this is the harsher of the two. */
function refuseIpv6(values: Values, context: Context): void {
  if (isIpv6Off(context) && prefixes(values).some(({ family }) => family === 6))
    throw new RouterOsTrap('failure: ipv6 is disabled', 4);
}

/** `interface` offers WireGuard interfaces only. */
function refuseWrongInterface(values: Values, context: Context): void {
  const found = context.configuration
    .entries(INTERFACES)
    .find((entry) => entry.values.name === values.interface);
  if (found && found.values.type !== 'wg') {
    throw new RouterOsTrap('input does not match any value of interface', 1);
  }
}
