import { type Duplex, duplexPair } from 'node:stream';
import type { RouterProfileSpec } from '../../../../src/api/index.ts';
import { Answers, RouterOsApi } from '../../../../src/routeros/index.ts';
import type { UnderUndo } from '../../../../src/routeros/profile/apply.ts';
import {
  type ProfileResult,
  type ProfileTask,
  runProfiles,
  type Subject,
} from '../../../../src/routeros/profile/index.ts';
import { commandOf } from '../../../../src/routeros/undo/change.ts';
import { RouterOs } from '../../../simulator/engine/index.ts';
import { serveApi } from '../../../simulator/machine/api/without-linux.ts';

export const VERSIONS = ['7.9.2', '7.12.2', '7.16.2', '7.18.2', '7.20.8', '7.22.3', '7.24'] as const;

export const SUBJECT: Subject = {
  router: {
    name: 'hotspot-1',
    namespace: 'acme',
    address: '10.100.1.1',
    identity: 'Hotspot One',
    tenant: 'acme',
    labels: { site: 'harbour', 'topology.kubernetes.io/zone': 'west' },
  },
  tunnel: {
    name: 'acme',
    serverAddress: '10.100.0.1',
    subnet: '10.100.0.0/16',
    listenPort: '51820',
    endpoint: 'vpn.example.net',
    interface: 'tenant-tunnel',
  },
  facts: { model: 'hAP ax2', version: '7.16.2 (stable)', serialNumber: 'HD608ABCDEF', identity: 'MikroTik' },
};

/** A simulated router that has the script's user, interface and rules, and an engine to run profiles on it. */
export class SimulatedRouter {
  readonly os: RouterOs;
  readonly version: string;
  readonly sent: string[] = [];
  readonly #answers = new Answers();
  /** What goes wrong with the next changes under an undo. */
  undo: UnderUndo = keepAll;
  user = 'admin';
  password = '';

  constructor(version: string, defaultFirewall = true) {
    this.version = version;
    this.os = new RouterOs({
      version,
      board: 'hAP ax2',
      serialNumber: 'HD608ABCDEF',
      defaultFirewall,
      now: () => Date.UTC(2026, 5, 1),
    });
  }

  /** Types lines into the router's terminal; fails on any complaint. */
  type(...lines: string[]): void {
    for (const line of lines) {
      const said = this.os.terminal().paste(line);
      if (said.trim() !== '') throw new Error(`${line}: ${said}`);
    }
  }

  async open(): Promise<RouterOsApi> {
    const [ours, theirs] = duplexPair();
    serveApi(theirs, { os: this.#noting(), saysEmpty: true });
    const api = new RouterOsApi(ours as Duplex);
    await api.login(this.user, this.password);
    return api;
  }

  async run(tasks: readonly ProfileTask[], subject = SUBJECT): Promise<ProfileResult> {
    const api = await this.open();
    try {
      return await runProfiles({
        api,
        openAnother: () => this.open(),
        underUndo: this.undo,
        tasks,
        subject,
        ours: { user: 'tenant-tunnel', address: '10.100.1.1' },
        version: `${this.version} (stable)`,
        answers: { kept: this.#answers, router: this.version },
        key: 'the password of this router',
        signal: AbortSignal.timeout(20_000),
      });
    } finally {
      api.close();
    }
  }

  rows(menu: string): readonly Readonly<Record<string, string>>[] {
    return this.os.rows(menu);
  }

  /** Sentences that change something, as they come. */
  #noting(): RouterOs {
    const { os, sent } = this;
    return {
      authenticate: os.authenticate.bind(os),
      onChange: os.onChange.bind(os),
      execute: (request: Parameters<RouterOs['execute']>[0]) => {
        if (!['print', 'getall', 'inspect', 'get'].includes(request.command))
          sent.push(`${request.menu}/${request.command} ${JSON.stringify(request.attributes)}`);
        return os.execute(request);
      },
    } as unknown as RouterOs;
  }
}

/** Makes all changes, and keeps them. */
export const keepAll: UnderUndo = async ({ api, changes }) => {
  for (const change of changes) await api.command(commandOf(change));
  for (const change of changes)
    if (change.kind === 'remove' && change.canDisable) await api.command(commandOf(change, true));
  return { state: 'Kept', safeMode: false };
};

export const task = (
  spec: RouterProfileSpec,
  {
    mode = 'apply',
    profile = 'acme/base',
    secrets = {},
  }: Partial<Omit<ProfileTask, 'secrets' | 'spec'>> & {
    secrets?: Record<string, string>;
  } = {},
): ProfileTask => ({ profile, spec, mode, secrets: new Map(Object.entries(secrets)) });
