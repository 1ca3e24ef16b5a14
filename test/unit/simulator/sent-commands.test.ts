import { judge, type Schema, type Sent, tell } from '../../sent-commands.ts';

const SCHEMAS = new Map<string, Schema>([
  ['7.9.2', { '/ip/service': { set: ['address', 'numbers'], print: [] } }],
  ['7.24', { '/ip/service': { set: ['address', 'available-from', 'numbers'], print: [] } }],
]);

const sent = (version: string, command: string, argument = '', more: Partial<Sent> = {}): Sent => ({
  isTaken: true,
  way: 'api',
  version,
  menu: '/ip/service',
  command,
  argument,
  ...more,
});

test('what a version has is not unknown, nor what the latest version before it has', () => {
  const verdict = judge(
    [sent('7.9.2', 'set', 'address'), sent('7.23.1', 'set', 'numbers'), sent('7.24rc2', 'print')],
    SCHEMAS,
  );
  expect(verdict.unknown).toEqual([]);
  expect([verdict.commands, verdict.arguments, verdict.versions]).toEqual([2, 2, 3]);
  expect(tell(verdict)[0]).toContain('0 unknown');
});

test('a command or argument that came with a later version is unknown', () => {
  const verdict = judge(
    [sent('7.23.1', 'set', 'available-from'), sent('7.24', 'add'), sent('7.24', 'set', 'available-from')],
    SCHEMAS,
  );
  expect(verdict.unknown).toEqual([
    '7.23.1: /ip/service set available-from (api)',
    '7.24: /ip/service add  (api)',
  ]);
  expect(tell(verdict).join('\n')).toContain('unknown: 7.24: /ip/service add');
});

test('the table of the project alone finds what it knows to be absent', () => {
  const verdict = judge([sent('7.9.2', 'set', 'available-from'), sent('7.9.2', 'set', 'port')], undefined);
  expect(verdict.isHeld).toBe(false);
  expect(verdict.denied).toEqual(['7.9.2: /ip/service set available-from (api)']);
  expect(verdict.inTable).toEqual({ of: 2, known: 1 });
  expect(tell(verdict)[0]).toContain('LEFT OUT');
});

test('what was refused is not held against anybody, but told where the version has it', () => {
  const verdict = judge(
    [
      sent('7.9.2', 'set', 'available-from', { isTaken: false }),
      sent('7.24', 'set', 'address', { isTaken: false, way: 'script' }),
    ],
    SCHEMAS,
  );
  expect([verdict.unknown, verdict.refused]).toEqual([[], 1]);
  expect(verdict.notSimulated).toEqual(['7.24: /ip/service set address (script)']);
});
