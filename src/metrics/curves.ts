/** Metrics of scores: ROC and precision-recall curves and the areas under them. scikit-learn's semantics. */
import { ArgumentError, refuse } from '../../bindings/errors.ts';
import { checkOneOf, checkOptions, FLAG, NULLABLE, noMore, VALUE } from '../options.ts';
import {
  checkLengths,
  checkPositive,
  classesOf,
  column,
  type Label,
  type Labels,
  labelsOf,
  type Numbers,
  positiveLabel,
  type Table,
  tableOf,
  uniqueLabels,
} from './inputs.ts';

/** How many negative and positive examples score at least as much as a threshold. */
interface Point {
  fp: number;
  tp: number;
  threshold: number;
}

/** A point for each score that occurs, the highest first. */
function pointsOf(positive: readonly boolean[], scores: ArrayLike<number>): Point[] {
  const order = Array.from(positive, (_, i) => i).sort((a, b) => scores[b]! - scores[a]!);
  const points: Point[] = [];
  let tp = 0;
  order.forEach((example, i) => {
    if (positive[example]) tp++;
    const next = order[i + 1];
    if (next !== undefined && scores[next] === scores[example]) return;
    points.push({ fp: i + 1 - tp, tp, threshold: scores[example]! });
  });
  return points;
}

/** Keeps the points where `corner` holds, and both ends. */
function keepCorners(
  points: readonly Point[],
  corner: (before: Point, here: Point, after: Point) => boolean,
): readonly Point[] {
  return points.filter((here, i) => {
    const [before, after] = [points[i - 1], points[i + 1]];
    return before === undefined || after === undefined || corner(before, here, after);
  });
}

/** Which examples are positive, and their scores. */
function binaryInput(op: string, yTrue: Labels, yScore: Numbers, posLabel: Label | undefined) {
  const truth = labelsOf(op, 'yTrue', yTrue);
  const { rows, cols, values } = tableOf(op, 'yScore', yScore);
  checkLengths(op, truth.length, rows);
  const present = uniqueLabels(op, truth);
  if (cols !== 1 || (present.length > 2 && posLabel === undefined)) {
    refuse(
      ArgumentError,
      op,
      `expected two classes and one score for each example, got ${present.length} classes and ${cols} scores`,
      { argument: 'yScore', got: cols, expected: 1 },
    );
  }
  const positive = positiveLabel(op, present, posLabel);
  return { positive: truth.map((label) => label === positive), scores: values };
}

/** Options of `rocCurve`. */
export interface RocOptions {
  /** The positive class. Default 1, if the labels are 0 and 1 or −1 and 1. */
  posLabel?: Label;
  /** Leave out points on a straight line between others. Default true. */
  dropIntermediate?: boolean;
}

/** Rates at falling thresholds, beginning with Infinity, at which nothing is predicted positive. */
export interface RocCurve {
  /** False positive rates, rising from 0 to 1: the share of the negatives whose score reaches the threshold. */
  fpr: number[];
  /** True positive rates, rising from 0 to 1: the share of the positives whose score reaches the threshold. */
  tpr: number[];
  /** The scores used as thresholds, falling, with Infinity before them: as many as rates. */
  thresholds: number[];
}

function roc(positive: readonly boolean[], scores: ArrayLike<number>, dropIntermediate: boolean): RocCurve {
  const all = pointsOf(positive, scores);
  const isStraight = (a: number, b: number, c: number) => c - 2 * b + a === 0;
  const points = dropIntermediate
    ? keepCorners(all, (a, b, c) => !isStraight(a.fp, b.fp, c.fp) || !isStraight(a.tp, b.tp, c.tp))
    : all;
  const positives = positive.filter(Boolean).length;
  const negatives = positive.length - positives;
  return {
    fpr: [0, ...points.map(({ fp }) => fp)].map((fp) => fp / negatives),
    tpr: [0, ...points.map(({ tp }) => tp)].map((tp) => tp / positives),
    thresholds: [Infinity, ...points.map(({ threshold }) => threshold)],
  };
}

