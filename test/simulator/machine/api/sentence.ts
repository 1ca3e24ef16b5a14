import type { Attributes } from '../../engine/index.ts';

/** A sentence of a client, taken apart; the order of words other than queries means nothing. */
export interface Sentence {
  /** `/ip/service/print` */
  path: string;
  menu: string;
  command: string;
  attributes: Attributes;
  queries: string[];
  tag: string | undefined;
}

/** Takes a sentence apart. @returns the word that has no business in a sentence, where there is one. */
export function parseSentence(words: readonly string[]): Sentence | { unknownWord: string } {
  const [path = '', ...rest] = words;
  const attributes: Record<string, string> = {};
  const queries: string[] = [];
  let tag: string | undefined;
  for (const word of rest) {
    if (word.startsWith('=')) {
      const [, key = '', value = ''] = /^=([^=]*)=?(.*)$/s.exec(word) ?? [];
      attributes[key] = value;
    } else if (word.startsWith('?')) queries.push(word.slice(1));
    else if (word.startsWith('.tag=')) tag = word.slice('.tag='.length);
    else return { unknownWord: word };
  }
  const cut = path.lastIndexOf('/');
  return {
    path,
    menu: cut <= 0 ? '/' : path.slice(0, cut),
    command: path.slice(cut + 1),
    attributes,
    queries,
    tag,
  };
}

export function attributeWords(row: Readonly<Record<string, string>>): string[] {
  return Object.entries(row).map(([key, value]) => `=${key}=${value}`);
}
