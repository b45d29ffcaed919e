/** Texts as sequences of word numbers, with Keras's semantics. */
import { ArgumentError, refuse } from '../../bindings/errors.ts';
import type { DType } from '../../bindings/executor.ts';
import { tensor } from '../ops/index.ts';
import { checkFinite, checkOneOf, checkOptions, checkWhole, FLAG, noMore, VALUE } from '../options.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Options of `Tokenizer`. */
export interface TokenizerOptions {
  /** Use only words with numbers below this, which are the most frequent ones. Default: all. */
  numWords?: number;
  /** The word that replaces unknown ones; its number is 1. Default: unknown words are left out. */
  oovToken?: string;
  /** Characters that are replaced by `split`. Default: punctuation, tab and line feed. */
  filters?: string;
  /** Convert everything to lower case. Default true. */
  lower?: boolean;
  /** The separator of words. Default ' '. */
  split?: string;
  /** Treat every character as a word. Default false. */
  charLevel?: boolean;
}

const FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n';

/** A text, or its words. */
export type Text = string | readonly string[];

/**
 * Numbers words by their frequency, starting at 1; 0 is reserved for padding.
 *
 * @see https://keras.io/2.15/api/preprocessing/text/
 * @example
 * const texts = ['the cat sat', 'the dog'];
 * const tokenizer = new data.Tokenizer({ numWords: 10000, oovToken: '<unk>' });
 * tokenizer.fitOnTexts(texts);
 * tokenizer.textsToSequences(texts); // [[2, 3, 4], [2, 5]]
 */
export class Tokenizer {
  /** The number of each word, the most frequent word first. */
  wordIndex: Record<string, number> = {};
  /** The word of each number. */
  indexWord: Record<number, string> = {};
  /** How often each word has occurred, in the order of first appearance. */
  readonly wordCounts = new Map<string, number>();
  /** The number of texts seen. */
  documentCount = 0;
  private index = new Map<string, number>();

  constructor(private readonly options: TokenizerOptions = {}) {
    if (arguments.length > 1) noMore('Tokenizer', 1, arguments);
    checkOptions('Tokenizer', options, {
      numWords: VALUE,
      oovToken: VALUE,
      filters: VALUE,
      lower: FLAG,
      split: VALUE,
      charLevel: FLAG,
    });
    if (options.numWords !== undefined) checkWhole('Tokenizer', 'numWords', options.numWords, 1);
    if (options.split === '') {
      refuse(ArgumentError, 'Tokenizer', 'split must not be empty; use charLevel', { argument: 'split' });
    }
  }

  /** The words of a text. */
  private words(text: Text): string[] {
    const { filters = FILTERS, lower = true, split = ' ', charLevel = false } = this.options;
    const cased = (part: string) => (lower ? part.toLowerCase() : part);
    if (typeof text !== 'string') return text.map(cased);
    if (charLevel) return Array.from(cased(text));
    const separated = Array.from(cased(text), (character) => (filters.includes(character) ? split : character));
    return separated
      .join('')
      .split(split)
      .filter((word) => word !== '');
  }

  private check(op: string, texts: readonly Text[]): void {
    if (!Array.isArray(texts) || !texts.every((text) => typeof text === 'string' || Array.isArray(text)))
      refuse(ArgumentError, op, 'expected a list of texts', { argument: 'texts', got: texts });
  }

  /** Counts the words of texts and numbers all words seen so far. May be called again with more texts. */
  fitOnTexts(texts: readonly Text[]): void {
    if (arguments.length > 1) noMore('Tokenizer.fitOnTexts', 1, arguments);
    this.check('fitOnTexts', texts);
    for (const text of texts) {
      this.documentCount++;
      for (const word of this.words(text)) this.wordCounts.set(word, (this.wordCounts.get(word) ?? 0) + 1);
    }
    const byCount = [...this.wordCounts].sort(([, a], [, b]) => b - a).map(([word]) => word);
    const { oovToken } = this.options;
    const vocabulary = oovToken === undefined ? byCount : [oovToken, ...byCount.filter((word) => word !== oovToken)];
    this.index = new Map(vocabulary.map((word, i) => [word, i + 1]));
    this.wordIndex = Object.fromEntries(this.index);
    this.indexWord = Object.fromEntries(vocabulary.map((word, i) => [i + 1, word]));
  }

