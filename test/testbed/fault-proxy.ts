/** A proxy in front of an API server that answers, cuts, hangs, delays and loses as told: plain HTTP before, TLS behind. */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Agent, request } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

export type Fault =
  /** Answers by itself, with a metav1.Status; nothing reaches the server. */
  | { kind: 'answer'; status: number; retryAfterSeconds?: number }
  /** Passes so many bytes of the reply's body, then cuts the connection; likely within a line. */
  | { kind: 'cut'; afterBytes: number }
  /** Passes so many bytes, then no more, with the connection open. */
  | { kind: 'stall'; afterBytes: number }
  /** Never answers. */
  | { kind: 'hang' }
  | { kind: 'delay'; ms: number }
  /** Lets the server do it, then cuts the connection in place of the reply. */
  | { kind: 'loseReply' }
  /** Lets the server do it, tells, and keeps the reply. */
  | { kind: 'keepReply'; done: () => void }
  /** Takes the request in whole, tells, and sends it on when told, whether or not its sender is still there. */
  | { kind: 'hold'; until: Promise<unknown>; taken?: () => void }
  /** After so many events of a watch, one of type ERROR, and the end. */
  | { kind: 'errorEvent'; code: number; afterEvents: number };

export interface ProxiedRequest {
  method: string;
  /** With query. */
  path: string;
  kind: 'watch' | 'list' | 'other';
}

export interface FaultProxy {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** Every request so far. */
  readonly requests: ProxiedRequest[];
  /** Connections accepted so far. */
  readonly accepted: number;
  /** The most that were open at once. */
  readonly mostOpen: number;
  /** Faults done so far, by kind. */
  readonly faults: Map<Fault['kind'], number>;
  /** Decides about each request from now on; without a decision it passes. */
  decide(rule: ((request: ProxiedRequest) => Fault | undefined) | undefined): void;
  /** Cuts every open connection. */
  cutAll(): void;
  stop(): Promise<void>;
}

export async function startFaultProxy(upstream: string, caFile: string): Promise<FaultProxy> {
  const target = new URL(upstream);
  const agent = new Agent({ keepAlive: true, ca: readFileSync(caFile) });
  const sockets = new Set<Socket>();
  const requests: ProxiedRequest[] = [];
  const faults = new Map<Fault['kind'], number>();
  let rule: ((request: ProxiedRequest) => Fault | undefined) | undefined;
  let accepted = 0;
  let mostOpen = 0;

  const server = createServer((incoming, outgoing) => {
    const path = incoming.url ?? '/';
    const proxied: ProxiedRequest = {
      method: incoming.method ?? 'GET',
      path,
      kind: kindOf(incoming.method, path),
    };
    requests.push(proxied);
    const fault = rule?.(proxied);
    if (fault !== undefined) faults.set(fault.kind, (faults.get(fault.kind) ?? 0) + 1);
    if (fault?.kind === 'hang') return;
    if (fault?.kind === 'answer') {
      incoming.resume();
      answer(outgoing, fault.status, fault.retryAfterSeconds);
      return;
    }
    const pass = () => forward(incoming, outgoing, fault);
    if (fault?.kind === 'delay') setTimeout(pass, fault.ms);
    else if (fault?.kind === 'hold') void holdBack(incoming, outgoing, fault);
    else pass();
  });
  server.keepAliveTimeout = 60_000;
  server.requestTimeout = 0;
  server.on('connection', (socket) => {
    accepted++;
    sockets.add(socket);
    mostOpen = Math.max(mostOpen, sockets.size);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
  });

  function sendOn(incoming: IncomingMessage) {
    const { host: _host, connection: _connection, ...headers } = incoming.headers;
    return request({
      agent,
      hostname: target.hostname,
      port: target.port,
      method: incoming.method,
      path: incoming.url,
      headers,
    });
  }

  async function holdBack(
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    { until, taken }: Extract<Fault, { kind: 'hold' }>,
  ): Promise<void> {
    const body: Buffer[] = [];
    try {
      for await (const chunk of incoming as AsyncIterable<Buffer>) body.push(chunk);
    } catch {
      // Its sender ended in the middle of it.
      return;
    }
    taken?.();
    await until;
    const sent = sendOn(incoming);
    sent.on('response', (reply) => {
      outgoing.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(outgoing);
    });
    sent.on('error', () => outgoing.destroy());
    sent.end(Buffer.concat(body));
  }

  function forward(incoming: IncomingMessage, outgoing: ServerResponse, fault: Fault | undefined): void {
    const sent = sendOn(incoming);
    sent.on('response', (reply) => {
      reply.on('error', () => outgoing.destroy());
      if (fault?.kind === 'keepReply') {
        reply.resume();
        reply.on('end', fault.done);
        return;
      }
      if (fault?.kind === 'loseReply') {
        reply.resume();
        reply.on('end', () => outgoing.destroy());
        return;
      }
      outgoing.writeHead(reply.statusCode ?? 502, reply.headers);
      outgoing.flushHeaders();
      passBody(reply, outgoing, fault);
    });
    // A server that is down looks so from before the proxy, too.
    sent.on('error', () => outgoing.destroy());
    outgoing.on('close', () => sent.destroy());
    incoming.pipe(sent);
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const cutAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    faults,
    get accepted() {
      return accepted;
    },
    get mostOpen() {
      return mostOpen;
    },
    decide(next) {
      rule = next;
    },
    cutAll,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      cutAll();
      agent.destroy();
      await closed;
    },
  };
}

