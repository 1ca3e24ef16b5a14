/** Renders docs/api.md and docs/conditions.md from the schemas and the tables of reasons. */
import {
  CONDITION_REASONS,
  CONDITION_TYPES,
  type ConditionReasonDocument,
  EVENT_REASONS,
  type EventReasonDocument,
  type ReasonDocument,
} from './reasons/index.ts';
import type { OpenApi } from './schema/schema.ts';
import type { KindDefinition } from './v1alpha1/definitions.ts';

const GENERATED = '<!-- Written from src/api by "make generate"; change the source instead. -->';

/** Text inside a cell of a Markdown table: no line breaks, no bars, no angle brackets. */
const cell = (text: string) =>
  text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll(/\s+/g, ' ').trim();

const row = (...cells: string[]) => `| ${cells.join(' | ')} |`;

const table = (head: string[], rows: string[][]) =>
  [row(...head), row(...head.map(() => '---')), ...rows.map((cells) => row(...cells))].join('\n');

const paragraphs = (...parts: string[]) => `${parts.join('\n\n')}\n`;

/** docs/api.md: every field of every kind with type, default, bounds, meaning and the rules it is held to. */
export function apiReference(kinds: readonly KindDefinition[]): string {
  const [first] = kinds;
  if (first === undefined) throw new TypeError('There are no kinds to describe.');
  const { group, version } = first.resource;
  return paragraphs(
    '# API reference',
    GENERATED,
    `Kinds of \`${group}/${version}\`. \`kubectl get vpn\` lists them all; \`kubectl explain router.spec\` shows the same texts. A field without a default and not required may be left out. What breaks a rule is refused at apply with the sentence given here. What depends on other objects is told by conditions: see [conditions.md](conditions.md). The rules need Kubernetes 1.31 or later (CEL library for IP addresses).`,
    ...kinds.map(kindReference),
  );
}

function kindReference(kind: KindDefinition): string {
  const { kind: name, plural, namespaced } = kind.resource;
  const rules = [...rulesOf('spec', kind.spec.openapi), ...kind.rules.map((rule) => ['', rule.message])];
  return [
    `## ${name}`,
    kind.description,
    `${namespaced ? 'Namespaced' : 'Cluster-scoped'}; \`${[plural, ...kind.shortNames].join('`, `')}\`.`,
    table(['field', 'type', 'default', 'meaning'], fieldsOf('spec', kind.spec.openapi)),
    ...(rules.length > 0
      ? [
          'Rules:',
          table(
            ['field', 'refused with'],
            rules.map(([path, message]) => [path ? `\`${path}\`` : name, cell(message as string)]),
          ),
        ]
      : []),
    'Status:',
    table(
      ['field', 'type', 'meaning'],
      fieldsOf('status', kind.status.openapi).map(
        ([path, type, , meaning]) => [path, type, meaning] as string[],
      ),
    ),
  ].join('\n\n');
}

function fieldsOf(path: string, openapi: OpenApi, required = false): string[][] {
  const own = [
    `\`${path}\``,
    typeOf(openapi),
    required ? 'required' : defaultOf(openapi),
    cell(openapi.description ?? ''),
  ];
  return [
    own,
    ...children(path, openapi).flatMap((child) => fieldsOf(child.path, child.openapi, child.required)),
  ];
}

/** Named properties below a schema; items of lists are described by the list unless they are objects. */
function children(path: string, openapi: OpenApi): { path: string; openapi: OpenApi; required: boolean }[] {
  if (openapi.items?.type === 'object') return children(`${path}[]`, openapi.items);
  return Object.entries(openapi.properties ?? {}).map(([name, child]) => ({
    path: `${path}.${name}`,
    openapi: child,
    required: openapi.required?.includes(name) ?? false,
  }));
}

function typeOf(openapi: OpenApi): string {
  if (openapi.enum) return openapi.enum.join(', ');
  if (openapi.format === 'date-time') return 'time';
  if (openapi.type === 'integer') return `integer ${openapi.minimum}–${openapi.maximum}`;
  if (openapi.type === 'array') {
    return `${typeOf(openapi.items as OpenApi)}[] (${openapi.minItems ?? 0}–${openapi.maxItems})`;
  }
  if (openapi.additionalProperties) return `map of string to ${typeOf(openapi.additionalProperties)}`;
  return openapi.type ?? '';
}

const defaultOf = ({ default: value }: OpenApi) =>
  value === undefined ? '' : `\`${JSON.stringify(value)}\``;

function rulesOf(path: string, openapi: OpenApi): string[][] {
  return [
    ...(openapi['x-kubernetes-validations'] ?? []).map(({ message, fieldPath = '' }) => [
      `${path}${fieldPath}`,
      message,
    ]),
    ...Object.entries(openapi.properties ?? {}).flatMap(([name, child]) => rulesOf(`${path}.${name}`, child)),
    ...(openapi.items ? rulesOf(`${path}[]`, openapi.items) : []),
    ...(openapi.additionalProperties ? rulesOf(`${path}.*`, openapi.additionalProperties) : []),
  ];
}

/** docs/conditions.md: what each condition and each reason says, and what to do. */
export function conditionsReference(): string {
  return paragraphs(
    '# Conditions and Events',
    GENERATED,
    'Wait for an object with `kubectl wait --for=condition=Ready router/NAME`. Each condition carries a reason from the second table and a message that names the objects at hand.',
    '## Conditions',
    table(
      ['condition', 'on', 'True means'],
      Object.entries<ReasonDocument>(CONDITION_TYPES).map(([type, { on, meaning }]) => [
        `\`${type}\``,
        on.join(', '),
        cell(meaning),
      ]),
    ),
    '## Reasons of conditions',
    table(
      ['reason', 'on', 'conditions', 'meaning', 'what to do'],
      Object.entries<ConditionReasonDocument>(CONDITION_REASONS).map(([reason, document]) => [
        `\`${reason}\``,
        document.on.join(', '),
        document.conditions.join(', '),
        cell(document.meaning),
        cell(document.remedy ?? ''),
      ]),
    ),
    '## Events',
    table(
      ['reason', 'type', 'on', 'meaning', 'what to do'],
      Object.entries<EventReasonDocument>(EVENT_REASONS).map(([reason, document]) => [
        `\`${reason}\``,
        document.type,
        document.on.join(', '),
        cell(document.meaning),
        cell(document.remedy ?? ''),
      ]),
    ),
  );
}
