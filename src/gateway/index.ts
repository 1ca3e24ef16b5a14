/** The gateway agent: one on each node that carries tunnels. */
export { type AgentOptions, type AgentProcess, startAgent } from './agent.ts';
export { leaseName } from './heartbeat.ts';
export { defaultPace, type Pace } from './pace.ts';
export type { RelaySettings } from './relay/index.ts';
export type { SidecarPort } from './sidecar-health.ts';
