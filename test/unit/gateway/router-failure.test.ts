import { failureOf } from '../../../src/gateway/router-failure.ts';
import { RouterOsError, type RouterOsErrorCode } from '../../../src/routeros/index.ts';
import { SidecarError, type SidecarErrorCode } from '../../../src/wireguard/index.ts';

const access = { user: 'tenant-tunnel', password: 'a secret of sixteen', apiPort: 8728 };

describe('why a router could not be configured', () => {
  test.each<[RouterOsErrorCode, string | undefined]>([
    ['LoginRefused', 'LoginRefused'],
    ['Timeout', 'RouterUnreachable'],
    ['Closed', 'RouterUnreachable'],
    ['Fatal', 'RouterUnreachable'],
    ['NotPermitted', 'ConfigurationFailed'],
    ['Trap', 'ConfigurationFailed'],
    ['TooLarge', 'ConfigurationFailed'],
    ['ProtocolViolation', 'ConfigurationFailed'],
    ['Aborted', undefined],
  ])('is read from %s of the API as %s', (code, reason) => {
    expect(failureOf(new RouterOsError(code, 'It said no.'), access)?.reason).toBe(reason);
  });

  test.each<[SidecarErrorCode, string | undefined]>([
    ['ConnectFailed', 'RouterUnreachable'],
    ['ConnectTimeout', 'RouterUnreachable'],
    ['Unreachable', undefined],
    ['UnknownTunnel', undefined],
    ['Busy', undefined],
  ])(
    'is read from %s of the sidecar as %s: what is not the router’s fault is not said of it',
    (code, reason) => {
      expect(failureOf(new SidecarError(code, 'No.'), access)?.reason).toBe(reason);
    },
  );

  test('is silence when the connect took too long, and nothing when the agent stops', () => {
    expect(failureOf(new DOMException('', 'TimeoutError'), access)?.reason).toBe('RouterUnreachable');
    expect(failureOf(new DOMException('', 'AbortError'), access)).toBeUndefined();
  });

  test('says what to do, and never the password', () => {
    for (const code of ['LoginRefused', 'Timeout', 'Trap'] as const) {
      const failure = failureOf(new RouterOsError(code, 'It said no.'), access);
      expect(failure?.message).toMatch(/Paste|Look|see that/);
      expect(failure?.message).not.toContain(access.password);
    }
  });
});
