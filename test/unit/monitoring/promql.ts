/** Which metrics and labels an expression of PromQL names; whether it is one, promtool says. */

export interface Named {
  /** Metric → labels that it is chosen by, with their values as written. */
  readonly metrics: readonly {
    readonly name: string;
    readonly matchers: readonly [label: string, value: string][];
  }[];
  /** Labels of `by`, `on` and the like. */
  readonly groupings: readonly string[];
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[a-zA-Z_:][\w:]*|\[[^\]]*\]|[{}(),]|[=!<>~+\-*/%^]+|[\d.]+/g;
const GROUPINGS = ['by', 'without', 'on', 'ignoring', 'group_left', 'group_right'];
const WORDS = ['and', 'or', 'unless', 'bool', 'offset'];
const isName = (token = ''): boolean => /^[a-zA-Z_:]/.test(token);

export function namedIn(expression: string): Named {
  const tokens: string[] = expression.match(TOKEN) ?? [];
  const metrics: { name: string; matchers: [string, string][] }[] = [];
  const groupings: string[] = [];
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at] ?? '';
    if (!isName(token) || WORDS.includes(token)) continue;
    if (GROUPINGS.includes(token)) {
      const end = tokens.indexOf(')', at);
      groupings.push(...tokens.slice(at + 1, end).filter(isName));
      at = end;
    } else if (!['(', 'by', 'without'].includes(tokens[at + 1] ?? '')) {
      const matchers: [string, string][] = [];
      if (tokens[at + 1] === '{') {
        const end = tokens.indexOf('}', at);
        for (let one = at + 2; one < end; one += 4) {
          matchers.push([tokens[one] ?? '', (tokens[one + 2] ?? '').slice(1, -1)]);
        }
        at = end;
      }
      metrics.push({ name: token, matchers });
    }
  }
  return { metrics, groupings };
}
