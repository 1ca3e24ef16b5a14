import type { RouterProfileSpec } from '../../../../src/api/index.ts';

/** What RouterOS writes otherwise than people do: durations, rates, lists, booleans, addresses, secrets. */
export const WIDE: RouterProfileSpec = {
  values: [
    { name: 'radius', secretKeyRef: { name: 'radius', key: 'secret' } },
    { name: 'domain', value: '{{ router.labels.site }}.example.net' },
  ],
  resources: [
    {
      path: '/ip/dns',
      set: {
        servers: '9.9.9.9,149.112.112.112',
        'allow-remote-requests': 'yes',
        'cache-max-ttl': '24h',
        'cache-size': '4096',
      },
    },
    { path: '/ip/pool', match: { name: 'guests' }, set: { ranges: '10.5.50.2-10.5.50.254' } },
    {
      path: '/radius',
      match: { address: '{{ tunnel.serverAddress }}', service: 'hotspot,ppp' },
      set: { secret: '{{ values.radius }}', timeout: '3s', 'src-address': '{{ router.address }}' },
    },
    { path: '/radius/incoming', set: { accept: 'true', port: '3799' } },
    {
      path: '/queue/simple',
      match: { name: 'guests' },
      set: {
        target: '10.5.50.0/24',
        'max-limit': '5M/20M',
        'burst-time': '00:00:08/8s',
        comment: 'of {{ values.domain }}',
      },
    },
    {
      path: '/ip/hotspot/profile',
      match: { name: 'guests' },
      set: {
        'hotspot-address': '10.5.50.1',
        'login-by': 'http-pap,cookie',
        'use-radius': 'yes',
        'http-cookie-lifetime': '72:00:00',
      },
    },
    {
      path: '/ppp/secret',
      match: { name: 'probe' },
      set: { password: '{{ values.radius }}', service: 'pppoe' },
    },
    { path: '/user/group', match: { name: 'support' }, set: { policy: 'winbox,read,test' } },
    {
      path: '/user',
      match: { name: 'support' },
      set: { group: 'support', password: '{{ values.radius }}', address: '10.100.0.1,192.0.2.0/24' },
    },
    { path: '/ip/service', match: { name: 'telnet' }, set: { disabled: 'yes', address: '10.0.0.0/8' } },
    { path: '/ip/address', match: { interface: 'bridge', address: '10.5.50.1/24' }, set: { disabled: 'no' } },
    {
      path: '/ip/route',
      match: { 'dst-address': '0.0.0.0/0', gateway: '10.5.50.254' },
      set: { distance: '7' },
    },
    {
      path: '/snmp',
      set: { enabled: 'yes', contact: 'noc@{{ values.domain }}', location: 'Zürich "West" = $x' },
    },
  ],
  lists: [
    {
      path: '/ip/firewall/filter',
      before: { chain: 'input', action: 'drop' },
      rows: [
        {
          set: {
            chain: 'input',
            action: 'accept',
            protocol: 'udp',
            'dst-port': '3799',
            'src-address': '{{ tunnel.serverAddress }}/32',
          },
        },
        { set: { chain: 'input', action: 'accept', 'connection-state': 'related,established' } },
        { set: { chain: 'input', action: 'accept', 'connection-state': 'related,established' } },
      ],
    },
    {
      path: '/ip/firewall/nat',
      rows: [
        {
          set: {
            chain: 'srcnat',
            action: 'masquerade',
            'src-address': '10.5.50.0/24',
            'out-interface-list': 'WAN',
          },
        },
      ],
    },
  ],
};

export const secrets = { radius: 'geheim mit "Zeichen" $x' };
