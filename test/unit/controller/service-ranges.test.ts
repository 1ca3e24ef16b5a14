import { ServiceRanges } from '../../../src/controller/service-ranges.ts';
import { type KubeApi, KubeApiError } from '../../../src/kube/index.ts';

const { signal } = new AbortController();

function asked(...answers: (string[] | string)[]) {
  let now = 0;
  let count = 0;
  const list = async () => {
    const answer = answers[Math.min(count++, answers.length - 1)];
    if (typeof answer === 'string') throw new KubeApiError(answer as 'NotFound', 'No.');
    return { items: (answer ?? []).map((cidr) => ({ spec: { cidrs: [cidr] } })) };
  };
  const client = { list } as unknown as KubeApi;
  const ranges = new ServiceRanges(client, () => now);
  return {
    read: () => ranges.read(signal),
    passes: (ms: number) => {
      now += ms;
    },
    count: () => count,
  };
}

test('ranges are asked for once an hour, and told in one order', async () => {
  const { read, passes, count } = asked(['10.96.0.0/12', '10.32.0.0/16'], ['10.96.0.0/12']);
  for (let i = 0; i < 3; i++) expect(await read()).toEqual(['10.32.0.0/16', '10.96.0.0/12']);
  passes(3_599_999);
  await read();
  expect(count()).toBe(1);
  passes(1);
  expect(await read()).toEqual(['10.96.0.0/12']);
});

test.each(['NotFound', 'Forbidden'])('%s: nothing is known of them, and that is well', async (code) => {
  const { read, count } = asked(code);
  expect([await read(), await read(), count()]).toEqual([[], [], 1]);
});

test('what went wrong otherwise is tried again', async () => {
  const { read } = asked('Unavailable', ['10.96.0.0/12']);
  await expect(read()).rejects.toMatchObject({ code: 'Unavailable' });
  expect(await read()).toEqual(['10.96.0.0/12']);
});
