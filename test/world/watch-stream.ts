import type {
  KubeApiError,
  KubeObject,
  ResourceType,
  WatchEvent,
  WatchOptions,
} from '../../src/kube/index.ts';
import type { Actor } from './actor.ts';
import type { ApiServer, Change } from './api/server.ts';
import { eventOf, follow } from './api/watch.ts';
import { type Network, refused } from './network.ts';

type Item<T extends KubeObject> = { event: WatchEvent<T> } | { error: KubeApiError } | { end: true };

/** One watch as a process sees it: all changes in their order, each as late as the weather has it. */
export async function* watchStream<T extends KubeObject>(
  type: ResourceType<T>,
  options: WatchOptions,
  actor: Actor,
  server: ApiServer,
  network: Network,
): AsyncGenerator<WatchEvent<T>, void, undefined> {
  const { timeline, chance } = network;
  const { signal, timeoutSeconds, namespace, labelSelector } = options;
  const from = Number(options.resourceVersion);
  const what = `watch ${type.plural}`;
  const items: Item<T>[] = [];
  let wake: () => void = () => {};
  let stop: () => void = () => {};
  let due = 0;
  let isOver = false;
  const offer = (item: Item<T>): void => {
    items.push(item);
    wake();
  };
  const tell = (name: string, item: Item<T>): void => {
    const lag = chance.between(network.nth(`${actor.name} ${what} ${name} seen`), ...network.weather.lag);
    due = Math.max(due, timeline.now + lag);
    timeline.after(due - timeline.now, () => actor.deliver(() => offer(item)));
  };
  const change = (one: Change): void => {
    const event = eventOf(type, { namespace, labelSelector }, one);
    if (event !== undefined) tell(one.key, { event });
  };
  const end = (...last: Item<T>[]): void => {
    stop();
    for (const item of last) tell('end', item);
  };
  const cut = (): void => end({ error: refused('Unreachable', `Cannot ${what}: cut.`) });
  const act = (): void => {
    if (from < server.oldest) throw refused('Expired', `Cannot ${what}: too old resource version.`);
    const unfollow = follow(server, from, change);
    const cancel = timeline.after(timeoutSeconds * 1000, () => {
      const resourceVersion = String(server.version);
      end({ event: { type: 'BOOKMARK', resourceVersion } }, { end: true });
    });
    actor.watches.add(cut);
    stop = () => {
      unfollow();
      cancel();
      actor.watches.delete(cut);
    };
    if (isOver) stop();
  };
  const abort = (): void => offer({ error: refused('Aborted', `Cannot ${what}: called off.`) });
  signal.addEventListener('abort', abort, { once: true });
  try {
    await network.send(actor, { what, writes: false, idempotent: true, act }, 30_000, signal);
    for (;;) {
      const item = items.shift();
      if (item === undefined) await new Promise<void>((resolve) => (wake = resolve));
      else if ('error' in item) throw item.error;
      else if ('end' in item) return;
      else yield item.event;
    }
  } finally {
    isOver = true;
    stop();
    signal.removeEventListener('abort', abort);
  }
}
