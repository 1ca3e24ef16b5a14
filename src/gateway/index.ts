/** The gateway agent: one on each node that carries tunnels. */
export { startAgent } from './agent.ts';
export type { AgentOptions, AgentProcess } from './agent-options.ts';
export { leaseName } from './heartbeat.ts';
export { defaultPace, type Pace } from './pace.ts';
export type { RelaySettings } from './relay/index.ts';
export type { SidecarPort } from './sidecar-health.ts';
