import { rowCommands, singleCommands } from '../configuration/commands.ts';
import type { Context, Menu, Values } from '../configuration/definition.ts';
import { RouterOsTrap } from '../trap.ts';
import { bool, integer, interfaceAddress6, name, oneOf, text } from '../values/types.ts';
import { INTERFACES } from './interface.ts';
import { refuseTwice } from './ip.ts';
import { comment, disabled, invalid } from './shared-properties.ts';

export const ADDRESSES_6 = '/ipv6/address';
const SETTINGS_6 = '/ipv6/settings';

/** Whether somebody has turned IPv6 off on the router. */
export const isIpv6Off = ({ configuration }: Context): boolean =>
  configuration.single(SETTINGS_6).values['disable-ipv6'] === 'true';

/** @throws {RouterOsTrap} `failure: ipv6 is disabled`, `failure: already have such address` */
function refuse(values: Values, context: Context, own?: string): void {
  // Whether a router takes addresses that cannot work, no manual says: the harsher of the two.
  if (isIpv6Off(context)) throw new RouterOsTrap('failure: ipv6 is disabled', 4);
  refuseTwice(values, context, own, ADDRESSES_6);
}

export const address6Menu: Menu = {
  path: ADDRESSES_6,
  kind: 'rows',
  commands: rowCommands('add', 'set', 'remove', 'enable', 'disable', 'comment'),
  properties: [
    { name: 'address', type: interfaceAddress6, default: '::/64' },
    { name: 'interface', type: name, required: true, reference: INTERFACES },
    { name: 'from-pool', type: text, default: '' },
    { name: 'actual-interface', type: text, readOnly: true },
    { name: 'eui-64', type: bool, default: 'false' },
    { name: 'advertise', type: bool, default: 'true' },
    { name: 'no-dad', type: bool, default: 'false' },
    { name: 'auto-link-local', type: bool, default: 'true', since: '7.18' },
    { name: 'global', type: bool, readOnly: true },
    { name: 'link-local', type: bool, readOnly: true },
    disabled,
    invalid,
    comment,
  ],
  rules: {
    add: (values, context) => refuse(values, context),
    set: (entry, changes, context) => {
      if (changes.address !== undefined || changes.interface !== undefined)
        refuse({ ...entry.values, ...changes }, context, entry.id);
    },
    computed: (entry, context) => {
      const isThere = context.configuration
        .entries(INTERFACES)
        .some(({ values }) => values.name === entry.values.interface);
      const isLinkLocal = entry.values.address?.startsWith('fe80:') === true;
      return {
        'actual-interface': entry.values.interface ?? '',
        invalid: String(!isThere || isIpv6Off(context)),
        global: String(!isLinkLocal),
        'link-local': String(isLinkLocal),
      };
    },
  },
};

const WHEN = ['no', 'yes-if-forwarding-disabled', 'yes'];

export const settings6Menu: Menu = {
  path: SETTINGS_6,
  kind: 'single',
  commands: singleCommands(true),
  properties: [
    { name: 'disable-ipv6', type: bool, default: 'false' },
    { name: 'forward', type: bool, default: 'true' },
    { name: 'accept-redirects', type: oneOf(...WHEN), default: 'yes-if-forwarding-disabled' },
    { name: 'accept-router-advertisements', type: oneOf(...WHEN), default: 'yes-if-forwarding-disabled' },
    { name: 'max-neighbor-entries', type: integer(0, 4_294_967_295), default: '8192' },
  ],
};
