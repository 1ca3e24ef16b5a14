import { array, bool, type Item, list, NIL, num, str, toText, type Value } from '../language/value.ts';
import { RouterOsTrap } from '../trap.ts';
import { covers, ipv4ToNumber, numberToIpv4, parsePrefix } from '../values/address.ts';

const NAMES: Record<string, string> = {
  str: 'string',
  num: 'integer number',
  nil: 'nothing',
  ip: 'ip address',
};
const nameOf = (value: Value): string => NAMES[value.type] ?? value.type;

const refuse = (message: string): never => {
  throw new RouterOsTrap(message, 3);
};

/** Whether a condition under `where` holds: a field alone asks whether it is set (tik4net, §13.2). */
export function holds(value: Value): boolean {
  if (value.type === 'bool') return value.truth;
  if (value.type === 'num') return value.number !== 0;
  return toText(value) !== '';
}

/** The answer of `:if` and `:while`, which take nothing but truth. @throws {RouterOsTrap} */
export const condition = (value: Value): boolean =>
  value.type === 'bool' ? value.truth : refuse('conditional not boolean');

/**
 * `=`. Nothing equals only nothing; text never equals a prefix that stands without quotes, which is why
 * `find where address=10.1.1.1/16` finds nothing (manual, "Tips and Tricks"); truth equals truth alone.
 */
export function equal(left: Value, right: Value): boolean {
  if (left.type === 'nil' || right.type === 'nil') return left.type === right.type;
  if (left.type === 'bool' || right.type === 'bool') {
    return left.type === 'bool' && right.type === 'bool' && left.truth === right.truth;
  }
  const isPrefix = right.type === 'ip-prefix' || right.type === 'ip6-prefix';
  if (isPrefix && left.type !== right.type) return false;
  const plain = (value: Value) =>
    value.type === 'array' ? value.items.map((item) => toText(item.value)).join(',') : toText(value);
  return plain(left) === plain(right);
}

function compare(left: Value, right: Value): number {
  if (left.type === 'num' && right.type === 'num') return left.number - right.number;
  if (left.type === 'time' && right.type === 'time') return left.milliseconds - right.milliseconds;
  if (left.type === 'ip' && right.type === 'ip') return ipv4ToNumber(left.text) - ipv4ToNumber(right.text);
  if (left.type === 'str' && right.type === 'str')
    return left.text < right.text ? -1 : left.text > right.text ? 1 : 0;
  return refuse(`cannot compare if ${nameOf(left)} is less than ${nameOf(right)}`);
}

function add(left: Value, right: Value, sign: 1 | -1): Value {
  if (left.type === 'num' && right.type === 'num') return num(left.number + sign * right.number);
  if (left.type === 'time' && right.type === 'time') {
    return { type: 'time', milliseconds: left.milliseconds + sign * right.milliseconds };
  }
  if (left.type === 'ip' && right.type === 'num') {
    const shifted = ipv4ToNumber(left.text) + sign * right.number;
    return { type: 'ip', text: numberToIpv4(((shifted % 2 ** 32) + 2 ** 32) % 2 ** 32) };
  }
  if (left.type === 'ip' && right.type === 'ip' && sign === -1) {
    return num(ipv4ToNumber(left.text) - ipv4ToNumber(right.text));
  }
  return refuse(
    sign === 1
      ? `cannot add ${nameOf(right)} to ${nameOf(left)}`
      : `cannot subtract ${nameOf(right)} from ${nameOf(left)}`,
  );
}

function whole(operator: string, left: Value, right: Value): Value {
  if (left.type !== 'num' || right.type !== 'num') {
    return refuse(`cannot apply ${operator} to ${nameOf(left)} and ${nameOf(right)}`);
  }
  const [one, other] = [left.number, right.number];
  if (operator === '*') return num(one * other);
  if (operator === '/' || operator === '%') {
    if (other === 0) return refuse('division by zero');
    return num(operator === '/' ? Math.trunc(one / other) : one % other);
  }
  const bits: Record<string, bigint> = {
    '&': BigInt(one) & BigInt(other),
    '|': BigInt(one) | BigInt(other),
    '^': BigInt(one) ^ BigInt(other),
  };
  const shift = BigInt(Math.max(0, Math.min(63, other)));
  const result = bits[operator] ?? (operator === '<<' ? BigInt(one) << shift : BigInt(one) >> shift);
  return num(Number(BigInt.asIntN(64, result)));
}

/** `.` joins text; over an array it joins with each item (manual, "Concatenation"). */
function concatenate(left: Value, right: Value): Value {
  if (left.type === 'array') return list(left.items.map((item) => concatenate(item.value, right)));
  if (right.type === 'array') return list(right.items.map((item) => concatenate(left, item.value)));
  return str(toText(left) + toText(right));
}

const itemsOf = (value: Value): readonly Item[] => (value.type === 'array' ? value.items : [{ value }]);

function pickItem(container: Value, key: Value): Value {
  if (container.type !== 'array') return NIL;
  if (key.type === 'num') return container.items[key.number]?.value ?? NIL;
  return container.items.find((item) => item.key === toText(key))?.value ?? NIL;
}

function isIn(left: Value, right: Value): boolean {
  if (right.type === 'array') return right.items.some((item) => equal(left, item.value));
  const [inner, outer] = [parsePrefix(toText(left)), parsePrefix(toText(right))];
  return inner !== undefined && outer !== undefined && covers(outer, inner);
}

function matchesPattern(left: Value, right: Value): boolean {
  try {
    return new RegExp(toText(right), 's').test(toText(left));
  } catch {
    return refuse('invalid regular expression');
  }
}

/** @throws {RouterOsTrap} for operands the operator does not take. */
export function applyBinary(operator: string, left: Value, right: Value): Value {
  switch (operator) {
    case '.':
      return concatenate(left, right);
    case ',':
      return array([...itemsOf(left), ...itemsOf(right)]);
    case '+':
      return add(left, right, 1);
    case '-':
      return add(left, right, -1);
    case '=':
      return bool(equal(left, right));
    case '!=':
      return bool(!equal(left, right));
    case '<':
      return bool(compare(left, right) < 0);
    case '>':
      return bool(compare(left, right) > 0);
    case '<=':
      return bool(compare(left, right) <= 0);
    case '>=':
      return bool(compare(left, right) >= 0);
    case '~':
      return bool(matchesPattern(left, right));
    case 'in':
      return bool(isIn(left, right));
    case '->':
      return pickItem(left, right);
    default:
      return whole(operator, left, right);
  }
}

/** @throws {RouterOsTrap} */
export function applyUnary(operator: string, value: Value): Value {
  if (operator === 'any') return bool(value.type !== 'nil');
  if (operator === '!') return bool(!holds(value));
  if (value.type !== 'num') return refuse(`cannot apply ${operator} to ${nameOf(value)}`);
  return num(operator === '-' ? -value.number : ~value.number);
}
