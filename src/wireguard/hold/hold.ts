import { run } from '../command.ts';
import type { Hold } from '../protocol.ts';
import { HOLD_TABLE, portsIn, renderHold, renderRelease, renderWord } from './table.ts';

/**
 * Whether this node's tunnels may speak, as the agent has last said. The kernel keeps the time, so that neither a dead
 * agent nor a dead sidecar leaves a node that goes on answering for tunnels which another has by now.
 */
export class HoldKeeper {
  /** Interface name → UDP port. */
  readonly #ports = new Map<string, number>();
  #said: Hold = { seconds: null, fenced: [] };
  /** When what was said runs out, ms, monotonic; null: never. */
  #until: number | null = null;
  /** The table that stands, but for its word; undefined: not known. */
  #standing: string | undefined;
  /** Ports in the table of a sidecar before this one, whose tunnels are yet to be put again. */
  #inherited: readonly number[] | undefined;
  #last: Promise<unknown> = Promise.resolve();

  /** Takes the agent's word. Throws where the node's nftables cannot do it. */
  say(hold: Hold): Promise<void> {
    // Counted from when it was said, however long others have their turn.
    const until = hold.seconds === null ? null : performance.now() + hold.seconds * 1000;
    return this.#inTurn(async () => {
      this.#said = hold;
      this.#until = until;
      await this.#apply(true);
    });
  }

  /** A tunnel has this port from now on. */
  async add(interfaceName: string, port: number): Promise<void> {
    if (this.#ports.get(interfaceName) === port) return;
    this.#ports.set(interfaceName, port);
    await this.#inTurn(() => this.#apply(false));
  }

  /** A tunnel is gone; with the last one the table goes as well, until there is one again. */
  async remove(interfaceName: string): Promise<void> {
    if (!this.#ports.delete(interfaceName)) return;
    await this.#inTurn(async () => {
      this.#inherited = [];
      await this.#apply(false);
    });
  }

  async #apply(isWord: boolean): Promise<void> {
    const { fenced } = this.#said;
    const until = this.#until;
    if (until === null && fenced.length === 0) return this.#release();
    this.#inherited ??= await listPorts();
    const ports = [...new Set([...this.#inherited, ...this.#ports.values()])];
    if (ports.length === 0) return this.#release();
    const state = {
      silentAfterMs: until === null ? null : Math.max(0, until - performance.now()),
      ports,
      fenced: fenced.flatMap((name) => this.#ports.get(name) ?? []),
    };
    const table = renderHold({ ...state, silentAfterMs: until === null ? null : 0 });
    if (table === this.#standing) {
      if (!isWord || state.silentAfterMs === null) return;
      // Somebody may have deleted the table.
      if (
        await this.#run(renderWord(state.silentAfterMs), table).then(
          () => true,
          () => false,
        )
      )
        return;
    }
    await this.#run(renderHold(state), table);
  }

  async #release(): Promise<void> {
    if (this.#standing === '') return;
    await this.#run(renderRelease, '');
    this.#inherited = [];
  }

  async #run(input: string, table: string): Promise<void> {
    this.#standing = undefined;
    await run('nft', ['-f', '-'], { input });
    this.#standing = table;
  }

  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(action);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

async function listPorts(): Promise<number[]> {
  const { code, stdout } = await run('nft', ['list', 'set', ...HOLD_TABLE.split(' '), 'ports'], {
    accept: [0, 1],
  });
  return code === 0 ? portsIn(stdout) : [];
}