/**
 * False and true positive rates at every threshold. Rates are NaN where there are no negative or no positive examples.
 *
 * @throws ShapeError where the lists differ in length, ArgumentError where there are more than two classes
 * @see https://scikit-learn.org/stable/modules/generated/sklearn.metrics.roc_curve.html
 * @example
 * const { fpr, tpr } = metrics.rocCurve([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]); // [0, 0, 0.5, 0.5, 1], [0, 0.5, 0.5, 1, 1]
 */
export function rocCurve(yTrue: Labels, yScore: Numbers, options: RocOptions = {}): RocCurve {
  if (arguments.length > 3) noMore('rocCurve', 3, arguments);
  checkOptions('rocCurve', options, { posLabel: VALUE, dropIntermediate: FLAG });
  const { positive, scores } = binaryInput('rocCurve', yTrue, yScore, options.posLabel);
  return roc(positive, scores, options.dropIntermediate ?? true);
}

/** The area under a ROC curve, by trapezoids. */
export function areaUnder({ fpr, tpr }: RocCurve): number {
  let area = 0;
  for (let i = 1; i < fpr.length; i++) area += ((fpr[i]! - fpr[i - 1]!) * (tpr[i]! + tpr[i - 1]!)) / 2;
  return area;
}

function binaryAuc(op: string, positive: readonly boolean[], scores: ArrayLike<number>): number {
  if (!positive.includes(true) || !positive.includes(false)) {
    refuse(ArgumentError, op, 'only one class is in yTrue; the area under the curve is not defined', {
      argument: 'yTrue',
    });
  }
  return areaUnder(roc(positive, scores, true));
}

/** The mean, weighted if there are weights. */
function average(values: readonly number[], weights?: readonly number[]): number {
  let sum = 0;
  let weight = 0;
  values.forEach((value, i) => {
    sum += value * (weights?.[i] ?? 1);
    weight += weights?.[i] ?? 1;
  });
  return sum / weight;
}

/** Options of `rocAuc`. */
export interface AucOptions {
  /** How the areas of several classes are averaged; null: not at all, one number for each class. Default 'macro'. */
  average?: 'micro' | 'macro' | 'weighted' | null;
  /** Several classes: each against the rest ('ovr') or each against each ('ovo'). There is no default. */
  multiClass?: 'ovr' | 'ovo';
  /** The classes of the columns, if yTrue does not have all of them. */
  labels?: Labels;
}

/**
 * Area under the ROC curve. For two classes yScore [N] are scores of the second one, for more they are probabilities [N, C].
 *
 * @throws ArgumentError where there is only one class
 * @see https://scikit-learn.org/stable/modules/generated/sklearn.metrics.roc_auc_score.html
 * @example
 * metrics.rocAuc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]); // 0.75
 */
