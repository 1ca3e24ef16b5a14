/** What is no endpoint's host, for the API server and for the chart. */
export const NO_HOSTS: readonly string[] = [
  'https://vpn.example.com',
  'vpn.example.com:51820',
  'vpn.example.com.',
  '203.0.113',
  '203.0.113.256',
  'a_b.example',
  '[fd00::1]',
  'a b',
];
