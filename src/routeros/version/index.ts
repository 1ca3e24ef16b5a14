/** Which menus, commands and arguments a router has: the one place that knows versions of RouterOS. */
export { Answers, type AnswersOptions } from './answers.ts';
export type { Asked } from './inspect.ts';
export {
  type Knowledge,
  type Known,
  knowledgeOf,
  type Learned,
  type LearnOptions,
  learn,
  MOST_PLACES,
} from './knowledge.ts';
