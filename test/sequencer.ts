import sequencer from '@jest/test-sequencer';

// What Node.js imports is the class; its types are those of the package's other form.
const Sequencer = sequencer as unknown as typeof sequencer.default;
type Tests = Parameters<InstanceType<typeof Sequencer>['sort']>[0];

/** Files that wait for minutes, and use a processor for none of them: the longest first. */
const WAITING = [
  'clock/stays',
  'identity',
  'failover/split-brain',
  'trouble',
  'kill',
  'cost',
  'endpoint',
  'clock/',
];

/**
 * The order of test files. Jest goes by how long each took before, which a machine that has never run them does not know:
 * so the longest would begin last, and all would wait for it.
 */
export default class extends Sequencer {
  override async sort(tests: Tests): Promise<Tests> {
    const rank = ({ path }: Tests[number]): number => {
      const at = WAITING.findIndex((name) => path.includes(`/test/processes/${name}`));
      return at < 0 ? WAITING.length : at;
    };
    return [...(await super.sort(tests))].sort((a, b) => rank(a) - rank(b));
  }
}
