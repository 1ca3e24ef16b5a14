import { SidecarHealth } from '../../../src/gateway/sidecar-health.ts';
import { SidecarError, type SidecarErrorCode } from '../../../src/wireguard/index.ts';

function watched() {
  const returns: number[] = [];
  const health = new SidecarHealth(() => returns.push(returns.length));
  return { health, returns };
}
const fail = (health: SidecarHealth, code: SidecarErrorCode) =>
  health.learnFrom(new SidecarError(code, 'No.'));

describe('the health of the sidecar', () => {
  test('is waited for until the first answer, which is no return', () => {
    const { health, returns } = watched();
    expect(health.waitingFor).toBe('it has not answered yet');
    health.answered();
    expect([health.waitingFor, returns.length]).toEqual([undefined, 0]);
  });

  test.each(['Unreachable', 'Stopping'] as const)(
    'after %s it returns once, with all to be given anew',
    (code) => {
      const { health, returns } = watched();
      health.answered();
      fail(health, code);
      fail(health, code);
      expect(health.isUp).toBe(false);
      health.answered();
      health.answered();
      expect(returns).toHaveLength(1);
    },
  );

  test.each(['Timeout', 'BadReply'] as const)(
    'is not doubted for one %s, nor is anything given anew',
    (code) => {
      const { health, returns } = watched();
      health.answered();
      for (let round = 0; round < 3; round += 1) {
        fail(health, code);
        expect(health.isUp).toBe(true);
        health.answered();
      }
      expect(returns).toHaveLength(0);
    },
  );

  test('a refusal is an answer', () => {
    const { health } = watched();
    fail(health, 'PortInUse');
    expect(health.isUp).toBe(true);
  });

  test('learns from the calls that it is shown, and hands on what they bring', async () => {
    const { health } = watched();
    await expect(health.learn(Promise.reject(new SidecarError('Unreachable', 'No.')))).rejects.toThrow('No.');
    expect(health.waitingFor).toBe('No.');
    await expect(health.learn(Promise.resolve(7))).resolves.toBe(7);
    expect(health.isUp).toBe(true);
  });
});