  /** The number of `oovToken`, if there is one. */
  private get unknown(): number | undefined {
    const { oovToken } = this.options;
    return oovToken === undefined ? undefined : this.index.get(oovToken);
  }

  private isUsed(number: number | undefined): number is number {
    return number !== undefined && number < (this.options.numWords ?? Infinity);
  }

  /** The word numbers of each text. */
  textsToSequences(texts: readonly Text[]): number[][] {
    if (arguments.length > 1) noMore('Tokenizer.textsToSequences', 1, arguments);
    this.check('textsToSequences', texts);
    return texts.map((text) =>
      this.words(text).flatMap((word) => {
        const number = this.index.get(word);
        return this.isUsed(number) ? number : (this.unknown ?? []);
      }),
    );
  }

  /** The words of each sequence, separated by spaces. */
  sequencesToTexts(sequences: readonly ArrayLike<number>[]): string[] {
    if (arguments.length > 1) noMore('Tokenizer.sequencesToTexts', 1, arguments);
    return sequences.map((sequence) =>
      Array.from(sequence)
        .flatMap((number) => {
          const word = this.indexWord[number];
          return word !== undefined && this.isUsed(number) ? word : (this.options.oovToken ?? []);
        })
        .join(' '),
    );
  }
}

/** Options of `padSequences`. */
export interface PadOptions {
  /** The length of all sequences. Default: that of the longest. */
  maxlen?: number;
  /** The side on which short sequences are filled. Default 'pre'. */
  padding?: 'pre' | 'post';
  /** The side on which long sequences are cut. Default 'pre'. */
  truncating?: 'pre' | 'post';
  /** The value to fill with. Default 0. */
  value?: number;
  /** Element type. Default 'int32'. */
  dtype?: DType;
}

/**
 * Sequences of different lengths as one tensor [N, maxlen].
 *
 * @see https://keras.io/2.15/api/data_loading/timeseries/#pad_sequences-function
 * @example
 * data.padSequences([[1], [2, 3, 4]], { maxlen: 2 }).toArray(); // [[0, 1], [3, 4]]
 */
export function padSequences(sequences: readonly ArrayLike<number>[], options: PadOptions = {}): Tensor {
  if (arguments.length > 2) noMore('padSequences', 2, arguments);
  const op = 'padSequences';
  checkOptions(op, options, { maxlen: VALUE, padding: VALUE, truncating: VALUE, value: VALUE, dtype: VALUE });
  const { padding = 'pre', truncating = 'pre', value = 0, dtype = 'int32' } = options;
  for (const [argument, side] of Object.entries({ padding, truncating })) {
    checkOneOf(op, argument, side, ['pre', 'post']);
  }
  if (!Array.isArray(sequences) || !sequences.every((sequence) => typeof sequence?.length === 'number')) {
    refuse(ArgumentError, op, 'expected a list of sequences', { argument: 'sequences', got: sequences });
  }
  checkFinite(op, 'value', value);
  const maxlen = options.maxlen ?? sequences.reduce((longest, { length }) => Math.max(longest, length), 0);
  checkWhole(op, 'maxlen', maxlen);
  const padded = new Float64Array(sequences.length * maxlen).fill(value);
  sequences.forEach((sequence, i) => {
    const kept = Math.min(sequence.length, maxlen);
    const from = truncating === 'pre' ? sequence.length - kept : 0;
    const to = i * maxlen + (padding === 'pre' ? maxlen - kept : 0);
    for (let j = 0; j < kept; j++) padded[to + j] = sequence[from + j]!;
  });
  return tensor(padded, { shape: [sequences.length, maxlen], dtype });
}