export function rocAuc(yTrue: Labels, yScore: Numbers, options: AucOptions & { average: null }): number[];
export function rocAuc(
  yTrue: Labels,
  yScore: Numbers,
  options?: AucOptions & { average?: 'micro' | 'macro' | 'weighted' },
): number;
export function rocAuc(yTrue: Labels, yScore: Numbers, options: AucOptions = {}): number | number[] {
  if (arguments.length > 3) noMore('rocAuc', 3, arguments);
  const op = 'rocAuc';
  checkOptions(op, options, { average: NULLABLE, multiClass: VALUE, labels: VALUE });
  const { average: kind = 'macro', multiClass } = options;
  const truth = labelsOf(op, 'yTrue', yTrue);
  const table = tableOf(op, 'yScore', yScore);
  checkLengths(op, truth.length, table.rows);
  checkOneOf(op, 'average', kind, ['micro', 'macro', 'weighted', null]);
  if (multiClass !== undefined) checkOneOf(op, 'multiClass', multiClass, ['ovr', 'ovo']);
  const present = uniqueLabels(op, truth);
  if (table.cols === 1 && present.length <= 2) {
    return binaryAuc(
      op,
      truth.map((label) => label === present[1]),
      table.values,
    );
  }
  checkOneOf(op, 'multiClass', multiClass, ['ovr', 'ovo']);
  checkProbabilities(op, table);
  const classes = classesOf(op, truth, options.labels, table.cols);
  const encoded = truth.map((label) => classes.indexOf(label));
  if (multiClass === 'ovo') {
    checkOneOf(op, 'average (with multiClass ovo)', kind, ['macro', 'weighted']);
    return eachAgainstEach(op, encoded, table, kind === 'weighted');
  }
  if (kind === 'micro') {
    const positive = encoded.flatMap((at) => classes.map((_, j) => j === at));
    return binaryAuc(op, positive, table.values);
  }
  const areas = classes.map((_, j) =>
    binaryAuc(
      op,
      encoded.map((at) => at === j),
      column(table, j),
    ),
  );
  if (kind === null) return areas;
  const support = classes.map((_, j) => encoded.filter((at) => at === j).length);
  return average(areas, kind === 'weighted' ? support : undefined);
}

/** Largest distance of a row's sum from 1 (numpy's allclose). */
const SUM_TOLERANCE = 1e-5 + 1e-8;

function checkProbabilities(op: string, { rows, cols, values }: Table): void {
  for (let i = 0; i < rows; i++) {
    let sum = 0;
    for (let j = 0; j < cols; j++) sum += values[i * cols + j]!;
    if (Math.abs(1 - sum) > SUM_TOLERANCE) {
      refuse(ArgumentError, op, `scores of several classes must be probabilities; row ${i} sums to ${sum}, not to 1`, {
        argument: 'yScore',
        got: sum,
        expected: 1,
      });
    }
  }
}

/** Hand and Till (2001): for each pair of classes, the mean of both areas among the examples of the two. */
function eachAgainstEach(op: string, encoded: number[], table: Table, weighted: boolean): number {
  const classes = [...new Set(encoded)].sort((a, b) => a - b);
  const areas: number[] = [];
  const shares: number[] = [];
  for (const [i, a] of classes.entries()) {
    for (const b of classes.slice(i + 1)) {
      const among = encoded.map((_, n) => n).filter((n) => encoded[n] === a || encoded[n] === b);
      const area = (positive: number) => {
        const scores = column(table, positive);
        return binaryAuc(
          op,
          among.map((n) => encoded[n] === positive),
          among.map((n) => scores[n]!),
        );
      };
      areas.push((area(a) + area(b)) / 2);
      shares.push(among.length);
    }
  }
  return average(areas, weighted ? shares : undefined);
}

/** Options of `prCurve`. */
export interface PrOptions {
  /** The positive class. Default 1, if the labels are 0 and 1 or −1 and 1. */
  posLabel?: Label;
  /** Leave out points between others with the same number of true positives. Default false. */
  dropIntermediate?: boolean;
}

/** Precision and recall at rising thresholds; the last pair, 1 and 0, has no threshold. */
export interface PrCurve {
  /** The share of positives among the examples that reach the threshold; the last, 1, has no threshold. */
  precision: number[];
  /** The share of the positives that reaches the threshold, falling from 1; the last, 0, has no threshold. */
  recall: number[];
  /** The scores used as thresholds, rising: one fewer than pairs. */
  thresholds: number[];
}

function pr(positive: readonly boolean[], scores: ArrayLike<number>, dropIntermediate = false): PrCurve {
  const all = pointsOf(positive, scores);
  const points = dropIntermediate ? keepCorners(all, (a, b, c) => a.tp !== b.tp || b.tp !== c.tp) : all;
  const rising = [...points].reverse();
  const positives = positive.filter(Boolean).length;
  return {
    precision: [...rising.map(({ fp, tp }) => tp / (tp + fp)), 1],
    recall: [...rising.map(({ tp }) => (positives === 0 ? 1 : tp / positives)), 0],
    thresholds: rising.map(({ threshold }) => threshold),
  };
}

