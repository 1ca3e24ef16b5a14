/** What Helm says to values that cannot be right, before anything is installed. */
import { offlineAfterFlag } from '../../../src/main/common-flags.ts';
import { cleanupCommand } from '../../../src/main/once.ts';
import { objectsIn } from '../../unit/chart/schema.ts';
import { NO_HOSTS } from '../api/no-hosts.ts';
import { LEAST, merged, NAMESPACE, nested, type Plain, prepareHelm, render } from './chart.ts';

beforeAll(prepareHelm, 900_000);

/** Helm's words; empty when it takes the values. */
const refusal = (values: Plain): Promise<string> =>
  render(values).then(
    () => '',
    (error: Error) => error.message,
  );
const refusalOf = (path: string, value: unknown): Promise<string> =>
  refusal(merged(LEAST, nested(path, value)));

const closed = objectsIn()
  .filter(([, { additionalProperties }]) => additionalProperties === false)
  .map(([path]) => path);

test.each(closed)('an unknown key is refused in the object "%s"', async (path) => {
  const surprise = { surprise: 1 };
  const [object = '', item] = path.slice(1).split('[]');
  const below = (at: string | undefined): unknown => (at ? nested(at.slice(1), surprise) : surprise);
  const value = item === undefined ? surprise : [below(item)];
  const values = object === '' ? merged(LEAST, surprise) : merged(LEAST, nested(object, value));
  expect(await refusal(values)).toContain("'surprise' not allowed");
});

test.each<[string, unknown, string]>([
  ['image.repository', 'a/b:tag', 'does not match pattern'],
  ['image.digest', 'sha256:abc', 'does not match pattern'],
  ['image.pullPolicy', 'Sometimes', 'value must be one of'],
  ['imagePullSecrets', 'pull', 'want array'],
  ['gatewayNamespace', 'Edge', 'does not match pattern'],
  ['gatewayNamespace', NAMESPACE, 'the agents could then read the ledger, with the keys of every router.'],
  ['backups.namespace', NAMESPACE, 'a namespace of its own'],
  ['backups.namespace', 'tenant-tunnel-gateways', 'a namespace of its own'],
  ['backups.maxSecrets', -1, 'want 0'],
  ['commonLabels', { 'app.kubernetes.io/name': 'mine' }, 'app.kubernetes.io/name'],
  ['commonLabels', { team: 'two words' }, 'does not match pattern'],
  ['logLevel', 'verbose', 'value must be one of'],
  ['defaultClass.endpoint.host', '', 'Set defaultClass.endpoint.host'],
  ['defaultClass.endpoint.mode', 'Floating', 'value must be one of'],
  ['defaultClass.endpoint.loadBalancer', { annotations: { a: 1 } }, 'want string'],
  ['defaultClass.spec', { mtu: 9001 }, 'want 9,000'],
  ['controller.replicas', 0, 'want 1'],
  ['controller.replicas', '2', 'want integer'],
  ['controller.tolerations', [{ effect: 'Never' }], 'value must be one of'],
  ['gateway.nodeSelector', { edge: true }, 'want string'],
  ['networkPolicy.apiServerPorts', [], 'want 1'],
  ['networkPolicy.apiServerPorts', [70000], 'want 65,535'],
  ['metrics.serviceMonitor.interval', '1.5m', 'does not match pattern'],
  ['metrics.serviceMonitor.interval', '', 'want 1'],
  ['metrics.serviceMonitor.labels', { 'helm.sh/chart': 'x' }, 'helm.sh/chart'],
])('%s: %j', async (path, value, sentence) => {
  expect(await refusalOf(path, value)).toContain(sentence);
});

test.each(NO_HOSTS)('an endpoint that the API server would refuse: %s', async (host) => {
  expect(await refusalOf('defaultClass.endpoint.host', host)).toContain('/defaultClass/endpoint/host');
});

test.each(['vpn', 'vpn.example.com', 'VPN.Example.COM', '203.0.113.10', 'fd00::1'])(
  'an endpoint that is one: %s',
  async (host) => {
    expect(await refusalOf('defaultClass.endpoint.host', host)).toBe('');
  },
);

const DURATIONS = [
  '0s',
  '1s',
  '999ms',
  '1000ms',
  '90s',
  '3600s',
  '3601s',
  '60m',
  '61m',
  '1h',
  '2h',
  '24h',
  '25h',
];
const LONG = ['1440m', '1441m', '86400s', '86401s', '999999999h', '1000000000s'];
const NO_DURATIONS = ['', '1', '-1s', '1.5h', '1d', ' 1s', '1h30m', '0x10s'];
const timeoutFlag = cleanupCommand('0.0.0').options.find(({ long }) => long === '--timeout');

test.each([
  ['gateway.offlineAfter', offlineAfterFlag()],
  ['cleanup.timeout', timeoutFlag],
] as const)(
  '%s is taken where the program takes it, and nowhere else',
  async (path, flag) => {
    const takes = (text: string): boolean => {
      try {
        flag?.parseArg?.(text, undefined);
        return true;
      } catch {
        return false;
      }
    };
    const verdicts: [string, boolean][] = [];
    for (const text of [...DURATIONS, ...LONG, ...NO_DURATIONS])
      verdicts.push([text, (await refusalOf(path, text)) === '']);
    expect(verdicts).toEqual(verdicts.map(([text]) => [text, takes(text)]));
    expect(verdicts.filter(([, isTaken]) => isTaken).length).toBeGreaterThan(4);
    expect(await refusalOf(path, '25h')).toMatch(/write a duration from 1s to (1h|24h)\.$/m);
  },
  60_000,
);
