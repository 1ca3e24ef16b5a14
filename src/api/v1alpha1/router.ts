import { s } from '../schema/builder.ts';
import type { Infer, InferWritten, Rule } from '../schema/schema.ts';
import {
  dnsLabel,
  ipv4Address,
  ipv4Network,
  managementUser,
  NOT_AN_IPV4_NETWORK,
  objectName,
  port,
  prefixLengthBetween,
  wireguardPublicKey,
} from './formats.ts';
import { frozen } from './frozen.ts';
import { MAX_ROUTER_SUBNETS } from './router-status.ts';

/** The longest identity, in bytes of UTF-8 (RouterOS manual, "Identity"). */
export const MAX_IDENTITY_BYTES = 64;

const identity = s.string({
  description:
    'The name that the router gets (/system/identity), e.g. "Hotspot Züri-West #3". Default: the name of this object. At most 64 bytes.',
  maxLength: 256,
  rules: [
    {
      rule: 'self.size() > 0',
      message: 'write at least one character, or leave identity out to use the name of the Router',
    },
    {
      rule: `bytes(self).size() <= ${MAX_IDENTITY_BYTES}`,
      message: `write at most ${MAX_IDENTITY_BYTES} bytes, which is what RouterOS holds; a letter beyond ASCII takes 2 to 4`,
      messageExpression: `'write at most ${MAX_IDENTITY_BYTES} bytes, which is what RouterOS holds: these are %d'.format([bytes(self).size()])`,
    },
    {
      rule: "!self.matches(r'[\\p{Cc}\\p{Zl}\\p{Zp}\\x{202A}-\\x{202E}\\x{2066}-\\x{2069}]')",
      message:
        'write it on one line without control characters (line breaks, tabs, NUL, marks that turn the direction of text)',
    },
  ],
});

