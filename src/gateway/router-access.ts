/** What it takes to speak to one router: its log-in, and a connection out of its tunnel. */
import type { Duplex } from 'node:stream';
import { accessObjectName, type RouterAccess } from '../api/index.ts';
import type { Place } from './fleet.ts';
import type { HandoverCache } from './handover-cache.ts';
import { readAccess } from './handover-parts.ts';
import type { SidecarPort } from './sidecar-health.ts';

/** Undefined while the Secret has nothing usable for it: {@link noLogIn}. */
export function accessOf(
  cache: Pick<HandoverCache, 'accessSecret'>,
  { tunnel, peer }: Place,
): RouterAccess | undefined {
  const secret = cache.accessSecret(tunnel.interfaceName, peer.block);
  return secret && readAccess(secret, peer.router.address);
}

/** A sentence without its end. */
export function noLogIn({ tunnel, peer }: Place): string {
  const index = tunnel.desired.handover?.index ?? 0;
  return `Secret ${accessObjectName(index, peer.block)} has no usable log-in for ${peer.router.address}`;
}

/** Opens a TCP connection to the router's API from inside its tunnel. */
export const dialTo =
  (sidecar: Pick<SidecarPort, 'connect'>, { tunnel, peer }: Place, { apiPort }: RouterAccess) =>
  (signal: AbortSignal): Promise<Duplex> =>
    sidecar.connect(tunnel.interfaceName, peer.router.address, apiPort, signal);
