import {
  compareRouterOsVersions,
  parseRouterOsVersion,
  type RouterOsVersion,
} from '../../api/profiles/routeros-version.ts';

/** From `since` (inclusive) until `until` (exclusive); absent: without that end. */
export interface Span {
  readonly since?: RouterOsVersion;
  readonly until?: RouterOsVersion;
  /** As it is written: `7.15-7.17`, `7.16`, `-7.18`. */
  readonly text: string;
}

export const ALWAYS: Span = { text: '' };

/** A beta of 7.24 counts as 7.24 here: what a version brings comes with its betas, or its betas are asked. */
export function isIn({ since, until }: Span, version: RouterOsVersion): boolean {
  const release: RouterOsVersion = { ...version, stage: 'final', build: 0 };
  if (since !== undefined && compareRouterOsVersions(release, since) < 0) return false;
  return until === undefined || compareRouterOsVersions(release, until) < 0;
}

/** `name@7.15-7.17` → its name and span. Throws `RangeError` for what is written wrongly. */
export function readWord(word: string): { name: string; span: Span } {
  const [name = '', text = ''] = word.split('@');
  return { name, span: text === '' ? ALWAYS : spanOf(text) };
}

function spanOf(text: string): Span {
  const [from = '', to = ''] = text.split('-');
  return {
    text,
    ...(from === '' ? {} : { since: needed(from) }),
    ...(to === '' ? {} : { until: needed(to) }),
  };
}

function needed(text: string): RouterOsVersion {
  const version = parseRouterOsVersion(text);
  if (version === undefined) throw new RangeError(`"${text}" is no version of RouterOS.`);
  return version;
}

/** For people: `RouterOS 7.16 and later`, `RouterOS 7.15 up to before 7.17`, `RouterOS before 7.18`. */
export function inWords({ text }: Span): string {
  const [from = '', to = ''] = text.split('-');
  if (from === '') return `RouterOS before ${to}`;
  return to === '' ? `RouterOS ${from} and later` : `RouterOS ${from} up to before ${to}`;
}