export const routerSpec = s.object(
  {
    tenant: s.optional(
      dnsLabel({
        description:
          'The tenant whose tunnel the router joins, e.g. "acme"; the tunnel is made when there is none. Write either this or tunnelRef, which is better where the TenantTunnel is applied along with the Router, in whatever order. It never changes.',
      }),
    ),
    tunnelRef: s.optional(
      s.object(
        {
          name: objectName({ description: 'Name of the TenantTunnel, e.g. "acme".' }),
          namespace: s.optional(
            dnsLabel({
              description:
                'Namespace of the TenantTunnel, which must allow this one. Default: that of the Router.',
            }),
          ),
        },
        {
          description:
            'The TenantTunnel that the router joins. Write either this or tenant. It never changes.',
        },
      ),
    ),
    identity: s.optional(identity),
    address: s.optional(
      ipv4Address({
        description:
          'Pins the address in the tunnel to what the router already uses, e.g. "10.100.1.7"; it must lie in the tunnel\'s subnet after the first 256 addresses. Default: the next free one. Once the router has an address, it never changes.',
      }),
    ),
    publicKey: s.optional(
      wireguardPublicKey({
        description:
          'Public key of a router that keeps its own WireGuard private key, base64, unique in the tunnel. Default: the operator makes the key pair.',
      }),
    ),
    subnets: s.optional(
      s.set(
        ipv4Network({
          description: 'An IPv4 network behind the router, e.g. "192.168.88.0/24".',
          rules: [
            prefixLengthBetween(8, 32, 'a wider network would take the traffic of the whole tunnel'),
            {
              rule: `${NOT_AN_IPV4_NETWORK} || (cidr(self).ip().isGlobalUnicast() && !cidr('0.0.0.0/8').containsCIDR(cidr(self)) && !cidr('240.0.0.0/4').containsCIDR(cidr(self)) && !cidr(self).containsIP('169.254.0.0'))`,
              message:
                'write a network of ordinary addresses, not loopback, link-local, multicast or reserved',
            },
          ],
        }),
        {
          description:
            'Networks behind the router that its tunnel reaches through it, e.g. ["192.168.88.0/24"]. In one tunnel each belongs to one router, and none overlaps the subnet of the tunnel; a network that cannot be had is named by the condition Routed, and the others are routed. May be changed at any time. Default none. See docs/networks.md.',
          maxItems: MAX_ROUTER_SUBNETS,
        },
      ),
    ),
    profiles: s.optional(
      s.list(objectName({ description: 'Name of a RouterProfile in the namespace of the Router.' }), {
        description: 'RouterProfiles to configure the router with, in this order, e.g. ["hotspot"].',
        maxItems: 16,
        rules: [
          {
            rule: 'self.all(a, self.exists_one(b, a == b))',
            message: 'write each profile once',
          },
        ],
      }),
    ),
    autoConfiguration: s.withDefault(
      s.object(
        {
          enabled: s.withDefault(
            s.boolean({
              description:
                'Whether the operator logs in to the router and configures it once it is connected. Default true. With false the router is Online as soon as it is connected.',
            }),
            true,
          ),
        },
        { description: 'What the operator does on the router itself.' },
      ),
      {},
    ),
    management: s.withDefault(
      s.object(
        {
          user: s.optional(
            managementUser({
              description:
                'The RouterOS user that the operator makes for itself, e.g. "tenant-tunnel". Default: that of the class.',
            }),
          ),
          apiPort: s.optional(
            port({ description: 'TCP port of the RouterOS API. Default: that of the class, 8728.' }),
          ),
        },
        {
          description:
            'How the operator logs in to the router. Once the router has connected, a change is stored but not carried out by this version.',
        },
      ),
      {},
    ),
    script: s.optional(
      s.object(
        {
          renew: s.optional(
            s.string({
              description:
                'Any text, e.g. "2026-11-27 replaced". A text that it did not have before asks for a fresh script, once: with another key and password, for a router that was reset or replaced. The access of the router that was set up before ends at once.',
              minLength: 1,
              maxLength: 64,
            }),
          ),
        },
        { description: 'The script that connects the router.' },
      ),
    ),
    credentials: s.optional(
      s.object(
        {
          rotate: s.optional(
            s.string({
              description:
                'Any text, e.g. "2026-12". A text that it did not have before asks for another password, once; the router stays connected and nothing has to be done on it.',
              minLength: 1,
              maxLength: 64,
            }),
          ),
        },
        { description: 'What the operator logs in to the router with.' },
      ),
    ),
    suspended: s.withDefault(
      s.boolean({
        description:
          'Whether the router is cut off. It keeps its address and keys and comes back with the very same. Default false.',
      }),
      false,
    ),
  },
  {
    description: 'What is wanted of the router.',
    rules: [
      {
        rule: 'has(self.tenant) || has(self.tunnelRef)',
        message: 'write either tenant, e.g. "acme", or tunnelRef: a router joins one tunnel',
        reason: 'FieldValueRequired',
      },
      {
        rule: '!has(self.tenant) || !has(self.tunnelRef)',
        message: 'write only one of tenant and tunnelRef: a router joins one tunnel',
        reason: 'FieldValueForbidden',
        fieldPath: '.tunnelRef',
      },
      {
        rule: 'has(self.tenant) == has(oldSelf.tenant) && (!has(self.tenant) || self.tenant == oldSelf.tenant)',
        message:
          'a Router cannot move to another tunnel: put back the tenant it had, or delete the Router and create it again',
        reason: 'FieldValueForbidden',
        fieldPath: '.tenant',
      },
      {
        rule: 'has(self.tunnelRef) == has(oldSelf.tunnelRef) && (!has(self.tunnelRef) || self.tunnelRef == oldSelf.tunnelRef)',
        message:
          'a Router cannot move to another tunnel: put back the tunnelRef it had, or delete the Router and create it again',
        reason: 'FieldValueForbidden',
        fieldPath: '.tunnelRef',
      },
    ],
  },
);

/** On the whole object: what spans spec and status. */
export const routerRules: Rule[] = [frozen('address', 'address', 'router')];

export type RouterSpec = Infer<typeof routerSpec>;
export type RouterSpecWritten = InferWritten<typeof routerSpec>;