function kindOf(method: string | undefined, path: string): ProxiedRequest['kind'] {
  if (method !== 'GET') return 'other';
  if (/[?&]watch=true/.test(path)) return 'watch';
  return /\?(.*&)?(limit|continue|resourceVersionMatch)=/.test(path) ? 'list' : 'other';
}

function answer(outgoing: ServerResponse, code: number, retryAfterSeconds: number | undefined): void {
  outgoing.writeHead(code, {
    'content-type': 'application/json',
    ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }),
  });
  outgoing.end(JSON.stringify(statusObject(code)));
}

function statusObject(code: number) {
  const reason = code === 410 ? 'Expired' : code === 429 ? 'TooManyRequests' : 'InternalError';
  return {
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    message: 'made up by the fault proxy',
    reason,
    code,
  };
}

function passBody(reply: IncomingMessage, outgoing: ServerResponse, fault: Fault | undefined): void {
  if (fault?.kind !== 'cut' && fault?.kind !== 'stall' && fault?.kind !== 'errorEvent') {
    reply.pipe(outgoing);
    return;
  }
  let passed = 0;
  let over = false;
  reply.on('data', (chunk: Buffer) => {
    if (over) return;
    const end =
      fault.kind === 'errorEvent' ? endOfLine(chunk, fault.afterEvents - passed) : fault.afterBytes - passed;
    passed += fault.kind === 'errorEvent' ? lines(chunk) : chunk.length;
    if (end === undefined || end > chunk.length) {
      outgoing.write(chunk);
      return;
    }
    over = true;
    const part = chunk.subarray(0, end);
    if (fault.kind === 'errorEvent') {
      outgoing.end(
        Buffer.concat([
          part,
          Buffer.from(`${JSON.stringify({ type: 'ERROR', object: statusObject(fault.code) })}\n`),
        ]),
      );
    } else if (fault.kind === 'stall') {
      outgoing.write(part);
    } else {
      outgoing.write(part, () => outgoing.destroy());
    }
  });
  reply.on('end', () => {
    if (!over) outgoing.end();
  });
}

function lines(chunk: Buffer): number {
  return chunk.reduce((count, byte) => count + (byte === 0x0a ? 1 : 0), 0);
}

/** Where the chunk's line number `count` ends; undefined when it has fewer. */
function endOfLine(chunk: Buffer, count: number): number | undefined {
  let at = 0;
  for (let line = 0; line < Math.max(count, 1); line++) {
    const next = chunk.indexOf(0x0a, at);
    if (next < 0) return undefined;
    at = next + 1;
  }
  return at;
}
