import type { Duplex } from 'node:stream';
import type { RouterAccess } from '../../api/index.ts';
import { readSerialNumber } from '../../routeros/index.ts';
import { logIn } from '../log-in.ts';

export interface AskSerialInput {
  /** Opens a TCP connection to the router from inside its tunnel. */
  dial: (signal: AbortSignal) => Promise<Duplex>;
  access: RouterAccess;
  signal: AbortSignal;
}

/** Logs in and asks for nothing but the serial number; undefined where the router has none. Throws as RouterOsApi does. */
export async function askSerial({ dial, access, signal }: AskSerialInput): Promise<string | undefined> {
  const { api } = await logIn({ dial, access, revision: undefined, signal });
  try {
    return await readSerialNumber(api, { signal });
  } finally {
    api.close();
  }
}
