export type ProcessErrorCode =
  /** A flag, an environment variable or a file that they name cannot be used; exit code 2. */
  | 'InvalidConfiguration'
  /** The health server's address cannot be listened on. */
  | 'AddressUnavailable'
  /** What was waited for did not come within its limit. */
  | 'NotInTime';

/** Base error of this room; the message is one sentence for the person who started the process. */
export class ProcessError extends Error {
  readonly code: ProcessErrorCode;

  constructor(code: ProcessErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ProcessError';
    this.code = code;
  }
}
