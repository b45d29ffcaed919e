/** Data sets and loaders: which examples they give, in which order, and when they are freed. */
import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  arange,
  data,
  keep,
  manualSeed,
  memory,
  ones,
  ShapeError,
  scope,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.ts';

const SEED = 13;
const wrong = (x: unknown) => x as never;

/** Ten examples: a row [i, 10·i] and the label i. */
function tenExamples(): data.TensorDataset {
  const x = Float32Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? i / 2 : ((i - 1) / 2) * 10));
  return new data.TensorDataset(tensor(x, { shape: [10, 2] }), arange(10, { dtype: 'int32' }));
}

function labelsOf(loader: data.DataLoader): number[][] {
  return Array.from(loader, ([, y]) => [...y!.dataSync()]);
}

describe('TensorDataset', () => {
  it('gives single examples and batches', () => {
    const set = tenExamples();
    expect(set.length).toBe(10);
    expect(set.get(3).map((t) => t.toArray())).toEqual([[3, 30], 3]);
    expect(set.batch(Int32Array.of(2, 0, 2)).map((t) => t.toArray())).toEqual([
      [
        [2, 20],
        [0, 0],
        [2, 20],
      ],
      [2, 0, 2],
    ]);
    expect(() => set.get(10)).toThrow('select: index 10 is out of range');
  });

  it('refuses tensors that do not belong together', () => {
    expect(() => new data.TensorDataset()).toThrow('TensorDataset: needs at least one tensor');
    expect(() => new data.TensorDataset(ones(2), ones(3, 1))).toThrow(ShapeError);
    expect(() => new data.TensorDataset(ones(2), ones(3, 1))).toThrow(
      'TensorDataset: all tensors must have the same first size, got [2] and [3,1]',
    );
    expect(() => new data.TensorDataset(tensor(1))).toThrow(ShapeError);
    expect(() => new data.TensorDataset(wrong([1]))).toThrow(
      'TensorDataset: tensors[0] must be a tensor, got an array',
    );
  });
});

