/** Where something stands in a {@link Line}. */
export interface Place<T> {
  readonly value: T;
  before: Place<T> | undefined;
  behind: Place<T> | undefined;
}

/**
 * Who waits, in order of arrival; joining, and leaving from anywhere, take the same short time however many wait. (A Set
 * keeps a hole for each that has left, and looks through them all for its first.)
 */
export class Line<T> {
  #first: Place<T> | undefined;
  #last: Place<T> | undefined;

  get first(): T | undefined {
    return this.#first?.value;
  }

  get last(): T | undefined {
    return this.#last?.value;
  }

  get isEmpty(): boolean {
    return this.#first === undefined;
  }

  join(value: T): Place<T> {
    const place: Place<T> = { value, before: this.#last, behind: undefined };
    if (this.#last === undefined) this.#first = place;
    else this.#last.behind = place;
    this.#last = place;
    return place;
  }

  /** A place that is in this line, once. */
  leave({ before, behind }: Place<T>): void {
    if (before === undefined) this.#first = behind;
    else before.behind = behind;
    if (behind === undefined) this.#last = before;
    else behind.before = before;
  }
}
