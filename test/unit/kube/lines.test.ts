import fc from 'fast-check';
import { LineSplitter } from '../../../src/kube/lines.ts';

const text = fc
  .string({ unit: 'binary', maxLength: 40 })
  .map((line) => line.replaceAll('\n', ' ').toWellFormed());

test('lines come out whole and in order, wherever the stream is cut into chunks', () => {
  fc.assert(
    fc.property(fc.array(text), fc.array(fc.integer({ min: 1, max: 30 })), (lines, sizes) => {
      const stream = Buffer.from(lines.map((line) => `${line}\n`).join(''));
      const splitter = new LineSplitter(1000);
      const out: string[] = [];
      let at = 0;
      for (let i = 0; at < stream.length; i++) {
        const size = sizes[i % Math.max(sizes.length, 1)] ?? 7;
        out.push(...splitter.push(stream.subarray(at, at + size)));
        at += size;
      }
      expect(out).toEqual(lines.filter((line) => line !== ''));
    }),
    { numRuns: 2000 },
  );
});

test('a line cut off by the end of the stream does not come out', () => {
  const splitter = new LineSplitter(1000);
  expect([...splitter.push(Buffer.from('{"a":1}\n{"b":'))]).toEqual(['{"a":1}']);
});

test.each([
  ['in one chunk', ['x'.repeat(11)]],
  ['over many chunks, before it has ended', ['x'.repeat(6), 'x'.repeat(5)]],
])('a line that is too long is refused %s', (_where, chunks) => {
  const splitter = new LineSplitter(10);
  const push = () => chunks.flatMap((chunk) => [...splitter.push(Buffer.from(chunk))]);
  expect(push).toThrow(expect.objectContaining({ code: 'BadResponse' }));
});

test('the limit is that of one line, not of the stream', () => {
  const splitter = new LineSplitter(10);
  expect([...splitter.push(Buffer.from(`${'x'.repeat(10)}\n`.repeat(50)))]).toHaveLength(50);
});
