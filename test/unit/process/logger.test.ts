import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const ROOM = join(import.meta.dirname, '..', '..', '..', 'src', 'process', 'index.ts');

describe('the log of a process', () => {
  test('has every line, in order, when the process is killed right after the last', () => {
    const program = `
      import { createLogger } from ${JSON.stringify(ROOM)};
      const logger = createLogger({ level: 'info', process: 'test' });
      for (let i = 0; i < 100; i++) logger.info({ i }, 'line');
      process.kill(process.pid, 'SIGKILL');
    `;
    const { stdout, signal } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      encoding: 'utf8',
    });
    expect(signal).toBe('SIGKILL');
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line || '{}').i)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });
});
