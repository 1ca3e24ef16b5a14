import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Misbehaviour } from '../types.ts';
import { type ApiHost, ApiSession } from './session.ts';

export interface ApiAlone extends Pick<ApiHost, 'os' | 'saysEmpty'> {
  misbehaviour?: Misbehaviour | undefined;
}

/** A session with a router that is its configuration alone: with nothing of Linux behind it there is nothing to wait for. */
export function serveApi(stream: Duplex, { os, saysEmpty, misbehaviour }: ApiAlone): void {
  const isSocket = 'setNoDelay' in stream;
  const socket = isSocket
    ? stream
    : Object.assign(stream, { setNoDelay: () => {}, remoteAddress: '10.100.0.1' });
  new ApiSession(socket as unknown as Socket, {
    os,
    saysEmpty,
    misbehaviour,
    refresh: async () => {},
    settled: async () => {},
    ping: async () => {},
  });
}