/**
 * Precision and recall at every threshold.
 *
 * @throws ShapeError where the lists differ in length, ArgumentError where there are more than two classes
 * @see https://scikit-learn.org/stable/modules/generated/sklearn.metrics.precision_recall_curve.html
 * @example
 * const { precision, recall } = metrics.prCurve([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]);
 * recall; // [1, 1, 0.5, 0.5, 0]
 */
export function prCurve(yTrue: Labels, yScore: Numbers, options: PrOptions = {}): PrCurve {
  if (arguments.length > 3) noMore('prCurve', 3, arguments);
  checkOptions('prCurve', options, { posLabel: VALUE, dropIntermediate: FLAG });
  const { positive, scores } = binaryInput('prCurve', yTrue, yScore, options.posLabel);
  return pr(positive, scores, options.dropIntermediate);
}

function averageOfPr(positive: readonly boolean[], scores: ArrayLike<number>): number {
  const { precision, recall } = pr(positive, scores);
  let sum = 0;
  for (let i = 0; i + 1 < recall.length; i++) sum += (recall[i]! - recall[i + 1]!) * precision[i]!;
  return sum;
}

/** Options of `averagePrecision`. */
export interface AveragePrecisionOptions {
  /** How the numbers of several classes are averaged; null: not at all, one number for each class. Default 'macro'. */
  average?: 'micro' | 'macro' | 'weighted' | null;
  /** The positive class. Default 1. */
  posLabel?: Label;
}

/**
 * Σ (Rₙ − Rₙ₋₁)·Pₙ over the thresholds. Two classes: scores [N]; more: scores [N, C], each class against the rest.
 *
 * @see https://scikit-learn.org/stable/modules/generated/sklearn.metrics.average_precision_score.html
 * @example
 * metrics.averagePrecision([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]); // 0.8333
 */
export function averagePrecision(
  yTrue: Labels,
  yScore: Numbers,
  options: AveragePrecisionOptions & { average: null },
): number[];
export function averagePrecision(
  yTrue: Labels,
  yScore: Numbers,
  options?: AveragePrecisionOptions & { average?: 'micro' | 'macro' | 'weighted' },
): number;
export function averagePrecision(
  yTrue: Labels,
  yScore: Numbers,
  options: AveragePrecisionOptions = {},
): number | number[] {
  if (arguments.length > 3) noMore('averagePrecision', 3, arguments);
  const op = 'averagePrecision';
  checkOptions(op, options, { average: NULLABLE, posLabel: VALUE });
  const { average: kind = 'macro', posLabel = 1 } = options;
  checkOneOf(op, 'average', kind, ['micro', 'macro', 'weighted', null]);
  const truth = labelsOf(op, 'yTrue', yTrue);
  const table = tableOf(op, 'yScore', yScore);
  checkLengths(op, truth.length, table.rows);
  const present = uniqueLabels(op, truth);
  if (table.cols === 1) {
    if (present.length === 2) checkPositive(op, posLabel, present);
    const { positive, scores } = binaryInput(op, yTrue, yScore, present.length > 2 ? undefined : posLabel);
    return averageOfPr(positive, scores);
  }
  const classes = classesOf(op, truth, undefined, table.cols);
  if (kind === 'micro') {
    return averageOfPr(
      truth.flatMap((label) => classes.map((other) => other === label)),
      table.values,
    );
  }
  const values = classes.map((label, j) =>
    averageOfPr(
      truth.map((other) => other === label),
      column(table, j),
    ),
  );
  if (kind === null) return values;
  const support = classes.map((label) => truth.filter((other) => other === label).length);
  return average(values, kind === 'weighted' ? support : undefined);
}