describe('DataLoader', () => {
  it('goes through all examples in order', () => {
    const loader = new data.DataLoader(tenExamples(), { batchSize: 4 });
    expect(loader.length).toBe(3);
    expect(labelsOf(loader)).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9],
    ]);
    expect(labelsOf(loader)).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9],
    ]);
    for (const [x, y] of loader) expect(x!.select(1, 1).toArray()).toEqual(y!.mul(10).to('float32').toArray());
    expect(labelsOf(new data.DataLoader(tenExamples()))).toEqual(Array.from({ length: 10 }, (_, i) => [i]));
  });

  it('drops a last batch that is not full, with dropLast', () => {
    const loader = new data.DataLoader(tenExamples(), { batchSize: 4, dropLast: true });
    expect(loader.length).toBe(2);
    expect(labelsOf(loader)).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
    ]);
    expect(labelsOf(new data.DataLoader(tenExamples(), { batchSize: 11, dropLast: true }))).toEqual([]);
    expect(labelsOf(new data.DataLoader(tenExamples(), { batchSize: 100 })).flat()).toHaveLength(10);
  });

  it('shuffles differently in each pass, and the same way with the same seed', () => {
    const passes = (seed: number) => {
      const loader = new data.DataLoader(tenExamples(), { batchSize: 3, shuffle: true, seed });
      return [labelsOf(loader).flat(), labelsOf(loader).flat()];
    };
    const [first, second] = passes(SEED);
    expect(
      [...first!].sort((a, b) => a - b),
      `seed ${SEED}`,
    ).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(second, `seed ${SEED}`).not.toEqual(first);
    expect(passes(SEED), `seed ${SEED}`).toEqual([first, second]);
    expect(passes(SEED + 1), `seed ${SEED + 1}`).not.toEqual([first, second]);
  });

  it('follows manualSeed where it has no seed of its own', () => {
    const pass = () => labelsOf(new data.DataLoader(tenExamples(), { batchSize: 5, shuffle: true }));
    manualSeed(SEED);
    const first = pass();
    manualSeed(SEED);
    expect(pass(), `seed ${SEED}`).toEqual(first);
  });

  it('keeps rows and labels together when it shuffles', () => {
    for (const [x, y] of new data.DataLoader(tenExamples(), { batchSize: 4, shuffle: true, seed: SEED }))
      expect(x!.select(1, 0).toArray(), `seed ${SEED}`).toEqual(y!.to('float32').toArray());
  });

  it('stacks the examples of any data set that has a length and get(i)', () => {
    const squares: data.Dataset = { length: 5, get: (i) => [ones(2).mul(i), tensor(i * i)] };
    const before = memory().tensors;
    const batches = scope(() =>
      Array.from(new data.DataLoader(squares, { batchSize: 2 }), ([x, y]) => [x!.toArray(), y!.toArray()]),
    );
    expect(batches).toEqual([
      [
        [
          [0, 0],
          [1, 1],
        ],
        [0, 1],
      ],
      [
        [
          [2, 2],
          [3, 3],
        ],
        [4, 9],
      ],
      [[[4, 4]], [16]],
    ]);
    expect(memory().tensors).toBe(before);
  });

  it('gives batches that live as long as somebody has them', () => {
    scope(() => {
      const loader = new data.DataLoader(tenExamples(), { batchSize: 4 });
      let total = tensor(0);
      for (const [x] of loader) total = total.add(x!.sum());
      expect(total.item()).toBe(495);
      expect([...loader].map(([x]) => x!.shape)).toEqual([
        [4, 2],
        [4, 2],
        [2, 2],
      ]);
      const [first] = loader;
      const next = loader[Symbol.iterator]().next().value;
      expect([first![0]!.toArray(), tensor([7]).item()]).toEqual([next![0]!.toArray(), 7]);
      let seen: Tensor | undefined;
      for (const [x] of loader) {
        seen = x!.mul(2);
        break;
      }
      expect(seen!.shape).toEqual([4, 2]);
      expect(() => {
        for (const [x] of loader) x!.reshape(7);
      }).toThrow(ShapeError);
    });
  });

  it('may remember examples, which outlive scopes that make batches of them', () => {
    const cache = new Map<number, Tensor[]>();
    const set: data.Dataset = {
      length: 4,
      get(i) {
        const known = cache.get(i) ?? [keep(tensor([i]))];
        cache.set(i, known);
        return known;
      },
    };
    const loader = new data.DataLoader(set, { batchSize: 2 });
    for (let epoch = 0; epoch < 2; epoch++) {
      const batches = scope(() => Array.from(loader, ([x]) => x!.toArray()));
      expect(batches).toEqual([
        [[0], [1]],
        [[2], [3]],
      ]);
    }
    for (const known of cache.values()) known[0]!.dispose();
  });

  it('works inside scopes and other loops', () => {
    const before = memory();
    const pairs: number[] = [];
    scope(() => {
      const set = tenExamples();
      for (const [, a] of new data.DataLoader(set, { batchSize: 5 })) {
        for (const [, b] of new data.DataLoader(set, { batchSize: 5 })) pairs.push(a!.mul(b!).sum().item());
        expect(a!.isDisposed).toBe(false);
      }
    });
    expect(pairs).toEqual([30, 80, 80, 255]);
    expect(memory()).toEqual(before);
  });

  it('refuses values that it cannot iterate over', () => {
    const set = tenExamples();
    for (const [fn, message] of [
      [() => new data.DataLoader(wrong([1])), 'DataLoader: dataset must have a length and get(i)'],
      [() => new data.DataLoader(wrong(undefined)), 'DataLoader: dataset must have a length and get(i)'],
      [
        () => new data.DataLoader(set, { batchSize: 0 }),
        'DataLoader: batchSize must be a whole number of at least 1, got 0',
      ],
      [() => new data.DataLoader(set, { batchSize: 2.5 }), 'batchSize must be a whole number of at least 1, got 2.5'],
      [() => new data.DataLoader(set, { seed: 0.5 }), 'DataLoader: seed must be a whole number of at least 0, got 0.5'],
      [
        () => new data.DataLoader(set, wrong({ batch_size: 2 })),
        'DataLoader: unknown option batch_size (known: batchSize, shuffle, dropLast, seed, prefetch)',
      ],
    ] as const) {
      expect(fn).toThrow(ArgumentError);
      expect(fn).toThrow(message);
    }
  });

  it('gives no batches for an empty data set', () => {
    expect(labelsOf(new data.DataLoader(new data.TensorDataset(zeros(0, 2), zeros(0))))).toEqual([]);
  });
});
