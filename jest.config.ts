import type { Config } from 'jest';

const project = (name: string, extra: Partial<NonNullable<Config['projects']>[number] & object> = {}) => ({
  displayName: name,
  testEnvironment: 'node',
  roots: [`<rootDir>/test/${name}`],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2024', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
  ...extra,
});

// What a project needs tells it apart: nothing (unit; world: a model of a cluster), an API server (integration), root and
// /dev/net/tun (dataplane), all of these and the three processes (processes), a Kubernetes node (e2e).
const config: Config = {
  // For a test that hangs; how long one takes is the machine's affair. Jest's own 5 s are too few on one that is busy.
  testTimeout: 60_000,
  testSequencer: '<rootDir>/test/sequencer.ts',
  projects: ['unit', 'world', 'integration', 'dataplane', 'processes', 'e2e'].map((name) => project(name)),
};
export default config;
