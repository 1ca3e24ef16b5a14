/** An invariant that does not hold; it ends a history. */
export class Violation extends Error {
  /** Of shared/design.md, or a word for what else must be. */
  readonly invariant: string;

  constructor(invariant: string, message: string) {
    super(message);
    this.name = 'Violation';
    this.invariant = invariant;
  }
}
