import { LeaderElector, type LeaderElectorOptions } from '../kube/index.ts';

/** Who of several processes works; see {@link LeaderElector}. */
export type Leadership = Pick<LeaderElector, 'isLeader' | 'run'>;

/** That of a single process, which leads at once. */
const alone: Leadership = {
  isLeader: () => true,
  run: async (signal, lead) => {
    await lead(signal);
    return 'stopped';
  },
};

export const leadershipBy = (options: LeaderElectorOptions, leaderElect: boolean): Leadership =>
  leaderElect ? new LeaderElector(options) : alone;
