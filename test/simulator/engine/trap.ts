/**
 * API trap categories (MikroTik manual, "API", section "Trap categories").
 * 0 missing item or command, 1 argument value, 2 interrupted, 3 scripting, 4 general, 5 API, 6 TTY, 7 return value.
 */
export type TrapCategory = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;

/** A refusal in RouterOS's own words: a `!trap` of the API, a red line in the terminal. */
export class RouterOsTrap extends Error {
  readonly category: TrapCategory | undefined;

  constructor(message: string, category?: TrapCategory) {
    super(message);
    this.name = 'RouterOsTrap';
    this.category = category;
  }
}
