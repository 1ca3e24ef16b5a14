import type { Duplex } from 'node:stream';
import type { RouterAccess } from '../../api/index.ts';
import { RouterOsApi, readSerialNumber } from '../../routeros/index.ts';

export interface AskSerialInput {
  /** Opens a TCP connection to the router from inside its tunnel. */
  dial: (signal: AbortSignal) => Promise<Duplex>;
  access: RouterAccess;
  signal: AbortSignal;
}

const CONNECT_LIMIT_MS = 5_000;
const COMMAND_LIMIT_MS = 5_000;
const SESSION_LIMIT_MS = 12_000;

/** Logs in and asks for nothing but the serial number; undefined where the router has none. Throws as RouterOsApi does. */
export async function askSerial({ dial, access, signal }: AskSerialInput): Promise<string | undefined> {
  const stream = await dial(AbortSignal.any([signal, AbortSignal.timeout(CONNECT_LIMIT_MS)]));
  const api = new RouterOsApi(stream, {
    commandTimeoutMs: COMMAND_LIMIT_MS,
    sessionTimeoutMs: SESSION_LIMIT_MS,
  });
  try {
    await api.login(access.user, access.password, { signal });
    return await readSerialNumber(api, { signal });
  } finally {
    api.close();
  }
}
