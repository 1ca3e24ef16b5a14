/**
 * What can go wrong between us and a router. Callers decide by the code; the message is for people.
 *
 * - `LoginRefused`       the router does not accept this user and password (from this address)
 * - `NotPermitted`       the user's group lacks a policy that the command needs
 * - `NoSuchCommand`      this router has no such menu or command: often data (no such board, no such package)
 * - `Trap`               any other refusal of a command; `category` as the API manual numbers them
 * - `Fatal`              the router ended the session and said why
 * - `Timeout`            no complete answer in the time given
 * - `Aborted`            the caller's signal fired
 * - `ProtocolViolation`  the bytes are not the API protocol, or out of its order
 * - `TooLarge`           an answer went past a limit
 * - `Closed`             the connection ended before the answer did
 * - `InvalidRequest`     our own request could not be put into a sentence without changing its meaning
 */
export type RouterOsErrorCode =
  | 'LoginRefused'
  | 'NotPermitted'
  | 'NoSuchCommand'
  | 'Trap'
  | 'Fatal'
  | 'Timeout'
  | 'Aborted'
  | 'ProtocolViolation'
  | 'TooLarge'
  | 'Closed'
  | 'InvalidRequest';

/** The base error of this room. Never holds a password: text that came from a router is redacted and shortened. */
export class RouterOsError extends Error {
  override readonly name = 'RouterOsError';
  readonly code: RouterOsErrorCode;
  /** Of a trap: 0 missing item or command, 1 argument, 2 interrupted, 3 script, 4 general, 5 API, 6 TTY, 7 return. */
  readonly category: number | undefined;

  constructor(code: RouterOsErrorCode, message: string, category?: number) {
    super(message);
    this.code = code;
    this.category = category;
  }
}
