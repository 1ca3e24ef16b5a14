/** How tests come to speak with an API server: users with tokens, kubeconfigs, plain requests. */
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { stringify } from 'yaml';

export interface ControlPlaneUser {
  name: string;
  /** Beside `system:authenticated`; a service account's own groups are added by themselves. */
  groups?: string[];
}

export interface ApiResponse {
  status: number;
  text: string;
  /** Parsed body; throws when it is no JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: any object of any kind
  json(): any;
}

/** Writes the token file (token,user,uid,"groups"); answers user → token. */
export function writeTokens(file: string, users: readonly ControlPlaneUser[]): Map<string, string> {
  const tokens = new Map(users.map(({ name }) => [name, randomBytes(16).toString('hex')]));
  const lines = users.map(({ name, groups = [] }) => {
    const namespace = /^system:serviceaccount:([^:]+):/.exec(name)?.[1];
    const own = namespace ? ['system:serviceaccounts', `system:serviceaccounts:${namespace}`] : [];
    return `${tokens.get(name)},${name},${name},"${[...own, ...groups].join(',')}"\n`;
  });
  writeFileSync(file, lines.join(''), { mode: 0o600 });
  return tokens;
}

export function kubeconfigText(url: string, caFile: string, user: string, token: string): string {
  const name = 'tenant-tunnel-testbed';
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    clusters: [
      {
        name,
        cluster: { server: url, 'certificate-authority-data': readFileSync(caFile).toString('base64') },
      },
    ],
    users: [{ name: user, user: { token } }],
    contexts: [{ name, context: { cluster: name, user } }],
  });
}

export function sendRequest(
  url: string,
  caFile: string,
  token: string,
  method: string,
  path: string,
  body?: unknown,
  contentType = 'application/json',
): Promise<ApiResponse> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      new URL(path, url),
      {
        method,
        ca: readFileSync(caFile),
        headers: { authorization: `Bearer ${token}`, 'content-type': contentType },
        agent: false,
        timeout: 60_000,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          resolve({ status: response.statusCode ?? 0, text, json: () => JSON.parse(text) });
        });
      },
    );
    outgoing.on('timeout', () => outgoing.destroy(new Error(`${method} ${path}: no answer within 60 s.`)));
    outgoing.on('error', reject);
    outgoing.end(body === undefined || typeof body === 'string' ? body : JSON.stringify(body));
  });
}
