/** The kinds of group vpn.traidnet.io: types, defaults, resources, reasons, and what controller and agents share. */

export { addressIn6, isSubnet6, placeIn6 } from './address6.ts';
export * from './backups.ts';
export { type CustomResourceDefinition, customResourceDefinition } from './crd.ts';
export * from './handover.ts';
export * from './metadata.ts';
export * from './profiles/index.ts';
export {
  CONDITION_REASONS,
  CONDITION_TYPES,
  type ConditionReason,
  type ConditionType,
  EVENT_REASONS,
  type EventReason,
  ROW_REASONS,
  type RowReason,
} from './reasons/index.ts';
export { KINDS, type KindDefinition, type PrinterColumn } from './v1alpha1/definitions.ts';
export * from './v1alpha1/kinds.ts';
export {
  PROFILE_REPORT_LIMITS,
  PROFILE_STATES,
  type ProfileReport,
} from './v1alpha1/profile-report.ts';
export { MAX_PROFILE_VALUE } from './v1alpha1/profile-values.ts';
export {
  ANNOTATION_RESUME,
  MAX_CANARIES,
  type MaintenanceWindow,
  ROLLOUT_STATES,
  type RolloutSpec,
  type RolloutStatus,
} from './v1alpha1/rollout.ts';
export {
  MAX_IDENTITY_BYTES,
  type RouterSpec,
  type RouterSpecWritten,
} from './v1alpha1/router.ts';
export { DEFAULT_BACKUPS_KEPT } from './v1alpha1/router-backup.ts';
export {
  MAX_PROFILE_PROBLEMS,
  PROFILE_LIMITS,
  type RouterProfileSpec,
  type RouterProfileStatus,
} from './v1alpha1/router-profile.ts';
export {
  ROUTER_PHASES,
  ROUTER_STATUS_LIMITS,
  type RouterInterface,
  type RouterPhase,
  type RouterStatus,
} from './v1alpha1/router-status.ts';
export type { Condition } from './v1alpha1/status.ts';
export {
  ALL_NAMESPACES,
  type EndpointChange,
  MAX_ENDPOINT_NAMES,
  TENANT_TUNNEL_PHASES,
  type TenantTunnelSpec,
  type TenantTunnelSpecWritten,
  type TenantTunnelStatus,
} from './v1alpha1/tenant-tunnel.ts';
export {
  DEFAULT_API_PORT,
  DEFAULT_CLASS_ANNOTATION,
  DEFAULT_FIRST_PORT,
  DEFAULT_KEEPALIVE_SECONDS,
  DEFAULT_LAST_PORT,
  DEFAULT_MANAGEMENT_USER,
  DEFAULT_MTU,
  DEFAULT_POOLS,
  DEFAULT_QUARANTINE_SECONDS,
  DEFAULT_RESTORE_GRACE_SECONDS,
  LONGEST_TUNNEL_PREFIX,
  SHORTEST_TUNNEL_PREFIX,
  type TunnelClassSpec,
  type TunnelClassSpecWritten,
} from './v1alpha1/tunnel-class.ts';
export type { TunnelClassStatus } from './v1alpha1/tunnel-class-status.ts';
