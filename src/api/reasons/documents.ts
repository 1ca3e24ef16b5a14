/** What is written of a reason, for whoever reads it on an object. */
export type Kind = 'TunnelClass' | 'TenantTunnel' | 'Router' | 'RouterProfile';
/** Kubernetes' own, that we tell of and write nothing to. */
export type TheirKind = 'Node';

export interface ReasonDocument {
  /** The kinds of object that carry it. */
  readonly on: readonly Kind[];
  readonly meaning: string;
  /** What to do; absent where there is nothing to do. */
  readonly remedy?: string;
}

export interface EventReasonDocument extends Omit<ReasonDocument, 'on'> {
  readonly on: readonly (Kind | TheirKind)[];
  readonly type: 'Normal' | 'Warning';
}
