import { jest } from '@jest/globals';
import { RouterOsApi, renderScript, type ScriptInput } from '../../../../src/routeros/index.ts';
import { type DeskOptions, DeskRouter } from '../../../simulator/desk/router.ts';
import { publicKeyOf } from '../../../simulator/engine/values/key.ts';
import { VARIANTS } from '../variants.ts';

const INPUT = VARIANTS['endpoint-ipv4'] as ScriptInput;
export const USER = INPUT.management.user;

/** Time stands still, and passes by {@link pass} alone; streams go on by themselves. */
export const holdTime = (): void => {
  jest.useFakeTimers({
    doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'],
    now: Date.UTC(2026, 10, 27),
  });
};

/** Lets time pass until `work` is done, or so many ms are over, which is an error. */
export async function pass<Result>(work: Promise<Result>, limitMs = 900_000, stepMs = 250): Promise<Result> {
  let outcome: { value: Result } | { error: unknown } | undefined;
  work.then(
    (value) => {
      outcome = { value };
    },
    (error: unknown) => {
      outcome = { error };
    },
  );
  const until = Date.now() + limitMs;
  await breathe();
  while (outcome === undefined) {
    if (Date.now() >= until) throw new Error(`not done after ${limitMs} ms`);
    await jest.advanceTimersByTimeAsync(stepMs);
    await breathe();
  }
  const ended: { value: Result } | { error: unknown } = outcome;
  if ('error' in ended) throw ended.error;
  return ended.value;
}

/** So many ms. */
export const wait = (ms: number): Promise<void> =>
  pass(new Promise<void>((resolve) => setTimeout(resolve, ms)), ms + 1000, 1000);

/** What streams have to say without any time passing. */
async function breathe(): Promise<void> {
  for (let round = 0; round < 6; round += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** A router that has taken its script. */
export function provision(options: DeskOptions, input: ScriptInput = INPUT): DeskRouter {
  const router = new DeskRouter(options);
  router.os.terminal().paste(renderScript(input));
  const { server, address, privateKey = '', management } = input;
  router.way = {
    server: server.address,
    endpoint: { host: server.endpointHost, address: server.endpointHost, port: server.endpointPort },
    serverKey: server.publicKey,
    router: address,
    routerKey: publicKeyOf(privateKey),
    interfaceName: 'tenant-tunnel',
    apiPort: management.apiPort,
  };
  return router;
}

/** A session that is logged in. */
export async function connect(router: DeskRouter, signal: AbortSignal): Promise<RouterOsApi> {
  const api = new RouterOsApi(await router.dial(signal));
  try {
    await api.login(INPUT.management.user, INPUT.management.password, { signal });
    return api;
  } catch (error) {
    api.close();
    throw error;
  }
}

/** As soon as anybody gets in again. */
export async function reconnect(router: DeskRouter): Promise<RouterOsApi> {
  for (;;) {
    try {
      return await connect(router, never);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
  }
}

export const never = new AbortController().signal;
