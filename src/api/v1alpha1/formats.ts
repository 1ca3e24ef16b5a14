/**
 * Formats that several kinds share. Where the sentence matters they are CEL rules rather than OpenAPI patterns, whose
 * refusal prints a regular expression; `maxLength` then only bounds the rules' cost and is looser than the rule.
 */
import { s } from '../schema/builder.ts';
import type { Rule, Schema } from '../schema/schema.ts';

/** CEL knows the escapes of Go; a raw string keeps backslashes of a regular expression as they are. */
const matches = (expression: string) => `self.matches(r'${expression}')`;

const DNS_LABEL = '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$';
/** RFC 1123 subdomain as Kubernetes names are, cut to 63 characters by a rule of its own. */
const DNS_SUBDOMAIN = '^[a-z0-9]([a-z0-9-]*[a-z0-9])?([.][a-z0-9]([a-z0-9-]*[a-z0-9])?)*$';
/** A host name whose last label starts with a letter, so that a mistyped address is not taken for a name. */
const HOST_NAME =
  '^([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?[.])*[a-zA-Z]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$';
/** 32 bytes in base64: 43 characters, of which the last carries 4 bits, then one `=`. */
const WIREGUARD_KEY = '^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$';
const LABEL_VALUE = '^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$';
/** RouterOS manual, "User": starts and ends with a letter or digit, no `*`. */
const USER_NAME = '^[A-Za-z0-9]([A-Za-z0-9._@-]{0,30}[A-Za-z0-9])?$';

/** True where the rule on the format of a network has spoken already, so that one mistake gets one sentence. */
export const NOT_AN_IPV4_NETWORK = '!isCIDR(self) || cidr(self).ip().family() != 4';

interface Text {
  readonly description: string;
  readonly rules?: readonly Rule[];
}

/** 1 to 63 of `a-z`, `0-9`, `-`. */
export const dnsLabel = ({ description, rules = [] }: Text): Schema<string> =>
  s.string({
    description,
    maxLength: 253,
    rules: [
      {
        rule: matches(DNS_LABEL),
        message:
          'write 1 to 63 lower-case letters, digits and "-", starting and ending with a letter or digit, for example "acme-east"',
      },
      ...rules,
    ],
  });

/** The name of an object of ours: an RFC 1123 subdomain of at most 63 characters. */
export const objectName = ({ description }: Text): Schema<string> =>
  s.string({
    description,
    maxLength: 253,
    rules: [
      {
        rule: `self.size() <= 63 && ${matches(DNS_SUBDOMAIN)}`,
        message:
          'write the name of an object: 1 to 63 lower-case letters, digits, "-" and ".", for example "acme"',
      },
    ],
  });

/** An IPv4 address, e.g. `10.100.1.7`. */
export const ipv4Address = ({ description }: Text): Schema<string> =>
  s.string({
    description,
    maxLength: 64,
    rules: [
      {
        rule: 'isIP(self) && ip(self).family() == 4 && ip(self).isGlobalUnicast()',
        message: 'write one IPv4 address without a prefix length, for example "10.100.1.7"',
      },
    ],
  });

/** An IPv4 network by its first address, e.g. `10.100.0.0/16`. */
export const ipv4Network = ({ description, rules = [] }: Text): Schema<string> =>
  s.string({
    description,
    maxLength: 64,
    rules: [
      {
        rule: 'isCIDR(self) && cidr(self).ip().family() == 4',
        message: 'write an IPv4 network as address/length, for example "10.100.0.0/16"',
      },
      {
        rule: `${NOT_AN_IPV4_NETWORK} || cidr(self) == cidr(self).masked()`,
        message: 'write the first address of the network, with no bits set beyond the prefix length',
        messageExpression:
          "'%s has bits set beyond its prefix length; write the network itself: %s'.format([self, string(cidr(self).masked())])",
      },
      ...rules,
    ],
  });

const NOT_AN_IPV6_NETWORK = '!isCIDR(self) || cidr(self).ip().family() != 6';

/** An IPv6 network that holds a /64 for each tunnel, by its first address, e.g. `fd12:3456:789a::/48`. */
export const ipv6Pool = ({ description }: Text): Schema<string> =>
  s.string({
    description,
    maxLength: 64,
    rules: [
      {
        rule: 'isCIDR(self) && cidr(self).ip().family() == 6',
        message: 'write an IPv6 network as address/length, for example "fd12:3456:789a::/48"',
      },
      {
        rule: `${NOT_AN_IPV6_NETWORK} || cidr(self) == cidr(self).masked()`,
        message: 'write the first address of the network, with no bits set beyond the prefix length',
        messageExpression:
          "'%s has bits set beyond its prefix length; write the network itself: %s'.format([self, string(cidr(self).masked())])",
      },
      {
        rule: `${NOT_AN_IPV6_NETWORK} || cidr(self).prefixLength() <= 48`,
        message: 'write a /48 or a wider network: each tunnel has a /64 of it by its number',
      },
      {
        rule: `${NOT_AN_IPV6_NETWORK} || cidr('fc00::/7').containsCIDR(self) || cidr('2000::/3').containsCIDR(self)`,
        message:
          'write a unique local network (in fc00::/7) or a global unicast one (in 2000::/3), for example "fd12:3456:789a::/48"',
      },
    ],
  });

/** Length of an IPv4 network, both ends included. */
export const prefixLengthBetween = (shortest: number, longest: number, because: string): Rule => ({
  rule: `${NOT_AN_IPV4_NETWORK} || (cidr(self).prefixLength() >= ${shortest} && cidr(self).prefixLength() <= ${longest})`,
  message: `write a prefix length from ${shortest} to ${longest}: ${because}`,
});

/** A DNS name or an IPv4 or IPv6 address. */
export const host = ({ description }: Text): Schema<string> =>
  s.string({
    description,
    maxLength: 253,
    rules: [
      {
        rule: `isIP(self) || ${matches(HOST_NAME)}`,
        message:
          'write a DNS name or an IP address without scheme, port or trailing dot, for example "vpn.example.com" or "203.0.113.10"',
      },
    ],
  });

/** A Curve25519 public key as `wg pubkey` prints it. */
export const wireguardPublicKey = ({ description }: Text): Schema<string> =>
  s.string({
    description,
    maxLength: 128,
    rules: [
      {
        rule: matches(WIREGUARD_KEY),
        message:
          'write a WireGuard public key as "wg pubkey" prints it: 32 bytes in base64, 44 characters ending in "="',
      },
      {
        rule: `self != '${'A'.repeat(43)}='`,
        message:
          'write the public key of a real key pair: this one is 32 zero bytes, which WireGuard refuses',
      },
    ],
  });

export const port = ({ description }: Text): Schema<number> =>
  s.integer({ description, minimum: 1, maximum: 65535 });

/** The user that the operator makes on a router for itself. */
export const managementUser = ({ description }: Text): Schema<string> =>
  s.string({
    description,
    maxLength: 128,
    rules: [
      {
        rule: matches(USER_NAME),
        message:
          'write 1 to 32 letters, digits and any of ". _ @ -", starting and ending with a letter or digit, for example "tenant-tunnel"',
      },
      {
        rule: "self.lowerAscii() != 'admin'",
        message:
          'write a name other than "admin": the operator sets this user\'s password and limits from where it may log in',
      },
    ],
  });

export const labelValue = ({ description }: Text): Schema<string> =>
  s.string({
    description,
    maxLength: 63,
    rules: [
      {
        rule: matches(LABEL_VALUE),
        message:
          'write the value of a label: at most 63 letters, digits, "-", "_" and ".", for example "true"',
      },
    ],
  });
