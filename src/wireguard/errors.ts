/** Base of all errors of this room; `code` is stable, messages are for people and hold no secret. */
export class WireGuardError extends Error {
  override readonly name: string = 'WireGuardError';
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What the sidecar answers with, and the HTTP status that it has. docs/protocol.md says what each one means. */
export const SIDECAR_STATUS = {
  InvalidRequest: 400,
  AddressOutside: 403,
  UnknownTunnel: 404,
  UnknownPath: 404,
  MethodNotAllowed: 405,
  PortInUse: 409,
  InterfaceTaken: 409,
  TooLarge: 413,
  TooManyStreams: 429,
  CommandFailed: 500,
  DeviceFailed: 500,
  Internal: 500,
  NoTunDevice: 501,
  ConnectFailed: 502,
  Busy: 503,
  Standby: 503,
  Stopping: 503,
  ConnectTimeout: 504,
  DeviceTimeout: 504,
} as const;

export type SidecarErrorCode =
  | keyof typeof SIDECAR_STATUS
  /** Only from the client: nobody listens on the socket, or the connection broke before the reply was whole. */
  | 'Unreachable'
  /** Only from the client: its own limit passed; the change may or may not have happened. */
  | 'Timeout'
  /** Only from the client: a reply that is not what the protocol promises. */
  | 'BadReply'
  /** Only from `startSidecar`: another sidecar holds this socket. */
  | 'AlreadyRunning'
  /** Only from `startSidecar`: a folder or namespace that it cannot do without cannot be used. */
  | 'CannotStart';

/** An error of the sidecar, thrown in its process and thrown again by {@link SidecarClient} with the same code. */
export class SidecarError extends WireGuardError {
  override readonly name = 'SidecarError';
  declare readonly code: SidecarErrorCode;

  constructor(code: SidecarErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** What whoever comes too late is told by each part of a sidecar that ends. */
export const stopping = (): SidecarError =>
  new SidecarError('Stopping', 'The sidecar is about to end; ask its successor.');
