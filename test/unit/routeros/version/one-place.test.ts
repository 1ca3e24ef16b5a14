import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCE = fileURLToPath(new URL('../../../../src/', import.meta.url));
/** Where versions are compared: what they take, and which routers a profile is for. */
const PLACES = ['routeros/version/', 'api/profiles/'];

const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .filter((file) => !PLACES.some((place) => file.startsWith(place)));

/** Comparing versions, or looking into one. */
const COMPARES = [
  /\b(?:compareRouterOsVersions|parseRouterOsVersion|isInRange)\(/,
  /\bversion\b[^;,\n]*\.(?:startsWith|includes|split|match|localeCompare)\(/,
  /\bversion\b\s*(?:[<>]=?|[!=]==)\s*['"`]?7/,
  /\.(?:major|minor)\s*[<>]/,
];

test('nothing but the one place decides by a version of RouterOS', () => {
  expect(files.length).toBeGreaterThan(100);
  const found = files.flatMap((file) =>
    readFileSync(join(SOURCE, file), 'utf8')
      .split('\n')
      .filter((line) => COMPARES.some((pattern) => pattern.test(line)))
      .map((line) => `${file}: ${line.trim()}`),
  );
  expect(found).toEqual([]);
});

test.each([
  "if (facts.version.startsWith('7.1')) return;",
  'if (compareRouterOsVersions(a, b) < 0) return;',
  "const isOld = version < '7.18';",
  'if (parsed.minor >= 18) return;',
])('a line such as %j would be found', (line) => {
  expect(COMPARES.some((pattern) => pattern.test(line))).toBe(true);
});
