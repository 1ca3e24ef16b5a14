import type { IncomingMessage } from 'node:http';
import { SidecarError } from '../errors.ts';
import { MAX_REQUEST_BYTES } from '../protocol.ts';

const tooLarge = (): SidecarError =>
  new SidecarError('TooLarge', `The body is larger than ${MAX_REQUEST_BYTES} bytes.`);

/** The JSON body of a request. Throws `TooLarge` or `InvalidRequest`; a body is never quoted, it may hold keys. */
export async function readBody(request: IncomingMessage): Promise<unknown> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_REQUEST_BYTES) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request) {
      size += (chunk as Buffer).length;
      if (size > MAX_REQUEST_BYTES) throw tooLarge();
      chunks.push(chunk as Buffer);
    }
  } catch (cause) {
    if (cause instanceof SidecarError) throw cause;
    throw new SidecarError('InvalidRequest', 'The body was cut short.', { cause });
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new SidecarError('InvalidRequest', 'The body is not JSON.');
  }
}
