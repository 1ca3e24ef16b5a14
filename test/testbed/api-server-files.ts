/** The files by which an API server knows its users and, where asked, keeps an audit log. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type ControlPlaneUser, writeTokens } from './api-access.ts';
import { USERS } from './api-client.ts';

export interface ApiServerFiles {
  /** User → token. */
  tokens: ReadonlyMap<string, string>;
  /** Null unless asked for. */
  auditLog: string | null;
  /** Of kube-apiserver, without `--`. */
  flags: Record<string, string>;
}

/** @param seenAs path of the directory where the API server runs */
export function writeApiServerFiles(
  directory: string,
  { users = [], audit = false }: { users?: readonly ControlPlaneUser[]; audit?: boolean },
  seenAs = directory,
): ApiServerFiles {
  const tokens = writeTokens(join(directory, 'tokens.csv'), [...USERS, ...users]);
  const flags = { 'token-auth-file': join(seenAs, 'tokens.csv') };
  if (!audit) return { tokens, auditLog: null, flags };
  writeFileSync(join(directory, 'audit.yaml'), AUDIT_POLICY);
  return {
    tokens,
    auditLog: join(directory, 'audit.log'),
    flags: {
      ...flags,
      'audit-policy-file': join(seenAs, 'audit.yaml'),
      'audit-log-path': join(seenAs, 'audit.log'),
    },
  };
}

const AUDIT_POLICY = stringify({
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'Metadata' }],
});
