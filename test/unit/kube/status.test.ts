import { jest } from '@jest/globals';
import {
  applyStatusIfChanged,
  type Condition,
  type KubeApi,
  type KubeObject,
  type ResourceType,
  statusEquals,
} from '../../../src/kube/index.ts';

interface Widget extends KubeObject {
  status?: { address?: string; ports?: number[]; model?: string; conditions?: Condition[] };
}
const widgets: ResourceType<Widget> = {
  group: 'example.com',
  version: 'v1',
  plural: 'widgets',
  kind: 'Widget',
  namespaced: true,
};
const condition = (type: string, status: Condition['status'] = 'True'): Condition => ({
  type,
  status,
  reason: 'R',
  message: '',
  lastTransitionTime: '2026-01-01T00:00:00Z',
});
const owned = { fields: ['address', 'ports'], conditions: ['Ready'] };

describe('a manager compares its own part of a status', () => {
  const status = {
    address: 'a',
    ports: [1, 2],
    model: 'theirs',
    conditions: [condition('Ready'), condition('Theirs')],
  };
  const desired = { address: 'a', ports: [1, 2], conditions: [condition('Ready')] };

  test.each([
    ['equal to its part, whatever others own', desired, true],
    ['a field differs', { ...desired, address: 'b' }, false],
    ['a list has another order', { ...desired, ports: [2, 1] }, false],
    ['an owned field is omitted, so it is to go', { address: 'a', conditions: [condition('Ready')] }, false],
    ['an owned field is undefined, so it is to go', { ...desired, ports: undefined }, false],
    ['an owned condition is omitted, so it is to go', { ...desired, conditions: [] }, false],
    ['conditions are not mentioned, so its own is to go', { address: 'a', ports: [1, 2] }, false],
    ['a condition differs', { ...desired, conditions: [condition('Ready', 'False')] }, false],
    ['it writes a field that it did not own', { ...desired, model: 'mine' }, false],
    [
      'it writes a condition that it did not own',
      { ...desired, conditions: [condition('Ready'), condition('New')] },
      false,
    ],
  ])('%s', (_why, wanted, equal) => {
    expect(statusEquals(status, wanted, owned)).toBe(equal);
  });

  test('an owned field that neither has is no change', () => {
    expect(statusEquals({ model: 'theirs' }, {}, owned)).toBe(true);
    expect(statusEquals(undefined, {}, owned)).toBe(true);
  });
});

describe('applying a status', () => {
  const widget: Widget = {
    apiVersion: 'example.com/v1',
    kind: 'Widget',
    metadata: { name: 'w', namespace: 'n', uid: 'u1', resourceVersion: '7', labels: { a: 'b' } },
    status: { address: 'a' },
  };
  const applier = () => {
    const applyStatus = jest.fn<KubeApi['applyStatus']>(async (_type, object) => object as never);
    return { client: { applyStatus } as Pick<KubeApi, 'applyStatus'>, applyStatus };
  };

  test('sends nothing when nothing would change', async () => {
    const { client, applyStatus } = applier();
    const options = { fieldManager: 'me', owned };
    expect(await applyStatusIfChanged(client, widgets, widget, { address: 'a' }, options)).toBeUndefined();
    expect(applyStatus).not.toHaveBeenCalled();
  });

  test('sends its own part alone, bound to the version', async () => {
    const { client, applyStatus } = applier();
    await applyStatusIfChanged(client, widgets, widget, { address: 'b' }, { fieldManager: 'me', owned });
    expect(applyStatus).toHaveBeenCalledWith(
      widgets,
      { metadata: { name: 'w', namespace: 'n' }, status: { address: 'b' } },
      { fieldManager: 'me', resourceVersion: '7' },
    );
  });
});
