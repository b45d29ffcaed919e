/** Metrics against scikit-learn's numbers (test/golden/metrics.py), for every form of input; and their refusals. */
import { describe, expect, it } from 'vitest';
import { ArgumentError, metrics, SarafError, ShapeError, scope, tensor } from '../../src/index.ts';
import { fixtures } from '../support/golden.ts';

interface MetricCase {
  fn: keyof typeof metrics;
  yTrue: (number | string)[];
  yPred: (number | string)[] | number[][];
  options: Record<string, unknown>;
  result: unknown;
}

const cases = fixtures<MetricCase>('metrics');
const wrong = (x: unknown) => x as never;

/** Numbers that JSON lacks. */
function decode(x: unknown): unknown {
  if (x === 'nan') return Number.NaN;
  if (x === 'inf') return Infinity;
  if (Array.isArray(x)) return x.map(decode);
  if (typeof x === 'object' && x !== null)
    return Object.fromEntries(Object.entries(x).map(([name, value]) => [name, decode(value)]));
  return x;
}

/** Checks for the same structure and texts, and for numbers within a relative tolerance. */
function expectClose(actual: unknown, expected: unknown, tolerance: number, where: string): void {
  if (typeof expected === 'number') {
    expect(typeof actual, where).toBe('number');
    const near = Math.abs((actual as number) - expected) <= tolerance * Math.max(1, Math.abs(expected));
    expect(near || Object.is(actual, expected), `${where}: ${actual} for ${expected}`).toBe(true);
    return;
  }
  if (typeof expected !== 'object' || expected === null) {
    expect(actual, where).toBe(expected);
    return;
  }
  expect(Object.keys(actual as object), where).toEqual(Object.keys(expected));
  for (const [name, value] of Object.entries(expected))
    expectClose((actual as Record<string, unknown>)[name], value, tolerance, `${where}.${name}`);
}

function run({ fn, options }: MetricCase, yTrue: unknown, yPred: unknown): unknown {
  return (metrics[fn] as (...args: unknown[]) => unknown)(yTrue, yPred, options);
}

const isNumbers = (x: readonly unknown[]) => x.every((value) => typeof value === 'number' || Array.isArray(value));

describe('metrics agree with scikit-learn', () => {
  it.each(cases.map((c, i): [string, MetricCase] => [`${i} ${c.fn} ${JSON.stringify(c.options)}`, c]))(
    '%s',
    (name, c) => {
      const expected = decode(c.result);
      expectClose(run(c, c.yTrue, c.yPred), expected, 1e-12, name);
      if (!isNumbers(c.yTrue) || !isNumbers(c.yPred)) return;
      const isLabels = ['accuracy', 'precision', 'recall', 'f1', 'confusionMatrix', 'classificationReport'].includes(
        c.fn,
      );
      const isFlat = c.yPred.every((value) => typeof value === 'number');
      if (isFlat) {
        const Kind = isLabels ? Int32Array : Float64Array;
        const asTyped = run(c, Kind.from(wrong(c.yTrue)), Kind.from(wrong(c.yPred)));
        expectClose(asTyped, expected, 1e-12, `${name}, typed arrays`);
      }
      scope(() => {
        const asTensors = run(c, tensor(wrong(c.yTrue)), tensor(wrong(c.yPred)));
        // Float32 probabilities of exactly 0 are clipped at a different eps.
        if (c.fn === 'logLoss' && c.yPred.flat().some((p) => p === 0 || p === 1)) return;
        expectClose(asTensors, expected, 1e-5, `${name}, tensors`);
      });
    },
  );

  it('and clip float32 probabilities at the epsilon of float32', () => {
    const exact = -Math.log(2 ** -23);
    expect(metrics.logLoss([0, 1], tensor([1, 0]))).toBeCloseTo(exact, 4);
    expect(metrics.logLoss([0, 1], new Float32Array([1, 0]))).toBeCloseTo(exact, 4);
  });
});

describe('metrics differ from scikit-learn 1.2', () => {
  it('in leaving NaN out of averages when a division by zero gives NaN', () => {
    const options = { zeroDivision: Number.NaN } as const;
    expect(metrics.precision([0, 1, 2], [0, 1, 1], { ...options, average: null })).toEqual([1, 0.5, Number.NaN]);
    expect(metrics.precision([0, 1, 2], [0, 1, 1], { ...options, average: 'macro' })).toBe(0.75);
  });

  it('in dropping points of the precision-recall curve between equal recalls', () => {
    const truth = [1, 0, 0, 0, 1];
    const scores = [0.9, 0.8, 0.7, 0.6, 0.5];
    expect(metrics.prCurve(truth, scores, { dropIntermediate: true })).toEqual({
      precision: [0.4, 0.25, 1, 1],
      recall: [1, 0.5, 0.5, 0],
      thresholds: [0.5, 0.6, 0.9],
    });
  });

  it('in averaging the precision of several classes', () => {
    const scores = [
      [0.8, 0.1, 0.1],
      [0.2, 0.5, 0.3],
      [0.3, 0.4, 0.3],
    ];
    const each = metrics.averagePrecision([0, 1, 2], scores, { average: null });
    expect(each).toEqual([1, 1, 0.5]);
    expect(metrics.averagePrecision([0, 1, 2], scores)).toBeCloseTo(2.5 / 3, 12);
    expect(metrics.averagePrecision([0, 1, 2], scores, { average: 'weighted' })).toBeCloseTo(2.5 / 3, 12);
  });

  it('in accepting booleans, columns and tensors of labels', () => {
    expect(metrics.accuracy([true, false], [1, 1])).toBe(0.5);
    expect(metrics.accuracy(tensor([[1], [0]]), [[1], [1]])).toBe(0.5);
  });
});

