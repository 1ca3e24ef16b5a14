/**
 * RouterOS stores bytes. Nearly all are UTF-8; WinBox and some clients write the code page of their computer (librouteros#30).
 * Bytes that are no UTF-8 become lone surrogates U+DC80–U+DCFF, as Python's "surrogateescape" has it, and bytes again when
 * they are sent: what a person wrote in code page 1251 survives being read and put back. For people they are cut out or
 * replaced, as any lone surrogate.
 */
const STRICT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const ESCAPED = /[\uDC80-\uDCFF]/u;
const PARTS = /[\uDC80-\uDCFF]|[^\uDC80-\uDCFF]+/gu;

export function textOf(bytes: Uint8Array): string {
  try {
    return STRICT.decode(bytes);
  } catch {
    return escaped(bytes);
  }
}

function escaped(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceAt(bytes, at);
    if (length > 0) text += STRICT.decode(bytes.subarray(at, at + length));
    else text += String.fromCharCode(0xdc00 + (bytes[at] ?? 0));
    at += Math.max(1, length);
  }
  return text;
}

/** Length of the UTF-8 sequence that begins there; 0 for what is none. */
function sequenceAt(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  const length =
    first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (length < 2) return length;
  try {
    STRICT.decode(bytes.subarray(at, at + length));
    return at + length <= bytes.length ? length : 0;
  } catch {
    return 0;
  }
}

/** Other lone surrogates become U+FFFD, as in any UTF-8 encoder. */
export function bytesOf(text: string): Buffer {
  if (!ESCAPED.test(text)) return Buffer.from(text, 'utf8');
  const parts = text.match(PARTS) ?? [];
  return Buffer.concat(
    parts.map((part) =>
      ESCAPED.test(part) ? Buffer.of(part.charCodeAt(0) - 0xdc00) : Buffer.from(part, 'utf8'),
    ),
  );
}
