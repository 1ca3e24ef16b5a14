/** Profiles that are rolled out, values of Secrets, leaders that change, people who do this and that meanwhile. */
import { PROFILE_TOPICS } from '../generate/profiles.ts';
import { manyHistories } from './many.ts';
import { SURROUNDINGS } from './surroundings.ts';

manyHistories({
  offset: 500_000,
  count: 400,
  of: [...PROFILE_TOPICS, ...SURROUNDINGS],
});
