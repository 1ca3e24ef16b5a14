import { SidecarHealth } from '../../../src/gateway/sidecar-health.ts';
import { PROTOCOL_VERSION, SidecarError, type SidecarErrorCode } from '../../../src/wireguard/index.ts';

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

  test.each(['Unreachable', 'Stopping', 'Standby'] as const)(
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

  test('that was never up was given nothing that it could lose', () => {
    const { health, returns } = watched();
    fail(health, 'Unreachable');
    fail(health, 'Standby');
    health.answered();
    expect(returns).toHaveLength(0);
  });

  test('does not answer as it should when it speaks another protocol, and then is not given anew for nothing', () => {
    const { health, returns } = watched();
    const version = {
      protocol: PROTOCOL_VERSION,
      state: 'active',
      implementation: 'kernel',
      lost: 0,
    } as const;
    health.learnVersion({ ...version, protocol: 99, problem: null });
    expect(health.waitingFor).toMatch(/^it speaks protocol 99, this agent \d+: bring both/);
    health.learnVersion({ ...version, problem: null });
    expect([health.isUp, health.waitingFor, returns.length]).toEqual([true, undefined, 0]);
  });

  test('a standby is nothing to wait for, and is not up; the first that is up resolves firstUp', async () => {
    const { health } = watched();
    const standby = { protocol: PROTOCOL_VERSION, implementation: null, problem: null, lost: 0 } as const;
    let isFirstUp = false;
    void health.firstUp.then(() => {
      isFirstUp = true;
    });
    health.learnVersion({ ...standby, state: 'standby' });
    await Promise.resolve();
    expect([health.isUp, health.isStandby, health.waitingFor, isFirstUp]).toEqual([
      false,
      true,
      undefined,
      false,
    ]);
    health.learnVersion({ ...standby, state: 'active' });
    await Promise.resolve();
    expect([health.isUp, health.isStandby, isFirstUp]).toEqual([true, false, true]);
  });

  test('tells of the node only while it is up, and no more than a sentence', () => {
    const { health } = watched();
    const version = { protocol: PROTOCOL_VERSION, state: 'active', implementation: null, lost: 0 } as const;
    health.learnVersion({ ...version, problem: 'x'.repeat(10_000) });
    expect(health.problem).toHaveLength(500);
    fail(health, 'Unreachable');
    expect(health.problem).toBeUndefined();
  });

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
