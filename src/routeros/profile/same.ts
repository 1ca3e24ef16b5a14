/**
 * Whether what a router reads out is what was written: RouterOS writes durations, booleans, rates, addresses and lists
 * its own way. What it turns into something that is not foreseen here is remembered (inventory.ts).
 */
import { durationMs } from '../duration.ts';

/** Texts are texts: a name "1h" is not "60m". */
const LITERAL = /^(name|comment|identity|contact|location|source|on-event|on-up|on-down|regexp?|ssid)$/;
const SECRET = /(password|secret|passphrase|private-key|preshared-key|auth-key|pre-shared-key)$/;
/** Lists whose order means something. */
const ORDERED = /^(servers|dns-server|wins-server|ntp-server|gateway|ranges|remote|trap-target)$/;

/** A property that holds a secret by its name. */
export const isSecretName = (property: string): boolean => SECRET.test(property);

/** `undefined`: the row does not have the property. */
export function isSame(path: string, property: string, wanted: string, read: string | undefined): boolean {
  const is = read ?? '';
  if (wanted === is) return true;
  if (LITERAL.test(property) || isSecretName(property)) return false;
  if (property === 'policy') return samePolicy(wanted, is);
  const keepsHostBits = path === '/ip/address' && property === 'address';
  const form = (text: string): string => canonical(text, keepsHostBits);
  const wantedItems = wanted.split(',').map(form);
  const readItems = is.split(',').map(form);
  if (wantedItems.length !== readItems.length) return false;
  if (wantedItems.every((item, at) => item === readItems[at])) return true;
  if (samePair(wanted, is)) return true;
  if (ORDERED.test(property)) return false;
  const bare = (text: string, items: string[]) =>
    text.startsWith('!') ? ['!', ...items.map((item) => item.replace(/^!/, ''))] : items;
  return [...bare(wanted, wantedItems)].sort().join() === [...bare(is, readItems)].sort().join();
}

/** Rights that are not named are not given: they read `!word`. */
function samePolicy(wanted: string, is: string): boolean {
  const given = (text: string) =>
    text
      .split(',')
      .filter((word) => word !== '' && !word.startsWith('!'))
      .sort()
      .join();
  return given(wanted) === given(is);
}

/** Up and down: `20M` is `20000000/20000000`. */
function samePair(wanted: string, is: string): boolean {
  const [up = '', down = up, more] = wanted.split('/');
  const read = is.split('/');
  if (more !== undefined || read.length !== 2) return false;
  return (
    canonical(up, false) === canonical(read[0] ?? '', false) &&
    canonical(down, false) === canonical(read[1] ?? '', false)
  );
}

const WORDS: Readonly<Record<string, string>> = {
  true: 'yes',
  false: 'no',
  '0.0.0.0/0': '',
  '::/0': '',
  '0.0.0.0': '',
  '::': '',
};
const UNITS: Readonly<Record<string, number>> = {
  k: 1e3,
  M: 1e6,
  G: 1e9,
  KiB: 1,
  MiB: 1024,
  GiB: 1024 ** 2,
};

function canonical(text: string, keepsHostBits: boolean): string {
  const word = Object.hasOwn(WORDS, text) ? WORDS[text] : undefined;
  if (word !== undefined) return word;
  const [, digits, unit = ''] = /^(\d{1,15})(k|M|G|KiB|MiB|GiB)$/.exec(text) ?? [];
  if (digits !== undefined) return String(Number(digits) * (UNITS[unit] ?? 1));
  const milliseconds = durationMs(text);
  if (milliseconds !== undefined)
    return milliseconds % 1000 === 0 ? String(milliseconds / 1000) : `${milliseconds}ms`;
  if (/^([0-9A-F]{2}[:-]){5}[0-9A-F]{2}$/i.test(text)) return text.toUpperCase().replaceAll('-', ':');
  return address(text, keepsHostBits);
}

/** Without `/32`, host bits cleared; IPv6 in its shortest form. */
function address(text: string, keepsHostBits: boolean): string {
  const not = text.startsWith('!') ? '!' : '';
  const v4 = /^!?(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\/(\d{1,2}))?$/.exec(text);
  if (v4 !== null) {
    const bytes = v4.slice(1, 5).map(Number);
    const length = Number(v4[5] ?? 32);
    if (bytes.some((byte) => byte > 255) || length > 32) return text;
    const number = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
    const size = 2 ** (32 - length);
    const first = keepsHostBits ? number : Math.floor(number / size) * size;
    const dotted = [24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join('.');
    return `${not}${dotted}${length === 32 ? '' : `/${length}`}`;
  }
  const v6 = /^!?([0-9a-f:.]*:[0-9a-f:.]*)(?:\/(\d{1,3}))?$/i.exec(text);
  if (v6 === null) return text;
  try {
    const shortest = new URL(`http://[${v6[1]}]/`).hostname.slice(1, -1);
    return `${not}${shortest}${v6[2] === undefined || v6[2] === '128' ? '' : `/${v6[2]}`}`;
  } catch {
    return text;
  }
}
