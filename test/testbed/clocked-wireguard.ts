import { chmodSync, cpSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Progress, runGo, usableGo } from './go.ts';

const MODULE = 'golang.zx2c4.com/wireguard';
export const CLOCKED_WIREGUARD = '0.0.0-20260522210424-ecfc5a8d5446';

/** How far its clock is from the machine's, as Go writes durations: `-8760h`. */
export const CLOCK_VARIABLE = 'TAI64N_OFFSET';

/**
 * wireguard-go as it is, but for the clock that its handshakes tell: neither a time namespace nor libfaketime reaches
 * the wall clock of a Go program.
 */
export async function buildClockedWireguard(work: string, file: string, progress: Progress): Promise<void> {
  const go = usableGo('wireguard-go with a clock of its own');
  const version = `${MODULE}@v${CLOCKED_WIREGUARD}`;
  const download = await runGo(go, ['mod', 'download', '-json', version], {
    cwd: work,
    doing: 'downloading',
    progress,
  });
  // A copy: what is in Go's cache of modules can neither be changed nor overlaid.
  const source = join(work, 'source');
  cpSync((JSON.parse(download) as { Dir: string }).Dir, source, { recursive: true });
  patch(source);
  const args = ['build', '-trimpath', '-o', join(work, 'built'), '.'];
  await runGo(go, args, { cwd: source, doing: 'building wireguard-go', progress });
  renameSync(join(work, 'built'), file);
}

function patch(source: string): void {
  const file = join(source, 'tai64n', 'tai64n.go');
  const text = readFileSync(file, 'utf8');
  const now = 'return stamp(time.Now())';
  if (!text.includes(now)) throw new Error(`${file} does not ask for the time as it used to.`);
  const patched = text
    .replace(now, 'return stamp(time.Now().Add(offset))')
    .replace('"time"', '"os"\n\t"time"')
    .concat(`\nvar offset, _ = time.ParseDuration(os.Getenv("${CLOCK_VARIABLE}"))\n`);
  for (const directory of [source, dirname(file)]) chmodSync(directory, 0o755);
  rmSync(file);
  writeFileSync(file, patched);
}
