import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ensureHealth } from '../../testbed/binaries.ts';
import { run } from '../../testbed/command.ts';

const CONFIG = join(import.meta.dirname, '..', '..', '..', 'examples', 'gitops', 'argo-cd', 'argocd-cm.yaml');

/** What a GitOps tool makes of an object, in its own words. */
export interface Health {
  /** InProgress, Current, Failed, Terminating. */
  kstatus: { status: string; message: string };
  /** Healthy, Suspended, Progressing, Degraded, by the script of examples/gitops/argo-cd. */
  argo: { status: string; message: string };
}

interface Typed {
  apiVersion: string;
  kind: string;
  metadata: Record<string, unknown>;
}

/** The scripts, by group and kind. */
export function healthScripts(): Map<string, string> {
  const { data } = parse(readFileSync(CONFIG, 'utf8')) as { data: Record<string, string> };
  return new Map(
    Object.entries(data).map(([key, script]) => [key.replace('resource.customizations.health.', ''), script]),
  );
}

/** By kstatus itself and by Argo CD's own Lua. */
export async function healthOf(...objects: Typed[]): Promise<Health[]> {
  const scripts = healthScripts();
  const questions = objects.map((object) => {
    const script = scripts.get(`${object.apiVersion.split('/')[0]}_${object.kind}`);
    if (script === undefined) throw new Error(`There is no health script for ${object.kind}.`);
    return { object, script };
  });
  return JSON.parse(await run(await ensureHealth(), [], { input: JSON.stringify(questions) }));
}
