import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Counter, Registry } from 'prom-client';
import { groupNumber } from '../../../src/main/group.ts';
import { loadKubeConfig } from '../../../src/main/kube-config.ts';
import { registerSidecarMetrics } from '../../../src/main/sidecar-metrics.ts';
import { ownedDirectory } from '../../testbed/lifetime.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const node = join(root, 'node_modules', '.bin', 'node');

function main(args: string[], environment: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(node, [join(root, 'src', 'main.ts'), ...args], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, ...environment },
    timeout: 60_000,
  });
  return { status, stdout, stderr };
}

describe('the program', () => {
  test('tells its version, which is that of package.json', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect(main(['--version'])).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
  });

  test('without a command prints its help and ends with exit code 2', () => {
    const { status, stderr } = main([]);
    expect(status).toBe(2);
    expect(stderr).toContain('Commands:');
  });

  test('refuses a wrong flag or variable before it does anything', () => {
    const { status, stdout, stderr } = main(['sidecar'], { TTO_METRICS_ADDRESS: 'nowhere' });
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain("value 'nowhere' from env 'TTO_METRICS_ADDRESS' is invalid. Write HOST:PORT");
  });

  test('refuses a group that does not exist', () => {
    const { status, stdout, stderr } = main(['sidecar', '--socket-group=no-such-group']);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain('/etc/group has no group no-such-group; name another, or give its number.');
  });
});

describe('a group', () => {
  test('is taken by number as it is and by name from /etc/group', () => {
    expect(groupNumber('1234')).toBe(1234);
    expect(groupNumber('root')).toBe(0);
  });
});

describe('a kubeconfig', () => {
  const owned = ownedDirectory('kubeconfig');
  afterAll(() => owned.remove());
  const file = (name: string, text: string) => {
    const path = join(owned.path, name);
    writeFileSync(path, text);
    return path;
  };

  test('is not needed in a pod, and elsewhere its lack is told', () => {
    expect(() => loadKubeConfig(undefined, {})).toThrow(
      'name a kubeconfig with --kubeconfig or TTO_KUBECONFIG',
    );
  });

  test.each([
    ['no file', '/no/such/file', 'there is no file /no/such/file.'],
    ['no YAML', file('broken', '{'), 'cannot be read as a kubeconfig'],
  ])('that is %s is told', (_what, path, message) => {
    expect(() => loadKubeConfig(path)).toThrow(message);
  });

  test('whose current context leads nowhere is told', () => {
    const text =
      'apiVersion: v1\nkind: Config\nclusters: []\nusers: []\ncontexts: []\ncurrent-context: gone\n';
    expect(() => loadKubeConfig(file('nowhere', text))).toThrow('names no cluster or no user');
  });
});

describe('the metrics of the sidecar', () => {
  test('are its counts at the moment of asking', async () => {
    const registry = new Registry();
    const requests = { 'PUT 200': 2 };
    const counts = {
      active: true,
      requests,
      changes: 5,
      lost: 2,
      operations: 1,
      streams: 3,
      streamsOpened: 9,
      services: { flows: 4, connections: 2, dropped: 7 },
    };
    registerSidecarMetrics(registry, () => counts);
    await registry.metrics();
    counts.requests['PUT 200'] = 3;
    const text = await registry.metrics();
    expect(text).toContain('tto_sidecar_requests_total{method="PUT",status="200"} 3');
    expect(text).toContain('tto_sidecar_changes_total 5');
    expect(text).toContain('tto_sidecar_lost_total 2');
    expect(text).toContain('tto_sidecar_streams_opened_total 9');
    expect(text).toContain('tto_sidecar_streams 3');
    expect(text).toContain('tto_sidecar_service_flows 4');
    expect(text).toContain('tto_sidecar_service_connections 2');
    expect(text).toContain('tto_sidecar_service_drops_total 7');
    expect(text).toContain('tto_sidecar_active 1');
    expect(registry.getSingleMetric('tto_sidecar_changes_total')).toBeInstanceOf(Counter);
  });
});
