import { conversation } from './conversation.ts';
import { withModel } from './with-model.ts';

// That these are a real API server's answers, too, is tested with one: test/integration/world/conformance.test.ts.
test('the model answers the same each time', async () => {
  const answers = await withModel(conversation);
  expect(answers.length).toBeGreaterThan(30);
  expect(answers).toEqual(await withModel(conversation));
});
