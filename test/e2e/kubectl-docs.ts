import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FILE = join(import.meta.dirname, '..', '..', 'docs', 'kubectl.md');
const HEAD = `# What kubectl shows

Captured by \`make e2e\` from a cluster with five routers of two tenants (\`E2E_DOCS=1 make e2e T=install\` writes this
file again); each run compares its own output with it in shape. Scripts are left out here: they hold secrets.
`;

/** A command, with its output as a person sees it. */
export interface Capture {
  /** One line on what it is for. */
  title: string;
  command: string;
  output: string;
}

/** Writes docs/kubectl.md where `E2E_DOCS=1` asks for it. */
export function writeIfAsked(captures: readonly Capture[]): void {
  if (process.env.E2E_DOCS !== '1') return;
  const sections = captures.map(
    ({ title, command, output }) =>
      `\n## ${title}\n\n\`\`\`console\n$ ${command}\n${withoutScript(output).trimEnd()}\n\`\`\`\n`,
  );
  writeFileSync(FILE, HEAD + sections.join(''));
}

/** The description of a Router, whose script begins behind its field's name and ends before the next one's. */
export function withoutScript(output: string): string {
  return output.replace(/^( +Script: +)[\s\S]*?\n(?= {2}[A-Z][A-Za-z ]*: )/m, '$1…\n');
}

/** What docs/kubectl.md shows of a command; empty where it has it not. */
export function documented(command: string): string {
  if (!existsSync(FILE)) return '';
  const text = readFileSync(FILE, 'utf8');
  const found = text.split(`\n\`\`\`console\n$ ${command}\n`)[1];
  return found?.split('\n```')[0] ?? '';
}

/**
 * What two outputs of one command have in common when they differ only in values: headings of columns, names of
 * fields with their depth, sentences of an explanation.
 */
export function shape(command: string, output: string): string[] {
  const lines = withoutScript(output).trimEnd().split('\n');
  if (command.startsWith('kubectl explain')) return lines.map((line) => line.trimEnd());
  if (command.startsWith('kubectl describe')) {
    const fields = lines.flatMap((line) => /^ *[A-Z][A-Za-z ]+:/.exec(line)?.[0] ?? []);
    // Events come in the order and number of what happened.
    return [...new Set(fields)];
  }
  if (command.startsWith('kubectl get')) {
    return lines.filter((line) => /^NAMESPACE|^NAME/.test(line)).map((line) => line.split(/ {2,}/).join('|'));
  }
  return lines.map((line) => line.replace(/\S+/g, (word) => (/[a-z]/.test(word) ? word : '·')));
}
