import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownedDirectory } from '../testbed/lifetime.ts';
import { GATEWAY_NAMESPACE, SYSTEM_NAMESPACE, type System } from '../testbed/system.ts';

/** What the sidecar starts. */
const PROGRAMS = ['ip', 'nft', 'wg', 'wireguard-go'];
const PROCESSES = ['controller', 'agent', 'sidecar'] as const;

/** Objects that may hold no secret; of Routers, all but a script that waits to be pasted. */
const LISTS = [
  '/api/v1/configmaps',
  '/apis/events.k8s.io/v1/events',
  '/apis/coordination.k8s.io/v1/leases',
  '/apis/vpn.traidnet.io/v1alpha1/routers',
  '/apis/vpn.traidnet.io/v1alpha1/tenanttunnels',
  '/apis/vpn.traidnet.io/v1alpha1/tunnelclasses',
];

/** A place and all the text in it. */
export type Places = Map<string, string>;

/**
 * Records the arguments of every program that is started by name with {@link ArgumentRecord.environment}: each is
 * found first in a directory of little scripts that write down how they were called.
 */
export class ArgumentRecord {
  readonly #directory = ownedDirectory('arguments');
  readonly environment: Record<string, string>;

  constructor() {
    const { path } = this.#directory;
    const search = process.env.PATH ?? '';
    writeFileSync(join(path, 'record'), '');
    for (const program of PROGRAMS) {
      const file = join(path, program);
      const lines = [
        '#!/bin/sh',
        `echo ${program} "$@" >> ${path}/record`,
        `PATH='${search}' exec ${program} "$@"`,
      ];
      writeFileSync(file, `${lines.join('\n')}\n`);
      chmodSync(file, 0o755);
    }
    this.environment = { PATH: `${path}:${search}` };
  }

  read(): string {
    return readFileSync(join(this.#directory.path, 'record'), 'utf8');
  }

  remove(): void {
    this.#directory.remove();
  }
}

/** Looks on from start to stop: which secrets there are, and which arguments any process of the machine has. */
export class LeakWatch {
  /** Secret → what it is. */
  readonly secrets = new Map<string, string>();
  readonly #system: System;
  readonly #arguments: ArgumentRecord;
  readonly #seenArguments = new Set<string>();
  readonly #timers: NodeJS.Timeout[];

  constructor(system: System, record: ArgumentRecord) {
    this.#system = system;
    this.#arguments = record;
    this.#timers = [
      setInterval(() => this.#sampleArguments(), 100),
      // Between two looks the API server may be down.
      setInterval(() => void this.learnSecrets().catch(() => undefined), 500),
    ];
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  /** Remembers every private key, password and pre-shared key that is recorded or handed over now. */
  async learnSecrets(): Promise<void> {
    for (const namespace of [SYSTEM_NAMESPACE, GATEWAY_NAMESPACE]) {
      const reply = await this.#system.plane.request('GET', `/api/v1/namespaces/${namespace}/secrets`);
      for (const { metadata, data = {} } of reply.json().items) {
        for (const [key, value] of Object.entries(data as Record<string, string>)) {
          const text = Buffer.from(value, 'base64').toString('utf8');
          const where = `${namespace}/${metadata.name}`;
          if (key === 'privateKey') this.secrets.set(text, `private key of ${where}`);
          else this.#collect(parsed(text), where);
        }
      }
    }
  }

  #collect(value: unknown, where: string): void {
    if (typeof value !== 'object' || value === null) return;
    for (const [field, inner] of Object.entries(value)) {
      const isSecret = /^(privateKey|presharedKey|password|next)$/.test(field);
      if (isSecret && typeof inner === 'string') this.secrets.set(inner, `${field} in ${where}`);
      else this.#collect(inner, where);
    }
  }

  #sampleArguments(): void {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        this.#seenArguments.add(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '));
      } catch {
        // It ended between the two.
      }
    }
  }

  /** Everything that is there to be read by somebody who may not see secrets. */
  async places(): Promise<Places> {
    const { plane } = this.#system;
    const places: Places = new Map();
    for (const path of LISTS) {
      const { items } = (await plane.request('GET', path)).json();
      // What says that it was used is no script.
      for (const item of items)
        if (!item.status?.script?.startsWith('# Used on ')) delete item.status?.script;
      places.set(path, JSON.stringify(items));
    }
    for (const name of PROCESSES) {
      places.set(`log of ${name}`, this.#system.log(name));
      places.set(`metrics of ${name}`, await this.#system.metrics(name));
    }
    places.set('arguments of processes', [...this.#seenArguments].join('\n'));
    places.set('arguments of programs that the sidecar starts', this.#arguments.read());
    return places;
  }
}

/** Where any of these texts stands, as it is or encoded: `what: place`. */
export function findAll(texts: ReadonlyMap<string, string>, places: Places): string[] {
  const found: string[] = [];
  for (const [text, what] of texts) {
    const forms = formsOf(text);
    for (const [place, content] of places) {
      if (forms.some((form) => content.includes(form))) found.push(`${what}: ${place}`);
    }
  }
  return found;
}

/** As written, as in a Secret's data, in a URL, and in the hexadecimal of WireGuard's control protocol. */
function formsOf(text: string): string[] {
  const forms = [text, Buffer.from(text).toString('base64').replace(/=+$/, ''), encodeURIComponent(text)];
  if (/^[A-Za-z0-9+/]{43}=$/.test(text)) forms.push(Buffer.from(text, 'base64').toString('hex'));
  return forms;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
