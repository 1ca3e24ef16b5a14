import type { Duplex } from 'node:stream';
import type { DecoderLimits } from './decoder.ts';

export interface ApiOptions {
  /** For each command that names no time of its own, ms. Default 10 000. */
  commandTimeoutMs?: number;
  /** For the whole session from construction on, ms; then everything under way fails. Default: none. */
  sessionTimeoutMs?: number;
  limits?: Partial<ApiLimits>;
}

export interface ApiLimits extends DecoderLimits {
  /** `!re` sentences of one command. Default 10 000. */
  maxReplies: number;
  /** Bytes of all sentences of one command. Default 8 MiB. */
  maxCommandBytes: number;
}

/** Words of an API sentence: the command's path and either raw words or these parts. */
export interface ApiCommand {
  /** E.g. `/system/identity/print`. */
  path: string;
  /** Booleans are written yes/no. */
  attributes?: Readonly<Record<string, string | number | boolean>>;
  /** Query words without the `?`, e.g. `name=ether1`, `#|`. */
  queries?: readonly string[];
  /** Property names: the router returns these alone, which saves it the slow ones. */
  proplist?: readonly string[];
}

export interface CommandOptions {
  timeoutMs?: number;
  signal?: AbortSignal;
  /** Stop after so many rows: the rest is cancelled, `truncated` says so. */
  takeRows?: number;
}

/** Property names to values; all are strings. No prototype, so that a router's names cannot meet ours. */
export type ApiRow = Readonly<Record<string, string>>;

export interface ApiReply {
  rows: ApiRow[];
  /** Of `!done`: after `add`, `ret` is the new row's id. */
  done: ApiRow;
  truncated: boolean;
}

/** A session of the RouterOS API over a stream that is already connected. Errors are {@link RouterOsError}. */
export interface RouterOsApi {
  login(user: string, password: string, options?: CommandOptions): Promise<void>;
  command(command: ApiCommand | readonly string[], options?: CommandOptions): Promise<ApiReply>;
  /** Ends the stream; commands under way fail with `Closed`. */
  close(): void;
}

export declare const openApi: (stream: Duplex, options?: ApiOptions) => RouterOsApi;
