/** Functions that prepare data: splits, scalers, encoders, data sets. */
import { readFileSync } from 'node:fs';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { ArgumentError, arange, data, manualSeed, memory, ShapeError, scope, Tensor, tensor } from '../../src/index.ts';

const wrong = (x: unknown) => x as never;
const sorted = (list: Iterable<number>) => [...list].sort((a, b) => a - b);
const near = (actual: unknown, expected: number[], digits = 6) => {
  const flat = [actual].flat(3) as number[];
  expect(flat.length).toBe(expected.length);
  flat.forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i]!, digits);
  });
};

describe('trainTestSplit', () => {
  it('gives the parts types without fixed lengths', () => {
    const [rows, , names] = data.trainTestSplit(
      [
        [1, 2],
        [3, 4],
      ],
      ['a', 'b'],
      { testSize: 1 },
    );
    expectTypeOf(rows).toEqualTypeOf<number[][]>();
    expectTypeOf(names).toEqualTypeOf<string[]>();
    const [floats, , points] = data.trainTestSplit(new Float32Array(2), [{ x: 1 }, { x: 2 }]);
    expectTypeOf(floats).toExtend<Float32Array>();
    expectTypeOf(points[0]!.x).toEqualTypeOf<number>();
    expect([rows.length, names.length, floats.length, points.length]).toEqual([1, 1, 1, 1]);
  });

  const numbers = Array.from({ length: 10 }, (_, i) => i);

  it('splits lists alike, and keeps the form of each', () => {
    const x = tensor(
      Float32Array.from({ length: 20 }, (_, i) => i),
      { shape: [10, 2] },
    );
    const y = Int32Array.from(numbers);
    const names = numbers.map((i) => `n${i}`);
    const [xTrain, xTest, yTrain, yTest, nTrain, nTest] = data.trainTestSplit(x, y, names, { testSize: 0.3, seed: 4 });
    expect([xTrain.shape, xTest.shape]).toEqual([
      [7, 2],
      [3, 2],
    ]);
    expect(yTrain).toBeInstanceOf(Int32Array);
    expect(sorted([...yTrain, ...yTest])).toEqual(numbers);
    expect(nTrain).toEqual(Array.from(yTrain, (i) => `n${i}`));
    expect(nTest).toEqual(Array.from(yTest, (i) => `n${i}`));
    expect(xTest.toArray()).toEqual(Array.from(yTest, (i) => [2 * i, 2 * i + 1]));
    expect(yTrain).not.toEqual(Int32Array.from(sorted(yTrain)));
  });

  it('counts as scikit-learn does', () => {
    const sizes = (options: data.SplitOptions) => data.trainTestSplit(numbers, options).map((part) => part.length);
    expect(data.trainTestSplit(numbers).map((part) => part.length)).toEqual([7, 3]);
    expect(sizes({ testSize: 0.25 })).toEqual([7, 3]);
    expect(sizes({ testSize: 4 })).toEqual([6, 4]);
    expect(sizes({ trainSize: 0.55 })).toEqual([5, 5]);
    expect(sizes({ trainSize: 2, testSize: 3 })).toEqual([2, 3]);
    expect(data.trainTestSplit(numbers, { shuffle: false, testSize: 2 })).toEqual([
      [0, 1, 2, 3, 4, 5, 6, 7],
      [8, 9],
    ]);
  });

  it('is repeatable with the seed, or with manualSeed', () => {
    const run = (options: data.SplitOptions) => data.trainTestSplit(numbers, options);
    expect(run({ seed: 1 })).toEqual(run({ seed: 1 }));
    expect(run({ seed: 1 })).not.toEqual(run({ seed: 2 }));
    manualSeed(5);
    const first = run({});
    manualSeed(5);
    expect(run({})).toEqual(first);
  });

  it('keeps the proportions of the classes', () => {
    const y = Array.from({ length: 100 }, (_, i) => (i < 60 ? 'a' : i < 90 ? 'b' : 'c'));
    const [train, test] = data.trainTestSplit(y, { testSize: 0.2, stratify: y, seed: 3 });
    const counts = (list: string[]) => ['a', 'b', 'c'].map((label) => list.filter((other) => other === label).length);
    expect(counts(train)).toEqual([48, 24, 8]);
    expect(counts(test)).toEqual([12, 6, 2]);
    expect(train.join('')).not.toBe([...train].sort().join(''));
  });

  it('leaks nothing', () => {
    const before = memory();
    scope(() => {
      data.trainTestSplit(arange(10), { stratify: tensor([0, 0, 0, 0, 0, 1, 1, 1, 1, 1]), seed: 1 });
    });
    expect(memory()).toEqual(before);
  });

  it.each<[string, () => unknown, string]>([
    ['different lengths', () => data.trainTestSplit([1, 2], [1]), 'lists of the same length, got 2, 1'],
    ['no lists', () => data.trainTestSplit(wrong({ testSize: 0.5 })), 'got none'],
    [
      'a test size of all',
      () => data.trainTestSplit([1, 2], { testSize: 2 }),
      'a share between 0 and 1 or a number of examples below 2',
    ],
    [
      'sizes that are too large together',
      () => data.trainTestSplit([1, 2, 3], { testSize: 2, trainSize: 2 }),
      'cannot be split into 2 and 2',
    ],
    ['an empty part', () => data.trainTestSplit([1], { testSize: 0.5 }), 'cannot be split into 0 and 1'],
    [
      'a class with one example',
      () => data.trainTestSplit([1, 2, 3], { stratify: [0, 0, 1] }),
      'the rarest class has 1',
    ],
    [
      'stratify without shuffle',
      () => data.trainTestSplit([1, 2], { stratify: [1, 1], shuffle: false }),
      'stratify needs shuffle',
    ],
    ['a misspelt option', () => data.trainTestSplit([1, 2], wrong({ test_size: 1 })), 'unknown option test_size'],
    [
      'a value that is not a list',
      () => data.trainTestSplit(wrong(7)),
      'argument 0 must be a tensor with at least one dimension, or an array',
    ],
  ])('refuses %s', (_, fn, message) => {
    expect(fn).toThrow(ArgumentError);
    expect(fn).toThrow(message);
  });
});

