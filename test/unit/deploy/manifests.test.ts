import { directoryFiles } from '../../../deploy/directories.ts';
import { manifestsOf, withoutHelm } from '../../../deploy/manifests.ts';

const service = (labels: string, annotations = ''): string =>
  `# Why it is there.\napiVersion: v1\nkind: Service\nmetadata:\n  name: a\n  labels:\n${labels}${annotations}spec: {}\n`;
const rendered = (template: string, text: string): string =>
  `---\n# Source: some-chart/templates/${template}\n${text}`;
const LABELS = '    team: x\n    app.kubernetes.io/managed-by: Helm\n    helm.sh/chart: some-chart-1.0.0\n';
const HOOK = '    helm.sh/hook: pre-delete\n    helm.sh/hook-weight: "-10"\n';

test('objects are known by their template and hook; what is only a comment is none', () => {
  const text = [
    rendered('roles.yaml', '# Written by somebody.\n'),
    rendered('a/service.yaml', service(LABELS)),
    rendered('hooks/b.yaml', service(LABELS, `  annotations:\n${HOOK}`)),
  ].join('');
  expect(manifestsOf(text).map(({ template, hook }) => [template, hook])).toEqual([
    ['a/service.yaml', undefined],
    ['hooks/b.yaml', 'pre-delete'],
  ]);
});

test('what only Helm reads is left out, comments and all else stay', () => {
  const text = (annotations: string) =>
    withoutHelm({ template: 'a.yaml', text: service(LABELS, annotations) });
  const kept = '    team: x\n    app.kubernetes.io/managed-by: kustomize\n';
  expect(text('')).toBe(service(kept));
  expect(text(`  annotations:\n${HOOK}`)).toBe(service(kept));
  expect(text(`  annotations:\n${HOOK}    own: y\n`)).toBe(service(kept, '  annotations:\n    own: y\n'));
});

test('each template is a file of its directory, listed in its kustomization', () => {
  const text = [
    rendered('a/service.yaml', service(LABELS)),
    rendered('a/service.yaml', service(LABELS)),
    rendered('default-class.yaml', service(LABELS)),
    rendered('hooks/b.yaml', service(LABELS, `  annotations:\n${HOOK}`)),
  ].join('');
  const files = directoryFiles(manifestsOf(text));
  const withObjects = [...files.keys()].filter((path) => !path.endsWith('kustomization.yaml'));
  expect(withObjects).toEqual(['base/a-service.yaml', 'default-class/default-class.yaml', 'cleanup/b.yaml']);
  expect(files.get('base/a-service.yaml')?.split('---\n')).toHaveLength(2);
  expect(files.get('base/kustomization.yaml')).toContain(
    'resources:\n  - ../namespace\n  - a-service.yaml\n',
  );
  expect(files.get('default-class/kustomization.yaml')).toContain('kind: Component\n');
});
