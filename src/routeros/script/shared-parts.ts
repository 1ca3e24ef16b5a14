import { apiRule, endpointRule } from './firewall.ts';
import type { ScriptInput } from './input.ts';
import { resolveAgain } from './resolve-again.ts';
import { apiService } from './steps.ts';

/** Some 8 kB each; as many as the tunnels that are worked on at a time. */
const MOST_KEPT = 128;

interface SharedParts {
  letIn: string;
  resolveAgain: string;
}

const kept = new Map<string, SharedParts>();

/**
 * What the scripts of all routers of a tunnel have in common, three quarters of each. It is kept, since a tunnel with
 * thousands of routers renders it thousands of times in a row.
 */
export function sharedParts({ server, management }: ScriptInput): SharedParts {
  const { address, endpointHost, endpointPort } = server;
  const { apiPort } = management;
  const key = JSON.stringify([address, endpointHost, endpointPort, apiPort]);
  const known = kept.get(key);
  if (known !== undefined) return known;
  const of = { server: { address, endpointHost, endpointPort }, management: { apiPort } };
  const parts = {
    letIn: [...apiService(of), ...apiRule(of), ...endpointRule(of)].join('\n'),
    resolveAgain: resolveAgain(of).join('\n'),
  };
  if (kept.size >= MOST_KEPT) kept.clear();
  kept.set(key, parts);
  return parts;
}
