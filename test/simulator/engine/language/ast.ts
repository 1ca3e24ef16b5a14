import type { Menu } from '../configuration/definition.ts';
import type { Value } from './value.ts';

export type Expression =
  | { kind: 'literal'; value: Value; raw: string }
  /** A quoted string: fixed text and what is put in for `$x`, `$[…]`, `$(…)`. */
  | { kind: 'text'; parts: readonly (string | Expression)[] }
  | { kind: 'variable'; name: string }
  /** A bare word inside an expression: a field under `where`, else a variable. */
  | { kind: 'word'; name: string }
  | { kind: 'command'; body: readonly Statement[] }
  | { kind: 'array'; items: readonly { key?: Expression; value: Expression }[] }
  | { kind: 'unary'; operator: string; operand: Expression }
  | { kind: 'binary'; operator: string; left: Expression; right: Expression }
  | { kind: 'code'; body: readonly Statement[] };

export interface NamedValue {
  /** Missing: positional. */
  name?: string;
  value: Expression;
}

export type Statement =
  | { kind: 'block'; body: readonly Statement[] }
  /** A menu path alone: later lines start there. */
  | { kind: 'enter'; path: string }
  | { kind: 'language'; name: string; arguments: ReadonlyMap<string, Expression>; position: string }
  | {
      kind: 'menu';
      menu: Menu;
      command: string;
      arguments: ReadonlyMap<string, Expression>;
      flags: ReadonlySet<string>;
      where?: Expression;
    }
  | { kind: 'call'; target: Expression; arguments: readonly NamedValue[] }
  /** Known to be wrong when loaded, said when run (from 7.23). */
  | { kind: 'fault'; message: string };