describe('scalers', () => {
  const x = [
    [1, 10, 5],
    [2, 20, 5],
    [4, 60, 5],
  ];

  it('StandardScaler agrees with scikit-learn', () => {
    const scaler = new data.StandardScaler();
    const y = scaler.fitTransform(x);
    near(y, [-1.069045, -0.9258201, 0, -0.2672612, -0.46291005, 0, 1.3363062, 1.38873015, 0]);
    near(scaler.inverseTransform(y), x.flat());
    expect(scaler.mean[1]).toBe(30);
    near(scaler.variance, [14 / 9, 1400 / 3, 0]);
    near(new data.StandardScaler({ withStd: false }).fitTransform(x), [-4 / 3, -20, 0, -1 / 3, -10, 0, 5 / 3, 30, 0]);
    near(new data.StandardScaler({ withMean: false }).fitTransform([2, 4]), [2, 4]);
  });

  it('MinMaxScaler agrees with scikit-learn', () => {
    const scaler = new data.MinMaxScaler({ featureRange: [-1, 1] });
    near(scaler.fitTransform(x), [-1, -1, -1, -1 / 3, -0.6, -1, 1, 1, -1]);
    near(scaler.transform([[7, 10, 6]]), [3, -1, 1]);
    near(new data.MinMaxScaler({ clip: true }).fit(x).transform([[7, 0, 5]]), [1, 0, 0]);
    near(scaler.inverseTransform([[-1, 1, -1]]), [1, 60, 5]);
  });

  it('return tensors for tensors', () => {
    const before = memory();
    scope(() => {
      const y = new data.StandardScaler().fitTransform(tensor(x));
      expect(y).toBeInstanceOf(Tensor);
      expect(y.shape).toEqual([3, 3]);
      near(y.toArray(), [-1.069045, -0.9258201, 0, -0.2672612, -0.46291005, 0, 1.3363062, 1.38873015, 0], 5);
    });
    expect(memory()).toEqual(before);
  });

  it('refuse invalid tables', () => {
    expect(() => new data.StandardScaler().transform(x)).toThrow('StandardScaler: fit() must come before transform()');
    expect(() => new data.StandardScaler().fit(x).transform([[1]])).toThrow(ShapeError);
    expect(() => new data.MinMaxScaler({ featureRange: [1, 0] })).toThrow('featureRange must rise');
    expect(() => new data.StandardScaler().fit([[1], [Number.NaN]])).toThrow('x must be made of finite numbers');
    expect(() => new data.StandardScaler().fit([])).toThrow('there are no examples');
  });
});

