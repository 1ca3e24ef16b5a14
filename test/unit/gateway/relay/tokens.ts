/** An unsigned JSON Web Token with these claims. */
export function tokenWith(claims: unknown): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'RS256' })}.${part(claims)}.c2lnbmF0dXJl`;
}

export const AUDIENCE = 'tenant-tunnel-relay';
export const GOOD = tokenWith({ aud: [AUDIENCE], sub: 'good', exp: 4_000_000_000 });

export const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
