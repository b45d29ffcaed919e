/** Texts and windows, against small cases computed by hand. */
import { describe, expect, it } from 'vitest';
import { arange, data, ShapeError } from '../../src/index.ts';

const wrong = (x: unknown) => x as never;

describe('slidingWindows', () => {
  it('cuts a series into windows', () => {
    const [x, y] = data.slidingWindows([1, 2, 3, 4, 5], 3);
    expect([x.toArray(), y.toArray()]).toEqual([
      [
        [1, 2, 3],
        [2, 3, 4],
      ],
      [[4], [5]],
    ]);
    const [a, b] = data.slidingWindows(arange(7), 2, { horizon: 2, stride: 3 });
    expect([a.toArray(), b.toArray()]).toEqual([
      [
        [0, 1],
        [3, 4],
      ],
      [
        [2, 3],
        [5, 6],
      ],
    ]);
    const [c, d] = data.slidingWindows(arange(8).reshape([4, 2]), 2);
    expect([c.shape, d.shape]).toEqual([
      [2, 2, 2],
      [2, 1, 2],
    ]);
    expect(d.toArray()).toEqual([[[4, 5]], [[6, 7]]]);
    expect(() => data.slidingWindows([1, 2], 2)).toThrow(ShapeError);
    expect(() => data.slidingWindows([1, 2], 0)).toThrow('size must be a whole number of at least 1');
  });
});

describe('Tokenizer', () => {
  const texts = ['The cat sat on the mat.', 'The dog ate the cat!'];

  it('numbers words by frequency', () => {
    const tokenizer = new data.Tokenizer();
    tokenizer.fitOnTexts(texts);
    expect(tokenizer.wordIndex).toEqual({ the: 1, cat: 2, sat: 3, on: 4, mat: 5, dog: 6, ate: 7 });
    expect(tokenizer.textsToSequences(['the dog, unknown cat'])).toEqual([[1, 6, 2]]);
    expect(tokenizer.sequencesToTexts([[1, 2, 99]])).toEqual(['the cat']);
    expect([tokenizer.documentCount, tokenizer.wordCounts.get('the')]).toEqual([2, 4]);
  });

  it('omits rare and unknown words, or marks them', () => {
    const few = new data.Tokenizer({ numWords: 3 });
    few.fitOnTexts(texts);
    expect(few.textsToSequences(texts)).toEqual([
      [1, 2, 1],
      [1, 1, 2],
    ]);
    const marked = new data.Tokenizer({ numWords: 4, oovToken: '<unk>' });
    marked.fitOnTexts(texts);
    expect(marked.wordIndex['<unk>']).toBe(1);
    expect(marked.textsToSequences(['the zebra sat'])).toEqual([[2, 1, 1]]);
    expect(marked.sequencesToTexts([[2, 1, 4]])).toEqual(['the <unk> <unk>']);
  });

  it('follows its options for case, filters, separators, characters and words', () => {
    const raw = new data.Tokenizer({ lower: false, filters: '' });
    raw.fitOnTexts(['A a. a']);
    expect(raw.wordIndex).toEqual({ A: 1, 'a.': 2, a: 3 });
    const characters = new data.Tokenizer({ charLevel: true });
    characters.fitOnTexts(['abA']);
    expect(characters.textsToSequences(['ba'])).toEqual([[2, 1]]);
    const words = new data.Tokenizer({ split: '|' });
    words.fitOnTexts([['New York', 'Oslo'], 'oslo|rome']);
    expect(words.wordIndex).toEqual({ oslo: 1, 'new york': 2, rome: 3 });
    const odd = new data.Tokenizer();
    odd.fitOnTexts(['constructor constructor toString']);
    expect(odd.textsToSequences(['valueOf constructor'])).toEqual([[1]]);
    expect(() => odd.fitOnTexts(wrong('one text'))).toThrow('expected a list of texts');
  });
});

describe('padSequences', () => {
  const sequences = [[1], [2, 3], [4, 5, 6, 7]];
  it('pads and truncates as Keras does', () => {
    expect(data.padSequences(sequences).toArray()).toEqual([
      [0, 0, 0, 1],
      [0, 0, 2, 3],
      [4, 5, 6, 7],
    ]);
    const short = data.padSequences(sequences, { maxlen: 2 });
    expect([short.dtype, short.toArray()]).toEqual([
      'int32',
      [
        [0, 1],
        [2, 3],
        [6, 7],
      ],
    ]);
    expect(
      data.padSequences(sequences, { maxlen: 3, padding: 'post', truncating: 'post', value: -1 }).toArray(),
    ).toEqual([
      [1, -1, -1],
      [2, 3, -1],
      [4, 5, 6],
    ]);
    expect(data.padSequences([[0.5]], { maxlen: 2, dtype: 'float32' }).toArray()).toEqual([[0, 0.5]]);
    expect(data.padSequences([]).shape).toEqual([0, 0]);
    expect(() => data.padSequences(sequences, { padding: wrong('left') })).toThrow("padding must be 'pre' or 'post'");
    expect(() => data.padSequences(wrong([3]))).toThrow('expected a list of sequences');
  });
});
