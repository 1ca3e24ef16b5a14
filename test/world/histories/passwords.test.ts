/** Fresh scripts and other passwords asked for, while routers connect, leaders change, processes die and objects are lost. */
import { PASSWORD_TOPICS } from '../generate/passwords.ts';
import { manyHistories } from './many.ts';
import { SURROUNDINGS } from './surroundings.ts';

manyHistories({
  offset: 500_000,
  count: 300,
  of: [...PASSWORD_TOPICS, ...SURROUNDINGS],
});