describe('encoders', () => {
  it('LabelEncoder numbers classes in order', () => {
    const encoder = new data.LabelEncoder();
    expect(encoder.fitTransform(['dog', 'cat', 'dog', 'ant'])).toEqual([2, 1, 2, 0]);
    expect(encoder.classes).toEqual(['ant', 'cat', 'dog']);
    expect(encoder.inverseTransform([0, 2])).toEqual(['ant', 'dog']);
    expect(() => encoder.transform(['cow'])).toThrow('"cow" is unknown (known: ["ant", "cat", "dog"])');
    expect(() => encoder.inverseTransform([3])).toThrow('3 is not one of the numbers 0 to 2');
    const codes = new data.LabelEncoder().fitTransform(tensor([30, 10, 20]));
    expect([codes.dtype, codes.toArray()]).toEqual(['int32', [2, 0, 1]]);
  });

  it('OneHotEncoder makes a column for every category', () => {
    const encoder = new data.OneHotEncoder({ handleUnknown: 'ignore' });
    expect(
      encoder.fitTransform([
        ['red', 2],
        ['blue', 1],
        ['red', 1],
      ]),
    ).toEqual([
      [0, 1, 0, 1],
      [1, 0, 1, 0],
      [0, 1, 1, 0],
    ]);
    expect(encoder.categories).toEqual([
      ['blue', 'red'],
      [1, 2],
    ]);
    expect(encoder.transform([['green', 2]])).toEqual([[0, 0, 0, 1]]);
    expect(
      encoder.inverseTransform([
        [0, 0, 0, 1],
        [1, 0, 1, 0],
      ]),
    ).toEqual([
      [null, 2],
      ['blue', 1],
    ]);
    const strict = new data.OneHotEncoder().fit(['a', 'b']);
    expect(strict.transform(['b'])).toEqual([[0, 1]]);
    expect(() => strict.transform(['c'])).toThrow('OneHotEncoder.transform: "c" is unknown (known: ["a", "b"])');
    expect(() => strict.transform([['a', 'b']])).toThrow(ShapeError);
    expect(() => new data.OneHotEncoder({ handleUnknown: wrong('zero') })).toThrow("must be 'error' or 'ignore'");
    expect(strict.fitTransform(tensor([[5], [7]])).toArray()).toEqual([
      [1, 0],
      [0, 1],
    ]);
  });

  it('oneHot makes a tensor', () => {
    expect(data.oneHot([0, 2], 3).toArray()).toEqual([
      [1, 0, 0],
      [0, 0, 1],
    ]);
    expect(data.oneHot(tensor([1, 0], { dtype: 'int32' })).toArray()).toEqual([
      [0, 1],
      [1, 0],
    ]);
    expect(() => data.oneHot([3], 3)).toThrow('oneHot: label 3 is out of range for 3 classes');
    expect(() => data.oneHot([-1], 3)).toThrow('each label must be a whole number of at least 0');
  });
});

describe('classes of different sizes', () => {
  it('classWeights agrees with scikit-learn', () => {
    expect(data.classWeights([0, 0, 0, 1])).toEqual({ 0: 2 / 3, 1: 2 });
    expect(data.classWeights(['a', 'b', 'b', 'c'])).toEqual({ a: 4 / 3, b: 2 / 3, c: 4 / 3 });
  });

  it('oversample repeats examples of the smaller classes', () => {
    const x = tensor([[0], [1], [2], [3], [4]]);
    const y = [0, 0, 0, 1, 2];
    const [xMore, yMore] = data.oversample(x, y, { seed: 1 });
    expect(yMore).toEqual([0, 0, 0, 1, 2, 1, 1, 2, 2]);
    expect(xMore.toArray()).toEqual([[0], [1], [2], [3], [4], [3], [3], [4], [4]]);
    expect(() => data.oversample(x, [1])).toThrow('lists of the same length');
  });
});

