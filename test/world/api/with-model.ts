import type { ControllerClient } from '../../../src/controller/start.ts';
import { Actor } from '../actor.ts';
import { Chance } from '../chance.ts';
import { worldClient } from '../client.ts';
import { Network } from '../network.ts';
import { Timeline } from '../timeline.ts';
import { ApiServer } from './server.ts';

/** Runs something against a model of its own, while its time passes. */
export async function withModel<R>(work: (client: ControllerClient) => Promise<R>): Promise<R> {
  const timeline = new Timeline();
  const server = new ApiServer(() => timeline.wall);
  const network = new Network(timeline, new Chance(1), {}, () => {});
  let isDone = false;
  const result = work(worldClient(new Actor('one', timeline), server, network)).finally(() => {
    isDone = true;
  });
  while (!isDone) await timeline.run(timeline.now + 1000, () => isDone);
  return result;
}
