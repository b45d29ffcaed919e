/** Metrics of predicted classes: accuracy, precision, recall, F1, confusion matrix. scikit-learn's semantics. */
import { ArgumentError, refuse } from '../../bindings/errors.ts';
import { checkOneOf, checkOptions, checkWhole, FLAG, NULLABLE, noMore, shown, VALUE } from '../options.ts';
import {
  checkLengths,
  checkPositive,
  classesOf,
  type Label,
  type Labels,
  labelsOf,
  type Numbers,
  showLabels,
  tableOf,
  uniqueLabels,
} from './inputs.ts';

/** How precision, recall and F1 are averaged over the classes; null: not at all, one number for each class. */
export type Average = 'binary' | 'micro' | 'macro' | 'weighted' | null;

const AVERAGES: readonly Average[] = ['binary', 'micro', 'macro', 'weighted', null];

/** Options of `precision`, `recall` and `f1`. */
export interface ScoreOptions {
  /** How the classes' scores become one; null: one for each. Default 'binary': that of the class `posLabel`. */
  average?: Average;
  /** The positive class with average 'binary'. Default 1. */
  posLabel?: Label;
  /** What a division by zero gives: 0, 1, or NaN, which averages leave out. Default 0. */
  zeroDivision?: number;
  /** Which classes count, and in which order. Default: all that occur, in order. */
  labels?: Labels;
}

/** How often a class was right, predicted, and true. */
interface Counts {
  hits: number;
  predicted: number;
  support: number;
}

/** True and predicted labels of the same examples, and the labels that occur in them. */
interface Pair {
  truth: Label[];
  predicted: Label[];
  present: Label[];
}

/** Checks true and predicted labels. */
export function labelPair(op: string, yTrue: Labels, yPred: Labels): Pair {
  const truth = labelsOf(op, 'yTrue', yTrue);
  const predicted = labelsOf(op, 'yPred', yPred);
  checkLengths(op, truth.length, predicted.length);
  return { truth, predicted, present: uniqueLabels(op, truth, predicted) };
}

/**
 * Share (or, with `normalize: false`, number) of the examples whose class was predicted correctly.
 *
 * @throws ShapeError where the lists differ in length
 * @see https://scikit-learn.org/stable/modules/generated/sklearn.metrics.accuracy_score.html
 * @example
 * metrics.accuracy([0, 1, 2], [0, 1, 1]); // 0.6667
 */
export function accuracy(yTrue: Labels, yPred: Labels, options: { normalize?: boolean } = {}): number {
  if (arguments.length > 3) noMore('accuracy', 3, arguments);
  checkOptions('accuracy', options, { normalize: FLAG });
  const { truth, predicted } = labelPair('accuracy', yTrue, yPred);
  const hits = truth.reduce<number>((sum, label, i) => sum + Number(label === predicted[i]), 0);
  return (options.normalize ?? true) ? hits / truth.length : hits;
}

/** Options of `topK`. */
export interface TopKOptions {
  /** How many of the highest scores the true class must be among. Default 2. */
  k?: number;
  /** False: the number of hits instead of their share. Default true. */
  normalize?: boolean;
  /** The classes of the columns, if yTrue does not have all of them. */
  labels?: Labels;
}

/**
 * Share of the examples whose class is among the k highest scores [N, C]; of equal scores the last column's is the
 * highest, as in scikit-learn. For two classes one score per example is enough, [N]: that of the second class.
 *
 * @throws ShapeError where there is not a score for every class
 * @see https://scikit-learn.org/stable/modules/generated/sklearn.metrics.top_k_accuracy_score.html
 * @example
 * metrics.topK([2, 0, 1], [[0.1, 0.6, 0.3], [0.2, 0.5, 0.3], [0.1, 0.8, 0.1]], { k: 2 }); // 0.6667
 */
export function topK(yTrue: Labels, yScore: Numbers, options: TopKOptions = {}): number {
  if (arguments.length > 3) noMore('topK', 3, arguments);
  const op = 'topK';
  checkOptions(op, options, { k: VALUE, normalize: FLAG, labels: VALUE });
  const { k = 2, normalize = true } = options;
  checkWhole(op, 'k', k, 1);
  const truth = labelsOf(op, 'yTrue', yTrue);
  const { rows, cols, values } = tableOf(op, 'yScore', yScore);
  checkLengths(op, truth.length, rows);
  const classes = classesOf(op, truth, options.labels, cols === 1 ? 2 : cols);
  let hits = 0;
  const decision = values.every((value) => value >= 0 && value <= 1) ? 0.5 : 0;
  truth.forEach((label, i) => {
    const at = classes.indexOf(label);
    if (cols === 1) {
      hits += Number(k > 1 || Number(values[i]! > decision) === at);
      return;
    }
    const score = values[i * cols + at]!;
    let before = 0;
    for (let j = 0; j < cols; j++) {
      const other = values[i * cols + j]!;
      if (other > score || (other === score && j > at)) before++;
    }
    hits += Number(before < k);
  });
  return normalize ? hits / rows : hits;
}

