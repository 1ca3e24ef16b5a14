import { API_VERSION, DEFAULT_CLASS_ANNOTATION } from '../../src/api/index.ts';
import { type System, type SystemOptions, startSystem } from '../testbed/system.ts';
import { Field, GROUP_PATH, type Plain } from './field.ts';

export { inWords, tell } from './field.ts';

export interface WorldOptions extends SystemOptions {
  namespaces: readonly string[];
  /** Beside the endpoint, of the one TunnelClass, which is the default. */
  classSpec?: Plain;
}

/** The operator on one machine, one class, namespaces, and routers in the field: what every test here begins with. */
export class World extends Field {
  readonly system: System;

  static async start({ namespaces, classSpec = {}, ...options }: WorldOptions): Promise<World> {
    const system = await startSystem(options);
    try {
      const world = new World(system);
      await world.create(`${GROUP_PATH}/tunnelclasses`, {
        apiVersion: API_VERSION,
        kind: 'TunnelClass',
        metadata: { name: 'standard', annotations: { [DEFAULT_CLASS_ANNOTATION]: 'true' } },
        spec: {
          endpoint: { host: system.node.address },
          ...classSpec,
        },
      });
      for (const name of namespaces) await world.createNamespace(name);
      return world;
    } catch (error) {
      await system.stop();
      throw error;
    }
  }

  private constructor(system: System) {
    super(system.plane, system.network);
    this.system = system;
  }

  override async stop(): Promise<void> {
    await super.stop();
    await this.system.stop();
  }
}
