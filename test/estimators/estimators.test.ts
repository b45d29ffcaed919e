/** Models in scikit-learn's style: what they learn, in which forms they answer, and that they leak nothing. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  data,
  gridSearch,
  LogisticRegression,
  MLPClassifier,
  type MLPOptions,
  MLPRegressor,
  manualSeed,
  memory,
  Perceptron,
  randn,
  ShapeError,
  scope,
  Tensor,
  tensor,
} from '../../src/index.ts';

const wrong = (x: unknown) => x as never;

const square = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];

describe('Perceptron', () => {
  it.each([
    ['and', [0, 0, 0, 1]],
    ['or', [0, 1, 1, 1]],
    ['nand', [1, 1, 1, 0]],
  ])('learns %s', (_, y) => {
    const model = new Perceptron({ lr: 0.1, epochs: 50, seed: 1 }).fit(square, y);
    expect(model.predict(square)).toEqual(y);
    expect(model.score(square, y)).toBe(1);
    expect(model.errors[0]!.at(-1)).toBe(0);
    expect([model.coef.length, model.coef[0]!.length, model.intercept.length]).toEqual([1, 2, 1]);
  });

  it('follows the learning rule', () => {
    const model = new Perceptron({ lr: 0.5, epochs: 1, shuffle: false }).fit(
      [
        [1, 2],
        [3, -1],
        [2, 2],
      ],
      [1, 0, 1],
    );
    // Wrong (0 is on neither side): w = 0.5·[1,2], b = 0.5. Then 1 > 0: w −= 0.5·[3,−1]. Then 2·(−1) + 2·1.5 + 0 > 0:
    // right.
    expect([model.coef, model.intercept, model.errors]).toEqual([[[-1, 1.5]], [0], [[2]]]);
  });

  it('cannot learn xor, but still terminates', () => {
    const model = new Perceptron({ epochs: 20, seed: 1 }).fit(square, [0, 1, 1, 0]);
    expect(model.errors[0]).toHaveLength(20);
    expect(model.score(square, [0, 1, 1, 0])).toBeLessThan(1);
  });

  it('learns text labels and more than two classes', async () => {
    const set = await data.iris();
    const names = Array.from(set.target.dataSync(), (label) => set.targetNames[label]!);
    const x = set.data.toArray() as number[][];
    const model = new Perceptron({ seed: 3, epochs: 200 }).fit(x, names);
    expect(model.classes).toEqual(['setosa', 'versicolor', 'virginica']);
    expect(model.score(x, names)).toBeGreaterThan(0.7);
    for (const row of model.predictProba(x)) expect(row.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 10);
    const again = new Perceptron({ seed: 3, epochs: 200 }).fit(x, names);
    expect(again.coef).toEqual(model.coef);
    expect(() => model.predict(set.data)).toThrow('a tensor cannot hold the classes setosa, versicolor, virginica');
    for (const t of [set.data, set.target]) t.dispose();
  });
});

interface LogisticCase {
  classes: number;
  options: { C?: number; fitIntercept?: boolean };
  coef: number[][];
  intercept: number[];
  score: number;
  probabilities: number[][];
}
const logistic = JSON.parse(
  readFileSync(new URL('../golden/estimators.json', import.meta.url), 'utf8'),
) as LogisticCase[];

describe('LogisticRegression', () => {
  it.each(logistic.map((c): [string, LogisticCase] => [`${c.classes} classes, ${JSON.stringify(c.options)}`, c]))(
    "finds scikit-learn's coefficients: %s",
    async (_, { classes, options, coef, intercept, score, probabilities }) => {
      const set = await data.iris();
      const rows = classes === 3 ? [0, 150] : [50, 150];
      const x = (set.data.toArray() as number[][]).slice(...rows);
      const y = [...set.target.dataSync()].slice(...rows);
      for (const t of [set.data, set.target]) t.dispose();
      const model = new LogisticRegression({ ...options, maxIter: 1000, tol: 1e-7 }).fit(x, y);
      const near = (actual: number[], expected: number[]) => {
        expect(actual).toHaveLength(expected.length);
        actual.forEach((value, i) => {
          expect(Math.abs(value - expected[i]!)).toBeLessThan(2e-3 * Math.max(1, Math.abs(expected[i]!)));
        });
      };
      near(model.coef.flat(), coef.flat());
      near(model.intercept, intercept);
      near(model.predictProba(x.filter((__, i) => i % 25 === 0)).flat(), probabilities.flat());
      expect(model.score(x, y)).toBeCloseTo(score, 10);
    },
  );

  it('returns tensors for tensors', () => {
    manualSeed(1);
    const before = memory();
    scope(() => {
      const [x, y] = data.makeBlobs(60, {
        centers: [
          [0, 0],
          [5, 5],
          [0, 9],
        ],
        seed: 1,
      });
      const model = new LogisticRegression().fit(x, y);
      const predicted = model.predict(x);
      expect([predicted instanceof Tensor, predicted.dtype, predicted.shape]).toEqual([true, 'int32', [60]]);
      expect(model.predictProba(x).shape).toEqual([60, 3]);
      expect(model.score(x, y)).toBeGreaterThan(0.95);
      expect(model.iterations).toBeGreaterThan(3);
    });
    expect(memory().tensors).toBe(before.tensors);
  });

  it('separates classes without a penalty', () => {
    const model = new LogisticRegression({ penalty: null, maxIter: 30 }).fit([0, 1, 2, 3], [0, 0, 1, 1]);
    expect(model.predict([0.5, 2.5])).toEqual([0, 1]);
    expect(model.coef[0]![0]!).toBeGreaterThan(3);
    expect(() => new LogisticRegression({ penalty: wrong('l1') })).toThrow("penalty must be 'l2' or null");
  });
});

describe('MLPClassifier', () => {
  it.each<[string, MLPOptions]>([
    ['adam', { learningRateInit: 0.02 }],
    ['sgd', { solver: 'sgd', learningRateInit: 0.2, activation: 'tanh' }],
    ['lbfgs', { solver: 'lbfgs', activation: 'tanh' }],
    ['logistic', { activation: 'logistic', learningRateInit: 0.1, maxIter: 400, tol: 0 }],
  ])('learns two moons: %s', (_, options) => {
    const before = memory();
    scope(() => {
      const [x, y] = data.makeMoons(200, { noise: 0.1, seed: 1 });
      const model = new MLPClassifier({ hiddenLayerSizes: [16], maxIter: 200, batchSize: 50, seed: 2, ...options }).fit(
        x,
        y,
      );
      expect(model.score(x, y)).toBeGreaterThan(0.97);
      expect(model.lossCurve.at(-1)!).toBeLessThan(model.lossCurve[0]! / 2);
      const proba = model.predictProba(x);
      expect(proba.shape).toEqual([200, 2]);
      for (const row of proba.toArray() as number[][]) expect(row[0]! + row[1]!).toBeCloseTo(1, 5);
      model.dispose();
    });
    expect(memory().tensors).toBe(before.tensors);
    expect(memory().bytesInUse).toBe(before.bytesInUse);
  });

  it('learns xor with text labels', () => {
    const y = ['even', 'odd', 'odd', 'even'];
    const model = new MLPClassifier({ hiddenLayerSizes: [8], solver: 'lbfgs', activation: 'tanh', seed: 1 }).fit(
      square,
      y,
    );
    expect(model.predict(square)).toEqual(y);
    model.dispose();
    expect(() => model.predict([[1, 2, 3]])).toThrow(ShapeError);
  });

  it('is repeatable with its seed and does not touch the global random state', () => {
    const [x, y] = data.makeMoons(50, { noise: 0.1, seed: 1 });
    const curve = (seed: number) => new MLPClassifier({ hiddenLayerSizes: [4], maxIter: 5, seed }).fit(x, y).lossCurve;
    manualSeed(1);
    const first = curve(3);
    const drawn = scope(() => randn(2).toArray());
    manualSeed(1);
    expect(scope(() => randn(2).toArray())).toEqual(drawn);
    expect(curve(3)).toEqual(first);
    expect(curve(4)).not.toEqual(first);
  });

  it('penalizes weights, stops early when nothing improves, and holds out examples', () => {
    const [x, y] = data.makeMoons(100, { noise: 0.2, seed: 1 });
    const base = { hiddenLayerSizes: [8], seed: 1, learningRateInit: 0.05 } as const;
    const free = new MLPClassifier({ ...base, alpha: 0, maxIter: 40 }).fit(x, y);
    const bound = new MLPClassifier({ ...base, alpha: 300, maxIter: 40 }).fit(x, y);
    const sure = (model: MLPClassifier) =>
      (model.predictProba(x).toArray() as number[][]).reduce((sum, row) => sum + Math.max(...row), 0) / 100;
    expect(sure(free)).toBeGreaterThan(sure(bound) + 0.2);
    const stopped = new MLPClassifier({ ...base, tol: 10, maxIter: 100 }).fit(x, y);
    expect(stopped.lossCurve).toHaveLength(12);
    const early = new MLPClassifier({
      ...base,
      earlyStopping: true,
      validationFraction: 0.3,
      nIterNoChange: 30,
      maxIter: 300,
    }).fit(x, y);
    expect(early.lossCurve.length).toBeLessThan(300);
    expect(early.score(x, y)).toBeGreaterThan(0.8);
    for (const learningRate of ['invscaling', 'adaptive'] as const) {
      const model = new MLPClassifier({ ...base, solver: 'sgd', learningRate, tol: 0.01, maxIter: 60 }).fit(x, y);
      expect(model.lossCurve.at(-1)!).toBeLessThan(model.lossCurve[0]!);
    }
  });

  it('learns digits, given as tensors', async () => {
    const { data: raw, target } = await data.digits();
    const [xTrain, xTest, yTrain, yTest] = data.trainTestSplit(raw.div(16), target, {
      testSize: 0.3,
      stratify: target,
      seed: 1,
    });
    const model = new MLPClassifier({ hiddenLayerSizes: [32], maxIter: 30, learningRateInit: 0.01, seed: 1 }).fit(
      xTrain,
      yTrain,
    );
    expect(model.score(xTest, yTest)).toBeGreaterThan(0.95);
  });
});

describe('MLPRegressor', () => {
  const x = Array.from({ length: 80 }, (_, i) => [(i - 40) / 20]);
  const y = x.map(([value]) => Math.sin(value! * 2));

  it.each<[string, MLPOptions]>([
    ['lbfgs', { solver: 'lbfgs', activation: 'tanh', maxIter: 400 }],
    ['adam', { learningRateInit: 0.02, maxIter: 300, batchSize: 16, activation: 'tanh' }],
  ])('learns a curve: %s', (_, options) => {
    const model = new MLPRegressor({ hiddenLayerSizes: [16], seed: 1, ...options }).fit(x, y);
    expect(model.score(x, y)).toBeGreaterThan(0.97);
    const predicted = model.predict([[0], [0.5]]) as number[];
    expect(Math.abs(predicted[0]!)).toBeLessThan(0.2);
    expect(Math.abs(predicted[1]! - Math.sin(1))).toBeLessThan(0.25);
    expect(model.predict(tensor([[0], [0.5]])).shape).toEqual([2]);
    model.dispose();
  });

  it('learns several values, and a straight line with the identity activation', () => {
    const both = x.map(([value]) => [2 * value! + 1, -value!]);
    const model = new MLPRegressor({
      hiddenLayerSizes: [3],
      activation: 'identity',
      solver: 'lbfgs',
      alpha: 0,
      seed: 1,
    });
    expect(model.fit(x, both).score(x, both)).toBeGreaterThan(0.9999);
    const [row] = model.predict([[1]]) as number[][];
    expect([row![0]!, row![1]!].map((value) => Math.round(value * 50) / 50)).toEqual([3, -1]);
  });
});

describe('gridSearch', () => {
  it('scores every combination in order', async () => {
    const seen: unknown[] = [];
    const found = await gridSearch({ a: [1, 2], b: ['x', 'y', 'z'] }, async ({ a, b }) => {
      seen.push([a, b]);
      return b === 'y' ? a : 0;
    });
    expect(seen).toEqual([
      [1, 'x'],
      [1, 'y'],
      [1, 'z'],
      [2, 'x'],
      [2, 'y'],
      [2, 'z'],
    ]);
    expect([found.bestParams, found.bestScore]).toEqual([{ a: 2, b: 'y' }, 2]);
    expect(found.results).toHaveLength(6);
    const least = await gridSearch({ a: [3, 1, 2] }, ({ a }) => a, { mode: 'min' });
    expect(least.bestParams).toEqual({ a: 1 });
    expect((await gridSearch({ a: [1, 2] }, ({ a }) => (a === 1 ? Number.NaN : 0))).bestParams).toEqual({ a: 2 });
    await expect(gridSearch({ a: [] }, () => 1)).rejects.toThrow('a must be a list of values to try');
    await expect(
      gridSearch(
        { a: [1] },
        wrong(() => 'x'),
      ),
    ).rejects.toThrow('must give a number, got string');
  });
});

describe('estimators refuse', () => {
  it.each<[string, () => unknown, new (...args: never[]) => Error, string]>([
    [
      'predictions before learning',
      () => new Perceptron().predict(square),
      ArgumentError,
      'Perceptron.predict: fit() must come first',
    ],
    [
      'a different number of labels',
      () => new Perceptron().fit(square, [1, 0]),
      ShapeError,
      'Perceptron.fit: yTrue has 2 examples',
    ],
    ['a single class', () => new LogisticRegression().fit(square, [1, 1, 1, 1]), ArgumentError, 'at least two classes'],
    ['NaN', () => new LogisticRegression().fit([[Number.NaN], [1]], [0, 1]), ArgumentError, 'made of finite numbers'],
    [
      'a misspelt option',
      () => new MLPClassifier(wrong({ hidden: [3] })),
      ArgumentError,
      'MLPClassifier: unknown option hidden',
    ],
    [
      'an unknown solver',
      () => new MLPRegressor({ solver: wrong('adamw') }),
      ArgumentError,
      "solver must be 'adam', 'sgd' or 'lbfgs'",
    ],
    [
      'an empty layer',
      () => new MLPClassifier({ hiddenLayerSizes: [0] }),
      ArgumentError,
      'hiddenLayerSizes must be a whole number of at least 1',
    ],
    [
      'a number of layers',
      () => new MLPClassifier({ hiddenLayerSizes: wrong(3) }),
      ShapeError,
      'MLPClassifier: hiddenLayerSizes must be a list of sizes, got 3',
    ],
    [
      'an unknown activation',
      () => new MLPClassifier({ activation: wrong('gelu') }),
      ArgumentError,
      "activation must be 'identity', 'logistic', 'tanh' or 'relu'",
    ],
  ])('%s', (_, fn, kind, message) => {
    expect(fn).toThrow(kind);
    expect(fn).toThrow(message);
  });
});