/** How often each class was right, predicted and true. */
function count({ truth, predicted }: Pair, labels: readonly Label[]): Counts[] {
  const counts = labels.map((label) => ({ label, hits: 0, predicted: 0, support: 0 }));
  const of = new Map(counts.map((one) => [one.label, one]));
  truth.forEach((label, i) => {
    const t = of.get(label);
    const p = of.get(predicted[i]!);
    if (t !== undefined) t.support++;
    if (p !== undefined) p.predicted++;
    if (t !== undefined && t === p) t.hits++;
  });
  return counts;
}

const total = (numbers: readonly number[]) => numbers.reduce((sum, x) => sum + x, 0);

/** The labels that count with average 'binary': the positive one, which must occur unless there is only one class. */
function binaryLabels(op: string, present: readonly Label[], posLabel: Label): Label[] {
  if (present.length > 2) {
    refuse(
      ArgumentError,
      op,
      `there are ${present.length} classes but average is 'binary'; choose 'micro', 'macro', 'weighted' or null`,
      { argument: 'average', got: 'binary' },
    );
  }
  if (present.length === 2) checkPositive(op, posLabel, present);
  return [posLabel];
}

/** What the averages are taken of. */
type Score = 'precision' | 'recall' | 'f1';

/** Scores of a class, or averages of them, and how often the class is true. */
type Scores = Record<Score | 'support', number>;

/** Precision, recall and F1 of every class, or one row with their averages. */
export function scores(op: string, pair: Pair, options: ScoreOptions): Scores[] {
  const { average = 'binary', posLabel = 1, zeroDivision = 0 } = options;
  checkOneOf(op, 'average', average, AVERAGES);
  if (![0, 1, Number.NaN].includes(zeroDivision)) {
    refuse(ArgumentError, op, `zeroDivision must be 0, 1 or NaN, got ${shown(zeroDivision)}`, {
      argument: 'zeroDivision',
      got: zeroDivision,
      expected: [0, 1, Number.NaN],
    });
  }
  let labels = options.labels === undefined ? pair.present : labelsOf(op, 'labels', options.labels);
  if (average === 'binary') labels = binaryLabels(op, pair.present, posLabel);
  const counts = count(pair, labels);
  const all = {
    hits: total(counts.map(({ hits }) => hits)),
    predicted: total(counts.map(({ predicted }) => predicted)),
    support: total(counts.map(({ support }) => support)),
  };
  const over = (a: number, b: number) => (b === 0 ? zeroDivision : a / b);
  const scoresOf = ({ hits, predicted, support }: Counts): Scores => ({
    precision: over(hits, predicted),
    recall: over(hits, support),
    f1: over(2 * hits, predicted + support),
    support,
  });
  if (average === 'micro') return [scoresOf(all)];
  const rows = counts.map(scoresOf);
  if (average !== 'macro' && average !== 'weighted') return rows;
  const weigh = average === 'macro' ? () => 1 : ({ support }: Scores) => support;
  const nothing = all.predicted === 0 ? zeroDivision : 0;
  return [
    {
      precision: mean(rows, 'precision', weigh, nothing),
      recall: mean(rows, 'recall', weigh, zeroDivision),
      f1: mean(rows, 'f1', weigh, nothing),
      support: all.support,
    },
  ];
}

/** Weighted mean of a score, without the classes where it is NaN; `nothing` if all weights are 0. */
function mean(rows: readonly Scores[], score: Score, weigh: (row: Scores) => number, nothing: number): number {
  if (total(rows.map(weigh)) === 0) return nothing;
  const counted = rows.filter((row) => !Number.isNaN(row[score]));
  return total(counted.map((row) => row[score] * weigh(row))) / total(counted.map(weigh));
}

function score(op: Score, yTrue: Labels, yPred: Labels, options: ScoreOptions): number | number[] {
  checkOptions(op, options, { average: NULLABLE, posLabel: VALUE, zeroDivision: VALUE, labels: VALUE });
  const result = scores(op, labelPair(op, yTrue, yPred), options).map((row) => row[op]);
  return options.average === null ? result : result[0]!;
}

/**
 * Of the examples predicted as a class, the share that belongs to it: tp / (tp + fp).
 *
 * @throws ShapeError where the lists differ in length, ArgumentError for 'binary' with more than two classes
 * @see https://scikit-learn.org/stable/modules/generated/sklearn.metrics.precision_score.html
 * @example
 * metrics.precision([0, 1, 2, 1], [0, 2, 2, 1], { average: 'macro' }); // 0.8333
 */
