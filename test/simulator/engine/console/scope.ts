import { NIL, type Value } from '../language/value.ts';

/** What a variable holds; globals share theirs. */
export interface Box {
  value: Value;
}

/** Variables of one `{ … }`. A function's scope has no parent: it sees nothing of where it was written. */
export class Scope {
  readonly #boxes = new Map<string, Box>();
  readonly #parent: Scope | undefined;
  readonly #fields: ReadonlyMap<string, Value> | undefined;

  /** `fields`: those of the row a condition looks at; they come before every variable. */
  constructor(parent?: Scope, fields?: ReadonlyMap<string, Value>) {
    this.#parent = parent;
    this.#fields = fields;
  }

  declare(name: string, box: Box): void {
    this.#boxes.set(name, box);
  }

  find(name: string): Box | undefined {
    return this.#boxes.get(name) ?? this.#parent?.find(name);
  }

  /**
   * A variable's value. Under `where` a name that is also a property's means that property, `$name` too, so that
   * `find where name=$name` finds every row (manual, "Reserved variable names").
   */
  read(name: string): Value {
    const field = this.#fields?.get(name);
    if (field) return field;
    const box = this.#boxes.get(name);
    return box ? box.value : (this.#parent?.read(name) ?? NIL);
  }
}
