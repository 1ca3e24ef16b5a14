/** What an agent still waits for, as phrases for whoever asks whether it is ready. */
import type { Informer } from '../kube/index.ts';
import type { Fleet } from './fleet.ts';
import type { SidecarHealth } from './sidecar-health.ts';

export function waitsFor(
  informers: readonly Informer<never>[],
  health: SidecarHealth,
  fleet: Fleet,
): string[] {
  const waits = informers.flatMap(({ waitingFor }) => waitingFor ?? []);
  if (health.waitingFor !== undefined) waits.push(`the sidecar: ${health.waitingFor}`);
  if (health.problem !== undefined) waits.push(`WireGuard on this node: ${health.problem}`);
  // It is ready to take over: the tunnels are the other's until then.
  if (health.isStandby) return waits;
  const untried = [...fleet.tunnels()].filter(({ attempted }) => !attempted).length;
  if (untried > 0) waits.push(`${untried} tunnels to be set up`);
  return waits;
}
