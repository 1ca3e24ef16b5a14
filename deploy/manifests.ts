/** What `helm template` prints, as objects of kustomize. */
import { parse } from 'yaml';

/** One object of the chart. */
export interface Manifest {
  /** Path of its template, below templates/. */
  readonly template: string;
  /** The Helm hook that it is for; absent for what stays. */
  readonly hook?: string;
  /** As the chart has it, with its comments. */
  readonly text: string;
}

interface Annotated {
  metadata: { annotations?: Record<string, string> };
}

const SOURCE = /^# Source: [^/]+\/templates\/(\S+)\n/;

export function manifestsOf(rendered: string): Manifest[] {
  return rendered.split(/^---\n/m).flatMap((part) => {
    const template = SOURCE.exec(part)?.[1];
    const text = part.replace(SOURCE, '');
    const object = parse(text) as Annotated | null;
    if (template === undefined || object === null) return [];
    const hook = object.metadata.annotations?.['helm.sh/hook'];
    return [{ template, ...(hook !== undefined && { hook }), text }];
  });
}

/** Its text without what only Helm writes and reads. */
export function withoutHelm({ text }: Manifest): string {
  return text
    .replace(/^ *helm\.sh\/(chart|hook[a-z-]*|resource-policy): .*\n/gm, '')
    .replace(/^( *)annotations:\n(?!\1 )/gm, '')
    .replace(/^( *app\.kubernetes\.io\/managed-by): Helm$/gm, '$1: kustomize');
}