export function precision(yTrue: Labels, yPred: Labels, options: ScoreOptions & { average: null }): number[];
export function precision(
  yTrue: Labels,
  yPred: Labels,
  options?: ScoreOptions & { average?: Exclude<Average, null> },
): number;
export function precision(yTrue: Labels, yPred: Labels, options: ScoreOptions = {}): number | number[] {
  if (arguments.length > 3) noMore('precision', 3, arguments);
  return score('precision', yTrue, yPred, options);
}

/**
 * Of the examples of a class, the share that was found: tp / (tp + fn).
 *
 * @throws ShapeError where the lists differ in length, ArgumentError for 'binary' with more than two classes
 * @see https://scikit-learn.org/stable/modules/generated/sklearn.metrics.recall_score.html
 * @example
 * metrics.recall([0, 1, 2, 1], [0, 2, 2, 1], { average: 'macro' }); // 0.8333
 */
export function recall(yTrue: Labels, yPred: Labels, options: ScoreOptions & { average: null }): number[];
export function recall(
  yTrue: Labels,
  yPred: Labels,
  options?: ScoreOptions & { average?: Exclude<Average, null> },
): number;
export function recall(yTrue: Labels, yPred: Labels, options: ScoreOptions = {}): number | number[] {
  if (arguments.length > 3) noMore('recall', 3, arguments);
  return score('recall', yTrue, yPred, options);
}

/**
 * Harmonic mean of precision and recall: 2·tp / (2·tp + fp + fn).
 *
 * @throws ShapeError where the lists differ in length, ArgumentError for 'binary' with more than two classes
 * @see https://scikit-learn.org/stable/modules/generated/sklearn.metrics.f1_score.html
 * @example
 * metrics.f1([0, 1, 1, 1], [0, 1, 1, 0]); // 0.8
 */
export function f1(yTrue: Labels, yPred: Labels, options: ScoreOptions & { average: null }): number[];
export function f1(yTrue: Labels, yPred: Labels, options?: ScoreOptions & { average?: Exclude<Average, null> }): number;
export function f1(yTrue: Labels, yPred: Labels, options: ScoreOptions = {}): number | number[] {
  if (arguments.length > 3) noMore('f1', 3, arguments);
  return score('f1', yTrue, yPred, options);
}

/** Options of `confusionMatrix`. */
export interface ConfusionOptions {
  /** Which classes, in which order. Default: all that occur, in order. */
  labels?: Labels;
  /** Shares of the row ('true'), the column ('pred') or of all examples instead of counts. Default null. */
  normalize?: 'true' | 'pred' | 'all' | null;
}

/**
 * How often each class (row) was predicted as each (column): a list of rows, in the order of the classes.
 *
 * @throws ShapeError where the lists differ in length
 * @see https://scikit-learn.org/stable/modules/generated/sklearn.metrics.confusion_matrix.html
 * @example
 * metrics.confusionMatrix([0, 1, 1], [0, 0, 1]); // [[1, 0], [1, 1]]
 */
export function confusionMatrix(yTrue: Labels, yPred: Labels, options: ConfusionOptions = {}): number[][] {
  if (arguments.length > 3) noMore('confusionMatrix', 3, arguments);
  const op = 'confusionMatrix';
  checkOptions(op, options, { labels: VALUE, normalize: NULLABLE });
  const { normalize = null } = options;
  checkOneOf(op, 'normalize', normalize, ['true', 'pred', 'all', null]);
  const { truth, predicted, present } = labelPair(op, yTrue, yPred);
  const labels = options.labels === undefined ? present : labelsOf(op, 'labels', options.labels);
  if (!labels.some((label) => truth.includes(label))) {
    refuse(ArgumentError, op, `none of labels ${showLabels(labels)} is in yTrue`, { argument: 'labels', got: labels });
  }
  const at = new Map(labels.map((label, i) => [label, i]));
  const matrix = labels.map(() => labels.map(() => 0));
  truth.forEach((label, i) => {
    const row = at.get(label);
    const col = at.get(predicted[i]!);
    if (row !== undefined && col !== undefined) matrix[row]![col]!++;
  });
  if (normalize === null) return matrix;
  const rows = matrix.map(total);
  const cols = labels.map((_, j) => total(matrix.map((row) => row[j]!)));
  const all = total(rows);
  return matrix.map((row, i) =>
    row.map((n, j) => n / (normalize === 'true' ? rows[i]! : normalize === 'pred' ? cols[j]! : all) || 0),
  );
}