describe('generated problems', () => {
  const radius = ([x, y]: number[]) => Math.hypot(x!, y!);

  it('makeMoons gives points on two half circles', () => {
    const [x, y] = data.makeMoons(51, { seed: 1 });
    expect([x.shape, y.shape, x.dtype, y.dtype]).toEqual([[51, 2], [51], 'float32', 'int32']);
    const labels = [...y.dataSync()];
    expect(labels.filter((label) => label === 1)).toHaveLength(26);
    expect(labels).not.toEqual(sorted(labels));
    (x.toArray() as number[][]).forEach(([a, b], i) => {
      expect(labels[i] === 0 ? radius([a!, b!]) : radius([a! - 1, b! - 0.5])).toBeCloseTo(1, 5);
    });
  });

  it('makeCircles gives points on two circles', () => {
    const [x, y] = data.makeCircles(40, { factor: 0.3, shuffle: false });
    const labels = [...y.dataSync()];
    expect(labels).toEqual([...Array(20).fill(0), ...Array(20).fill(1)]);
    (x.toArray() as number[][]).forEach((point, i) => {
      expect(radius(point)).toBeCloseTo(labels[i] === 0 ? 1 : 0.3, 5);
    });
  });

  it('makeBlobs gives points around its centers', () => {
    const centers = [
      [0, 0, 0],
      [50, 0, -50],
    ];
    const [x, y] = data.makeBlobs(400, { centers, clusterStd: [1, 2], seed: 2 });
    const points = x.toArray() as number[][];
    for (const label of [0, 1]) {
      const own = points.filter((_, i) => y.dataSync()[i] === label);
      expect(own).toHaveLength(200);
      for (const j of [0, 1, 2]) {
        const values = own.map((point) => point[j]!);
        const mean = values.reduce((a, b) => a + b, 0) / values.length;
        const std = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length);
        expect(Math.abs(mean - centers[label]![j]!)).toBeLessThan(0.5);
        expect(Math.abs(std - (label + 1))).toBeLessThan(0.35);
      }
    }
    expect(data.makeBlobs(10, { seed: 1 })[0].shape).toEqual([10, 2]);
    expect(() => data.makeBlobs(10, { centers: [[1], [1, 2]] })).toThrow('the same number of features');
  });

  it('makeRegression gives a linear function', () => {
    const [x, y] = data.makeRegression(30, { nFeatures: 3, nInformative: 2, bias: 7, seed: 1 });
    expect([x.shape, y.shape]).toEqual([
      [30, 3],
      [30, 1],
    ]);
    const other = data.makeRegression(30, { nFeatures: 3, nInformative: 2, bias: 0, seed: 1 });
    near(y.sub(other[1]).toArray(), Array(30).fill(7), 3);
    const noisy = data.makeRegression(30, { nFeatures: 3, nInformative: 2, bias: 7, noise: 3, seed: 1 });
    expect(noisy[0].toArray()).toEqual(x.toArray());
    expect(noisy[1].toArray()).not.toEqual(y.toArray());
  });

  it('are repeatable with their seed, and can add noise', () => {
    for (const make of [data.makeMoons, data.makeCircles]) {
      const values = (options: data.PointOptions) => [...make(20, options)[0].dataSync()];
      expect(values({ seed: 1, noise: 0.1 })).toEqual(values({ seed: 1, noise: 0.1 }));
      expect(values({ seed: 1, noise: 0.1 })).not.toEqual(values({ seed: 2, noise: 0.1 }));
      const clean = values({ seed: 1, shuffle: false });
      const noisy = values({ seed: 1, shuffle: false, noise: 0.1 });
      const furthest = clean.reduce((most, value, i) => Math.max(most, Math.abs(value - noisy[i]!)), 0);
      expect(furthest).toBeGreaterThan(0.01);
      expect(furthest).toBeLessThan(0.6);
      expect(() => make(1)).toThrow('nSamples must be a whole number of at least 2');
      expect(() => make(10, { noise: -1 })).toThrow('noise must be at least 0');
    }
  });
});

interface Sums {
  shape: number[];
  columns: number[];
  classes: number[];
  last: number[];
}
const sums = JSON.parse(readFileSync(new URL('../golden/datasets.json', import.meta.url), 'utf8')) as Record<
  string,
  Sums
>;

describe("data sets have scikit-learn's numbers", () => {
  it.each(['iris', 'breastCancer', 'wine', 'digits'] as const)('in %s', async (name) => {
    const { data: x, target, featureNames, targetNames } = await data[name]();
    const { shape, columns, classes, last } = sums[name]!;
    expect([x.shape, x.dtype, target.shape, target.dtype]).toEqual([shape, 'float32', [shape[0]], 'int32']);
    expect([featureNames.length, targetNames.length]).toEqual([shape[1], classes.length]);
    const labels = [...target.dataSync()];
    expect(classes.map((_, c) => labels.filter((label) => label === c).length)).toEqual(classes);
    const rows = x.toArray() as number[][];
    columns.forEach((sum, j) => {
      const own = rows.reduce((total, row) => total + row[j]!, 0);
      expect(Math.abs(own - sum)).toBeLessThanOrEqual(1e-5 * Math.abs(sum));
    });
    expect(rows[rows.length - 1]).toEqual(last.map(Math.fround));
    for (const t of [x, target]) t.dispose();
  });
});
