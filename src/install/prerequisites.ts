import { customResourceDefinition, GROUP, KINDS, VERSION } from '../api/index.ts';
import { backoffMs, isApiError, type KubeApi, type Logger, sleep, systemClock } from '../kube/index.ts';
import { fieldsOf, missingFields } from './schema-fields.ts';

/** The chart's `kubeVersion` says the same. CRDs: ratcheting and CEL as the kinds use them. */
export const MINIMUM_KUBERNETES = '1.31';

const RETRY = { baseMs: 1_000, maxMs: 10_000 };
/** Fields named in one sentence. */
const NAMED = 3;
const INSTALL = 'kubectl apply --server-side -f crds/, or helm upgrade';
/** Whoever installed the older ones, as Helm did, owns fields of them. */
const REPLACE = 'kubectl apply --server-side --force-conflicts -f crds/, or helm upgrade';

type Reader = Pick<KubeApi, 'document'>;

/** Why this program cannot work on that API server yet, in one sentence; undefined when it can. */
export async function obstacle(client: Reader, signal?: AbortSignal): Promise<string | undefined> {
  return (await oldServer(client, signal)) ?? (await kindsAmiss(client, signal));
}

async function oldServer(client: Reader, signal?: AbortSignal): Promise<string | undefined> {
  const { major, minor } = (await client.document('/version', { signal })) as {
    major?: string;
    minor?: string;
  };
  // Some distributions write `31+`.
  const version = [Number.parseInt(String(major), 10), Number.parseInt(String(minor), 10)] as const;
  const [wantedMajor = 0, wantedMinor = 0] = MINIMUM_KUBERNETES.split('.').map(Number);
  const isOlder = version[0] < wantedMajor || (version[0] === wantedMajor && version[1] < wantedMinor);
  if (!isOlder) return undefined;
  return `The API server is Kubernetes ${major}.${minor}, older than ${MINIMUM_KUBERNETES}, which this program needs: upgrade the cluster.`;
}

/** Whether the server knows our kinds with every field that this program writes or reads. */
async function kindsAmiss(client: Reader, signal?: AbortSignal): Promise<string | undefined> {
  let document: unknown;
  try {
    document = await client.document(`/openapi/v3/apis/${GROUP}/${VERSION}`, { signal });
  } catch (error) {
    // A cluster that has taken away what every user may read; the informers will tell.
    if (isApiError(error, 'Forbidden')) return undefined;
    // For a moment after the last kind has gone the server publishes an empty text.
    if (!isApiError(error, 'NotFound', 'BadResponse')) throw error;
    return notInstalled(KINDS.map(({ resource }) => resource.kind));
  }
  const published = new Map(schemasByKind(document));
  const absent = KINDS.map(({ resource }) => resource.kind).filter((kind) => !published.has(kind));
  if (absent.length > 0) return notInstalled(absent);
  for (const definition of KINDS) {
    const { kind } = definition.resource;
    const own = customResourceDefinition(definition).spec.versions[0]?.schema.openAPIV3Schema;
    const missing = missingFields(fieldsOf(own), fieldsOf(published.get(kind)));
    if (missing.length === 0) continue;
    const named = missing.slice(0, NAMED).join(', ');
    const more = missing.length > NAMED ? ` and ${missing.length - NAMED} more fields` : '';
    return `The CRD of ${kind} is older than this program: it lacks ${named}${more}: ${REPLACE}.`;
  }
  return undefined;
}

function notInstalled(kinds: readonly string[]): string {
  const [what, its] = kinds.length === 1 ? ['kind', 'its CRD is'] : ['kinds', 'their CRDs are'];
  const verb = kinds.length === 1 ? 'is' : 'are';
  return `The ${what} ${kinds.join(', ')} (${GROUP}/${VERSION}) ${verb} not installed, ${its} missing: ${INSTALL}.`;
}

/** Kind → schema, from the document that the API server publishes of a group. */
function* schemasByKind(document: unknown): Generator<[string, unknown]> {
  const { components } = (document ?? {}) as { components?: { schemas?: Record<string, unknown> } };
  for (const schema of Object.values(components?.schemas ?? {})) {
    const kinds = (schema as Record<string, unknown>)['x-kubernetes-group-version-kind'];
    for (const { group, kind } of Array.isArray(kinds) ? kinds : [])
      if (group === GROUP) yield [kind, schema];
  }
}

/** Waits for a cluster that this program can work in, and says meanwhile what it waits for, each reason once. */
export class Prerequisites {
  #waitingFor: string | undefined = 'the API server';

  waitingFor(): string[] {
    return this.#waitingFor === undefined ? [] : [this.#waitingFor];
  }

  /** @returns whether they are met: false when the signal came first */
  async met(client: Reader, logger: Pick<Logger, 'warn' | 'info'>, signal: AbortSignal): Promise<boolean> {
    let said: string | undefined;
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      const why = await obstacle(client, signal).catch((error: Error) => error.message);
      this.#waitingFor = why;
      if (why === undefined) {
        if (said !== undefined) logger.info({}, 'The API server has all that is needed now.');
        return true;
      }
      if (why !== said && !signal.aborted) logger.warn({}, `${why} Trying again.`);
      said = why;
      await sleep(systemClock, backoffMs(attempt, RETRY, Math.random), signal);
    }
    return false;
  }
}
