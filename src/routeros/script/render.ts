import type { ScriptInput } from './input.ts';

/**
 * The script that a person pastes into a router's terminal once: docs/routeros-script.md says what each part does.
 * One text for RouterOS 7.9 to 7.24; the same input gives the same text.
 */
export function renderScript(input: ScriptInput): string {
  void input;
  throw new Error('being written');
}
