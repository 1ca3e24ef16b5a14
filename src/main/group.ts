import { readFileSync } from 'node:fs';
import { ProcessError } from '../process/index.ts';

/** The number of a group given by number or by its name in /etc/group. */
export function groupNumber(group: string, file = '/etc/group'): number {
  if (/^\d+$/.test(group)) return Number(group);
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [name, , number] = line.split(':');
    if (name === group && number !== undefined) return Number(number);
  }
  const message = `--socket-group: ${file} has no group ${group}; name another, or give its number.`;
  throw new ProcessError('InvalidConfiguration', message);
}
