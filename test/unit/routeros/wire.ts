/** The API's wire format in the other direction, written from the manual's table and not from our encoder. */
export function lengthBytes(length: number): number[] {
  if (length <= 0x7f) return [length];
  if (length <= 0x3fff) return bytesOf(length + 0x8000, 2);
  if (length <= 0x1fffff) return bytesOf(length + 0xc00000, 3);
  if (length <= 0xfffffff) return bytesOf(length + 0xe0000000, 4);
  return [0xf0, ...bytesOf(length, 4)];
}

export function sentence(...words: (string | Uint8Array)[]): Buffer {
  const parts = words.flatMap((word) => {
    const content = Buffer.from(word as string);
    return [Buffer.from(lengthBytes(content.length)), content];
  });
  return Buffer.concat([...parts, Buffer.of(0)]);
}

function bytesOf(value: number, count: number): number[] {
  const bytes: number[] = [];
  for (let place = count - 1; place >= 0; place -= 1) bytes.push(Math.floor(value / 256 ** place) % 256);
  return bytes;
}
