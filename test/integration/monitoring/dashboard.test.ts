import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { ROWS } from '../../../deploy/dashboard.ts';
import { ownedDirectory } from '../../testbed/lifetime.ts';
import { promtool } from '../../testbed/promtool.ts';

test('Prometheus understands every query of the dashboard', async () => {
  const expressions = ROWS.flatMap(({ panels }) =>
    panels.flatMap(({ queries }) => queries.map(({ expr }) => expr)),
  );
  const rules = expressions.map((expr, at) => ({
    record: `panel:query_${at}`,
    // As Grafana fills them in.
    expr: expr.replaceAll('$__rate_interval', '5m').replaceAll('$router', 'a|b').replaceAll(/\$\w+/g, 'acme'),
  }));
  const owned = ownedDirectory('dashboard');
  try {
    const file = join(owned.path, 'rules.yaml');
    writeFileSync(file, stringify({ groups: [{ name: 'dashboard', rules }] }));
    expect(await promtool(['check', 'rules', file])).toContain(`${expressions.length} rules found`);
    writeFileSync(
      file,
      stringify({ groups: [{ name: 'dashboard', rules: [{ record: 'a', expr: 'sum by x' }] }] }),
    );
    await expect(promtool(['check', 'rules', file])).rejects.toThrow('parse error');
  } finally {
    owned.remove();
  }
});
