export interface DecoderLimits {
  /** Bytes of one word. Default 1 MiB. */
  maxWordBytes: number;
  /** Words of one sentence. Default 1 024. */
  maxWords: number;
  /** Bytes of all words of one sentence. Default 2 MiB. */
  maxSentenceBytes: number;
}
