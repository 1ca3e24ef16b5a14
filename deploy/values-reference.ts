/** docs/values.md, from the comments of the chart's values.yaml. */
import { Document, isMap, isScalar, type Pair, parseDocument, type YAMLMap } from 'yaml';

export interface Value {
  /** `controller.replicas` */
  readonly path: string;
  /** What is written above it; empty where nothing is. */
  readonly comment: string;
  /** Absent for what only holds other values. */
  readonly default?: unknown;
}

/** Every value, in its order. What is below a value and has no comments of its own is that value's default. */
export function valuesOf(text: string): Value[] {
  const { contents } = parseDocument(text);
  return isMap(contents) ? below(contents, '') : [];
}

function below(map: YAMLMap, prefix: string): Value[] {
  return map.items.flatMap((pair, at) => {
    const path = `${prefix}${nameOf(pair)}`;
    const comment = commentOf(map, pair, at);
    const { value } = pair;
    if (!isMap(value) || !holdsComments(value)) {
      return [{ path, comment, default: isMap(value) || isScalar(value) ? value.toJSON() : toPlain(value) }];
    }
    return [...(comment === '' ? [] : [{ path, comment }]), ...below(value, `${path}.`)];
  });
}

const nameOf = ({ key }: Pair): string => String(key);
const toPlain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** The parser gives a map the comment above its first key; at the root it stays with the key. */
function commentOf(map: YAMLMap, { key }: Pair, at: number): string {
  const own = isScalar(key) ? key.commentBefore : undefined;
  const text = own ?? (at === 0 ? map.commentBefore : undefined) ?? '';
  return text
    .split('\n')
    .map((line) => line.trim())
    .join(' ');
}

function holdsComments(map: YAMLMap): boolean {
  return map.items.some(
    (pair, at) => commentOf(map, pair, at) !== '' || (isMap(pair.value) && holdsComments(pair.value)),
  );
}

export function valuesReference(text: string): string {
  const rows = valuesOf(text).map(
    (value) => `| \`${value.path}\` | ${shown(value)} | ${cell(value.comment)} |`,
  );
  return `# Values of the chart

<!-- Written from charts/tenant-tunnel-operator/values.yaml by "make generate"; change the comments there instead. -->

A key that is not here is refused, and so is a value that cannot be right, before anything is installed.

| value | default | meaning |
| --- | --- | --- |
${rows.join('\n')}
`;
}

const cell = (text: string): string => text.replaceAll('|', '\\|');

function shown(value: Value): string {
  if (!('default' in value)) return '';
  const document = new Document(value.default);
  if (isMap(document.contents)) document.contents.flow = true;
  return `\`${cell(document.toString({ lineWidth: 0, collectionStyle: 'flow' }).trim())}\``;
}
