/** Events with one key within this time are one series (client-go tools/events). */
const SERIES_MS = 6 * 60_000;
/** A series that goes on is written again after this time at the latest. */
const REFRESH_MS = 30 * 60_000;
/** An object's Events: so many at once, then one for each period (client-go tools/record spam filter). */
const BURST = 25;
const REFILL_MS = 5 * 60_000;
/** Series and objects remembered. */
const MAX_TRACKED = 4096;

interface Series {
  count: number;
  lastAt: number;
  /** How many the server knows of, and since when. */
  writtenCount: number;
  writtenAt: number;
}

export type EventDecision = { do: 'create' } | { do: 'update'; count: number } | { do: 'nothing' };

/**
 * Decides which Events are written. Like ones make a series, written when its count has doubled, or after 30
 * minutes, or when it has ended; so a thing that happens each second costs some ten writes an hour.
 */
export class EventSeries {
  /** In order of last use, oldest first. */
  readonly #series = new Map<string, Series>();
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  /** `key`: what makes Events alike; `object`: whose they are; `now`: monotonic ms. */
  observe(key: string, object: string, now: number): EventDecision {
    const series = this.#series.get(key);
    if (series === undefined || now - series.lastAt >= SERIES_MS) {
      if (!this.#takeToken(object, now)) return { do: 'nothing' };
      remember(this.#series, key, { count: 1, lastAt: now, writtenCount: 1, writtenAt: now });
      return { do: 'create' };
    }
    series.count++;
    series.lastAt = now;
    remember(this.#series, key, series);
    const due = series.count >= series.writtenCount * 2 || now - series.writtenAt >= REFRESH_MS;
    return due ? written(series, now) : { do: 'nothing' };
  }

  /** Series whose count the server does not know, of those that have ended, or (`all`) of any; they are forgotten. */
  ended(now: number, all = false): { key: string; count: number }[] {
    const unwritten: { key: string; count: number }[] = [];
    for (const [key, series] of this.#series) {
      if (!all && now - series.lastAt < SERIES_MS) continue;
      if (series.count > series.writtenCount) unwritten.push({ key, count: series.count });
      this.#series.delete(key);
    }
    return unwritten;
  }

  has(key: string): boolean {
    return this.#series.has(key);
  }

  #takeToken(object: string, now: number): boolean {
    const bucket = this.#buckets.get(object) ?? { tokens: BURST, at: now };
    const tokens = Math.min(BURST, bucket.tokens + (now - bucket.at) / REFILL_MS);
    const granted = tokens >= 1;
    remember(this.#buckets, object, { tokens: granted ? tokens - 1 : tokens, at: now });
    return granted;
  }
}

function written(series: Series, now: number): EventDecision {
  series.writtenCount = series.count;
  series.writtenAt = now;
  return { do: 'update', count: series.count };
}

function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= MAX_TRACKED) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}
