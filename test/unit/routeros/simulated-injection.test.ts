import fc from 'fast-check';
import { MAX_IDENTITY_BYTES } from '../../../src/api/index.ts';
import { quote, renderScript } from '../../../src/routeros/index.ts';
import { RouterOs, type Snapshot } from '../../simulator/engine/index.ts';
import { hostile, sayable } from './hostile.ts';
import { BASE } from './variants.ts';

const newRouter = (version: string): RouterOs =>
  new RouterOs({
    version,
    board: 'hAP ax2',
    serialNumber: 'HD608ABCDEF',
    defaultFirewall: true,
    now: () => Date.UTC(2026, 5, 1),
    random: (size) => new Uint8Array(size).fill(7),
  });

/** A snapshot without one menu, and without the log, which is no configuration. */
function without(snapshot: Snapshot, menu: string): string {
  const rest = Object.entries(snapshot).filter(([name]) => name !== menu && name !== '/log');
  return JSON.stringify(Object.fromEntries(rest));
}

const bytes = (text: string): number => Buffer.byteLength(sayable(text));

/** What RouterOS can hold as an identity; the CRD refuses the rest. */
const identity = hostile.filter((text) => text.length > 0 && bytes(text) <= MAX_IDENTITY_BYTES);

describe.each(['7.9.2', '7.24'])('hostile text typed into the console of RouterOS %s', (version) => {
  test('as an identity: it is exactly that text, and nothing else has changed (10,000 strings)', () => {
    const router = newRouter(version);
    const rest = without(router.snapshot(), '/system/identity');
    fc.assert(
      fc.property(identity, (text) => {
        router.terminal().paste(`/system/identity/set name=${quote(text)}\n`);
        expect(router.rows('/system/identity')[0]?.name).toBe(sayable(text));
        expect(without(router.snapshot(), '/system/identity')).toBe(rest);
      }),
      { numRuns: 10_000 },
    );
  });

  test('as the text of a message: exactly that is printed, and nothing has changed (10,000 strings)', () => {
    const router = newRouter(version);
    const before = without(router.snapshot(), '');
    fc.assert(
      fc.property(hostile, (text) => {
        const printed = router.terminal().paste(`:put ${quote(text)}\n`);
        expect(printed).toBe(`${sayable(text)}\n`);
        expect(without(router.snapshot(), '')).toBe(before);
      }),
      { numRuns: 10_000 },
    );
  });
});

test('a whole script with hostile text in each of its free fields sets up what the tame one does, and that identity', () => {
  const tame = newRouter('7.16.2');
  tame.terminal().paste(renderScript(BASE));
  const wanted = without(tame.snapshot(), '/system/identity');
  fc.assert(
    fc.property(identity, hostile, hostile, hostile, (name, namespace, router, tenant) => {
      const subject = newRouter('7.16.2');
      const said = subject
        .terminal()
        .paste(renderScript({ ...BASE, identity: name, tenant, router: { namespace, name: router } }));
      expect(said).not.toMatch(/syntax error|bad command|expected|FAILED/);
      expect(subject.rows('/system/identity')[0]?.name).toBe(sayable(name));
      expect(without(subject.snapshot(), '/system/identity')).toBe(wanted);
    }),
    { numRuns: 300 },
  );
});
