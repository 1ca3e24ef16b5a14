/** One controller, a network that does its best: whatever people do, and agents, and nodes. */
import { manyHistories } from './many.ts';

const HARM = ['weather', 'leaders', 'deaths', 'stalls', 'watches', 'curses'];

manyHistories({ offset: 0, count: 700, topics: ({ name }) => !HARM.includes(name) });
