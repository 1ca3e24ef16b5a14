import { setImmediate as turn } from 'node:timers/promises';
import { OperationQueue } from '../../../src/wireguard/tunnel/queue.ts';

/** Operations that end when they are told to, and what has begun. */
function createOperations() {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const operation = (name: string) => async (): Promise<string> => {
    begun.push(name);
    await new Promise<void>((resolve) => ends.set(name, resolve));
    return name;
  };
  return {
    begun,
    operation,
    end: async (name: string) => {
      ends.get(name)?.();
      await turn();
    },
  };
}

describe('the queue of operations', () => {
  test('runs those of one tunnel one after the other, in their order', async () => {
    const { begun, operation, end } = createOperations();
    const queue = new OperationQueue({ atOnce: 8, waitingPerKey: 8 });
    const results = ['a', 'b', 'c'].map((name) => queue.run('wg0', operation(name)));
    for (const [index, name] of ['a', 'b', 'c'].entries()) {
      await turn();
      expect(begun).toEqual(['a', 'b', 'c'].slice(0, index + 1));
      await end(name);
    }
    expect(await Promise.all(results)).toEqual(['a', 'b', 'c']);
    expect(queue.size).toBe(0);
  });

  test('runs those of different tunnels side by side, up to its limit', async () => {
    const { begun, operation, end } = createOperations();
    const queue = new OperationQueue({ atOnce: 2, waitingPerKey: 8 });
    const results = ['a', 'b', 'c'].map((name) => queue.run(name, operation(name)));
    await turn();
    expect(begun).toEqual(['a', 'b']);
    await end('b');
    expect(begun).toEqual(['a', 'b', 'c']);
    await end('a');
    await end('c');
    await Promise.all(results);
  });

  test('goes on after one that failed', async () => {
    const queue = new OperationQueue({ atOnce: 1, waitingPerKey: 8 });
    const failed = queue.run('wg0', () => Promise.reject(new Error('no')));
    const next = queue.run('wg0', () => Promise.resolve('yes'));
    await expect(failed).rejects.toThrow('no');
    expect(await next).toBe('yes');
    expect(queue.size).toBe(0);
  });

  test('refuses more than may wait, and takes others again when there is room', async () => {
    const { operation, end } = createOperations();
    const queue = new OperationQueue({ atOnce: 8, waitingPerKey: 1 });
    const running = queue.run('wg0', operation('a'));
    const waiting = queue.run('wg0', operation('b'));
    await expect(queue.run('wg0', operation('c'))).rejects.toMatchObject({ code: 'Busy' });
    await turn();
    await end('a');
    await end('b');
    await Promise.all([running, waiting]);
    expect(await queue.run('wg0', () => Promise.resolve(1))).toBe(1);
  });

  test('closed, ends when what runs has ended, and refuses what waits and what comes', async () => {
    const { begun, operation, end } = createOperations();
    const queue = new OperationQueue({ atOnce: 2, waitingPerKey: 8 });
    const running = [queue.run('wg0', operation('a')), queue.run('wg1', operation('b'))];
    const waiting = [
      // For its tunnel, and for its turn among all.
      queue.run('wg0', operation('c')),
      queue.run('wg2', operation('d')),
    ];
    await turn();
    expect(queue.isClosed).toBe(false);
    let isClosed = false;
    const closed = queue.close().then(() => {
      isClosed = true;
    });
    await expect(queue.run('wg3', operation('e'))).rejects.toMatchObject({ code: 'Stopping' });
    const refused = Promise.all(
      waiting.map((each) => expect(each).rejects.toMatchObject({ code: 'Stopping' })),
    );
    await end('a');
    expect(isClosed).toBe(false);
    await end('b');
    await closed;
    await refused;
    expect(await Promise.all(running)).toEqual(['a', 'b']);
    expect(begun).toEqual(['a', 'b']);
    expect(queue.size).toBe(0);
    expect(queue.isClosed).toBe(true);
  });

  test('closed with nothing in it is closed at once, however often', async () => {
    const queue = new OperationQueue({ atOnce: 1, waitingPerKey: 1 });
    await Promise.all([queue.close(), queue.close()]);
    await queue.close();
  });
});
