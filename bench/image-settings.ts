import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The chart's memory limit of controller and agent. */
const LIMIT_MIB = 1024;

const ROOT = join(import.meta.dirname, '..');
const dockerfile = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');

/** What the image gives Node.js (Dockerfile), so that what is measured is what is shipped. */
export const V8_FLAGS: readonly string[] = (JSON.parse(line(/^ENTRYPOINT (.*)$/m)) as string[])
  .filter((word) => word.startsWith('--'))
  .map((flag) =>
    // A share of the container's memory; here there is none.
    flag.replace(
      /^--max-old-space-size-percentage=(\d+)$/,
      (_, share: string) => `--max-old-space-size=${Math.floor((Number(share) / 100) * LIMIT_MIB)}`,
    ),
  );

export const ENVIRONMENT: Readonly<Record<string, string>> = {
  NODE_ENV: 'production',
  ...Object.fromEntries(
    line(/^ENV (MALLOC_.*)$/m)
      .split(' ')
      .map((setting) => setting.split('=') as [string, string]),
  ),
};

/** Compiles the program as the image has it: Node.js by itself would keep the compiler and both texts of each module. */
export function builtProgram(): string {
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  execFileSync(process.execPath, [tsc, '-p', join(ROOT, 'tsconfig.build.json'), '--sourceMap', 'false']);
  return join(ROOT, 'dist', 'main.js');
}

function line(pattern: RegExp): string {
  const [, text] = pattern.exec(dockerfile) ?? [];
  if (text === undefined) throw new Error(`The Dockerfile has no line ${pattern}.`);
  return text;
}
