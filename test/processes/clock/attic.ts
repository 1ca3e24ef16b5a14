/** Two routers of one tunnel, of which one loses its clock; what their handshakes were is written down. */
import type { SimulatedRouter } from '../../simulator/machine/index.ts';
import { ensureClockedWireguard } from '../../testbed/binaries.ts';
import { InitiationRecord } from '../../testbed/initiation-record.ts';
import { waitFor } from '../../testbed/wait.ts';
import { peersOnNode } from '../node-side.ts';
import { World } from '../world.ts';

export const YEAR_MS = 365 * 86_400_000;
/** What is promised; without it such a router would be away until somebody drives there. */
export const PROMISED_MS = 180_000;
/** The router that wakes up with a wrong clock, and one whose clock is right. */
export const KEY = 'acme/attic';
export const BESIDE = 'acme/cellar';

export class Attic {
  readonly world: World;
  readonly router: SimulatedRouter;
  readonly beside: SimulatedRouter;
  readonly record: InitiationRecord;
  readonly #program: string;

  private constructor(
    world: World,
    router: SimulatedRouter,
    beside: SimulatedRouter,
    record: InitiationRecord,
    program: string,
  ) {
    this.world = world;
    this.router = router;
    this.beside = beside;
    this.record = record;
    this.#program = program;
  }

  static async start(): Promise<Attic> {
    const program = await ensureClockedWireguard();
    const world = await World.start({ namespaces: ['acme'] });
    const record = new InitiationRecord(world.system.node.pid);
    const router = await world.bringOnline(KEY, '7.16.2');
    const beside = await world.bringOnline(BESIDE, '7.18.2');
    return new Attic(world, router, beside, record, program);
  }

  async stop(): Promise<void> {
    this.record.close();
    await this.world.stop();
  }

  async onNode(field: 'endpoints' | 'latest-handshakes'): Promise<string> {
    const publicKey = this.world.router(KEY).status?.publicKey ?? '';
    return (await peersOnNode(this.world.system, 'wg0', field)).get(publicKey) ?? '';
  }

  /**
   * Power off, and on again elsewhere with a clock that is so far behind: where it was, the server might call it by
   * chance.
   *
   * @returns how long after power is back it is let in, ms
   */
  async wakeUpAt(offsetMs: number): Promise<number> {
    const before = Number(await this.onNode('latest-handshakes'));
    await this.router.powerOff();
    await this.router.moveTo();
    this.router.setClock({ program: this.#program, offsetMs });
    const began = performance.now();
    await this.router.powerOn();
    await waitFor(
      'the router is let in',
      async () => Number(await this.onNode('latest-handshakes')) > before,
      2 * PROMISED_MS,
    );
    return performance.now() - began;
  }
}
