/** The token of a request, and what can be known of it without asking the API server. */
import type { IncomingHttpHeaders } from 'node:http';
import { Refusal } from './refusal.ts';

/** For clients that may not set Proxy-Authorization, as Prometheus with a token in a file. Never passed on to a router. */
export const TOKEN_HEADER = 'tenant-tunnel-token';

/** Service account tokens are about 1 kB, with many audiences a few. */
const MAX_TOKEN = 8_192;
const TOKEN = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/** @throws Refusal 407 */
export function tokenOf(headers: IncomingHttpHeaders, audience: string): string {
  const token = written(headers);
  if (token === undefined) {
    throw new Refusal(
      407,
      `Show a service account token with the audience ${audience}: as password of the proxy, or as Proxy-Authorization: Bearer.`,
    );
  }
  if (token.length > MAX_TOKEN || !TOKEN.test(token)) {
    throw new Refusal(
      407,
      `What was shown is no service account token: mount one with the audience ${audience}.`,
    );
  }
  const claimed = claimsOf(token)?.aud;
  const audiences: unknown[] = Array.isArray(claimed) ? claimed : [claimed];
  if (!audiences.includes(audience)) {
    // A token for the API server stays unread: whoever sends that here has mounted the wrong one.
    throw new Refusal(407, `The token is not for the audience ${audience}: mount one that is.`);
  }
  return token;
}

/** Unix seconds at which the token says that it ends; not checked by anybody. */
export function expiryOf(token: string): number | undefined {
  const exp = claimsOf(token)?.exp;
  return typeof exp === 'number' && Number.isFinite(exp) ? exp : undefined;
}

function written(headers: IncomingHttpHeaders): string | undefined {
  const other = headers[TOKEN_HEADER];
  if (typeof other === 'string' && other !== '') return other;
  const [, scheme = '', value = ''] = /^(\S+) +(\S+) *$/.exec(headers['proxy-authorization'] ?? '') ?? [];
  if (scheme.toLowerCase() === 'bearer') return value;
  if (scheme.toLowerCase() !== 'basic') return undefined;
  const pair = Buffer.from(value, 'base64').toString('utf8');
  const at = pair.indexOf(':');
  return at < 0 || at === pair.length - 1 ? undefined : pair.slice(at + 1);
}

/** The middle of a JSON Web Token, read and not verified. */
function claimsOf(token: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
