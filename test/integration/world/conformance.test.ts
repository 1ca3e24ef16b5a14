/** The test world's API server answers as a real one does. */
import { jest } from '@jest/globals';
import { namespaces } from '../../../src/kube/index.ts';
import { type ControlPlane, startControlPlane } from '../../testbed/control-plane.ts';
import { conversation, NAMESPACE } from '../../world/api/conversation.ts';
import { withModel } from '../../world/api/with-model.ts';
import { clientOf } from '../kube/server.ts';

jest.setTimeout(180_000);

let plane: ControlPlane;
beforeAll(async () => {
  plane = await startControlPlane();
  await plane.install();
});
afterAll(async () => {
  await plane?.stop();
});

test('the model says what a real API server says', async () => {
  const client = clientOf(plane);
  try {
    await client.create(namespaces, { metadata: { name: NAMESPACE } });
    const real = await conversation(client);
    expect(real.length).toBeGreaterThan(30);
    expect(await withModel(conversation)).toEqual(real);
  } finally {
    await client.close();
  }
});
