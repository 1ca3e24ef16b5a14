import { type KeyInput, keyStep } from '../../../../src/gateway/keys/key-step.ts';

const OWN = { publicKey: 'K0' };
const input = (changes: Partial<KeyInput> = {}): KeyInput => ({
  router: { spec: {} as never },
  peer: { router: OWN, isScriptUsed: true },
  saying: undefined,
  ownKeys: true,
  isLetIn: true,
  ...changes,
});
const said = (key: KeyInput['saying']) =>
  ({ spec: {}, status: { credentials: { revision: 1, key } } }) as never;

describe('what is next for a router to have a key of its own', () => {
  test('is to make one, once its script was used and nobody else knows its key', () => {
    expect(keyStep(input())).toEqual({ step: 'make' });
    expect(keyStep(input({ peer: { router: OWN } }))).toEqual({ step: 'none' });
    expect(keyStep(input({ ownKeys: false }))).toEqual({ step: 'none' });
    expect(keyStep(input({ router: { spec: { publicKey: 'K0' } as never } }))).toEqual({ step: 'none' });
  });

  test('is to wait while it is said, and not let in', () => {
    const key = { publicKey: 'K1', after: 'K0' };
    expect(keyStep(input({ router: said(key) }))).toEqual({ step: 'none' });
    expect(keyStep(input({ saying: key }))).toEqual({ step: 'none' });
    const peer = { router: OWN, isScriptUsed: true as const, next: 'K1' };
    expect(keyStep(input({ peer, isLetIn: false }))).toEqual({ step: 'none' });
    expect(keyStep(input({ peer: { ...peer, isNextKept: true } }))).toEqual({ step: 'none' });
  });

  test('is to use it, whatever else is wanted by then: it may do so already', () => {
    const peer = { router: OWN, isScriptUsed: true as const, next: 'K1' };
    for (const changes of [{}, { ownKeys: false }, { router: { spec: { publicKey: 'K0' } as never } }])
      expect(keyStep(input({ peer, ...changes }))).toEqual({ step: 'use', next: 'K1' });
    expect(keyStep(input({ peer, saying: { publicKey: 'K1', after: 'K0', inUse: true } }))).toEqual({
      step: 'none',
    });
    expect(keyStep(input({ peer, saying: { publicKey: 'K9', after: 'K0', inUse: true } }))).toEqual({
      step: 'use',
      next: 'K1',
    });
  });

  test('is nothing once it has one, and all of it again after a fresh script', () => {
    const peer = { router: { publicKey: 'K1' }, isScriptUsed: true as const };
    const key = { publicKey: 'K1', after: 'K0', inUse: true };
    expect(keyStep(input({ peer, router: said(key) }))).toEqual({ step: 'none' });
    expect(keyStep(input({ peer: { ...peer, isOwnKey: true } }))).toEqual({ step: 'none' });
    const fresh = { router: { publicKey: 'K2' }, isScriptUsed: true as const };
    expect(keyStep(input({ peer: fresh, router: said(key) }))).toEqual({ step: 'make' });
  });
});
