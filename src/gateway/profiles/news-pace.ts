/** How soon a router is looked at after it has told that something changed there. Pure. */

/** What somebody changes in one go is one look. */
export const GATHER_MS = 1_000;
/** What a router tells by itself all the time (counters, leases) makes no more looks than this, ms. */
const LONGEST_MS = 600_000;
/** So many looks in a row that found nothing to do, and the router is not listened to for a while. */
export const MOST_FRUITLESS = 8;

/** ms; `fruitless`: looks in a row after news that found nothing to do. */
export const pauseAfterNews = (fruitless: number): number =>
  Math.min(LONGEST_MS, GATHER_MS * 2 ** Math.min(fruitless, 20));