describe('metrics refuse', () => {
  it.each<[string, () => unknown, new (...args: never[]) => SarafError, string]>([
    ['different lengths', () => metrics.accuracy([0, 1], [0]), ShapeError, 'accuracy: yTrue has 2 examples'],
    ['no examples', () => metrics.f1([], []), ArgumentError, 'f1: there are no examples'],
    [
      'a value that is not a list',
      () => metrics.accuracy(wrong(3), [1]),
      ArgumentError,
      'accuracy: yTrue must be a list of labels',
    ],
    ['NaN as a label', () => metrics.accuracy([Number.NaN], [1]), ArgumentError, 'yTrue[0] must be a number, a string'],
    ['numbers and strings', () => metrics.accuracy([0, 1], ['0', '1']), ArgumentError, 'all numbers or all strings'],
    [
      'several classes with average binary',
      () => metrics.f1([0, 1, 2], [0, 1, 2]),
      ArgumentError,
      "average is 'binary'",
    ],
    [
      'texts without posLabel',
      () => metrics.recall(['a', 'b'], ['a', 'b']),
      ArgumentError,
      'posLabel 1 is not one of ["a", "b"]',
    ],
    [
      'an unknown average',
      () => metrics.f1([0], [0], { average: wrong('samples') }),
      ArgumentError,
      "average must be 'binary', 'micro', 'macro', 'weighted' or null, got",
    ],
    ['a misspelt option', () => metrics.f1([0], [0], wrong({ avg: 'macro' })), ArgumentError, 'f1: unknown option avg'],
    [
      'an unknown zeroDivision',
      () => metrics.f1([0], [0], { zeroDivision: 2 }),
      ArgumentError,
      'zeroDivision must be 0, 1 or NaN',
    ],
    [
      'logits as predicted labels',
      () =>
        metrics.accuracy(
          [0, 1],
          tensor([
            [1, 2],
            [3, 4],
          ]),
        ),
      ShapeError,
      'yPred must be [N]',
    ],
    ['one class', () => metrics.rocAuc([1, 1], [0.1, 0.2]), ArgumentError, 'only one class is in yTrue'],
    [
      'NaN as a score',
      () => metrics.rocAuc([0, 1], [0.1, Number.NaN]),
      ArgumentError,
      'yScore must be made of finite numbers',
    ],
    ['ragged scores', () => metrics.logLoss([0, 1], [[0.5, 0.5], [1]]), ShapeError, 'rows of equal length'],
    [
      'several classes without multiClass',
      () =>
        metrics.rocAuc(
          [0, 1, 2],
          [
            [1, 0, 0],
            [0, 1, 0],
            [0, 0, 1],
          ],
        ),
      ArgumentError,
      "multiClass must be 'ovr' or 'ovo'",
    ],
    [
      'scores that are not probabilities',
      () =>
        metrics.rocAuc(
          [0, 1, 2],
          [
            [3, 0, 0],
            [0, 1, 0],
            [0, 0, 1],
          ],
          { multiClass: 'ovr' },
        ),
      ArgumentError,
      'row 0 sums to 3',
    ],
    [
      'unnamed classes',
      () => metrics.rocCurve(['a', 'b'], [0.1, 0.2]),
      ArgumentError,
      'give the positive one as posLabel',
    ],
    ['classes without scores', () => metrics.logLoss([0, 1, 2], [0.1, 0.2, 0.3]), ShapeError, 'labels names 3 classes'],
    [
      'a class that is not among labels',
      () =>
        metrics.topK(
          [0, 5],
          [
            [1, 2, 3],
            [1, 2, 3],
          ],
          { labels: [0, 1, 2] },
        ),
      ArgumentError,
      'contains 5',
    ],
    [
      'different numbers of outputs',
      () =>
        metrics.r2(
          [1, 2],
          [
            [1, 2],
            [3, 4],
          ],
        ),
      ShapeError,
      'yTrue has 1 outputs, yPred 2',
    ],
    [
      'names that do not fit',
      () => metrics.classificationReport([0, 1], [0, 1], { targetNames: ['a'] }),
      ArgumentError,
      '2 classes but 1 targetNames',
    ],
  ])('%s', (_, fn, kind, message) => {
    expect(fn).toThrow(kind);
    expect(fn).toThrow(SarafError);
    expect(fn).toThrow(message);
  });
});
