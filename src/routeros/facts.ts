import type { RouterOsApi } from './api/client.ts';

/** What a router says of itself, cleaned and bounded: it goes into a Kubernetes status. */
export interface RouterFacts {
  identity: string;
  /** As the router writes it, e.g. `7.16.2 (stable)`. */
  version: string;
  boardName: string;
  /** Absent where there is no RouterBOARD (CHR, x86). */
  model?: string;
  serialNumber?: string;
  interfaces: RouterInterface[];
  /** The router has more interfaces than are listed. */
  interfacesTruncated: boolean;
}

export interface RouterInterface {
  name: string;
  type: string;
  macAddress?: string;
  running: boolean;
  disabled: boolean;
}

/** Throws {@link RouterOsError}. */
export async function readFacts(
  api: RouterOsApi,
  options: { signal?: AbortSignal } = {},
): Promise<RouterFacts> {
  void api;
  void options;
  throw new Error('being written');
}

/** Throws {@link RouterOsError}. */
export async function setIdentity(
  api: RouterOsApi,
  identity: string,
  options: { signal?: AbortSignal } = {},
): Promise<void> {
  void api;
  void identity;
  void options;
  throw new Error('being written');
}
