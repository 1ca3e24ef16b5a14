import { inotifyProblem, problemOf } from '../../../src/wireguard/device/inotify.ts';

describe('the inotify instances of a node', () => {
  test('are said to be used up where they are, with what to do', () => {
    expect(problemOf(24)).toMatch(/no inotify instance left.*raise its fs\.inotify\.max_user_instances$/);
    expect(problemOf(1)).toBeUndefined();
  });

  test('are left on a machine that runs tests', () => expect(inotifyProblem()).toBeUndefined());
});
