/** Metrics of predicted numbers: mean errors, R², and the logarithmic loss of probabilities. scikit-learn's semantics. */
import { ArgumentError, refuse, ShapeError } from '../../bindings/errors.ts';
import { checkOneOf, checkOptions, FLAG, noMore, VALUE } from '../options.ts';
import {
  checkLengths,
  classesOf,
  column,
  type Labels,
  labelsOf,
  type Numbers,
  tableOf,
  uniqueLabels,
} from './inputs.ts';

/** Options of the errors of a regression. */
export interface RegressionOptions {
  /** Several outputs [N, C]: their mean, or a number for each. Default 'uniformAverage'. */
  multioutput?: 'uniformAverage' | 'rawValues';
}

/** Options of `r2`. */
export interface R2Options {
  /** Several outputs [N, C]: their mean, weighted by the variance or not, or a number for each. Default 'uniformAverage'. */
  multioutput?: 'uniformAverage' | 'rawValues' | 'varianceWeighted';
}

/** `fn` of the true and predicted numbers of each output. */
function perOutput(
  op: string,
  yTrue: Numbers,
  yPred: Numbers,
  fn: (truth: Float64Array, predicted: Float64Array) => number,
) {
  const truth = tableOf(op, 'yTrue', yTrue);
  const predicted = tableOf(op, 'yPred', yPred);
  checkLengths(op, truth.rows, predicted.rows);
  if (truth.cols !== predicted.cols) {
    refuse(ShapeError, op, `yTrue has ${truth.cols} outputs, yPred ${predicted.cols}`, {
      argument: 'yPred',
      got: predicted.cols,
      expected: truth.cols,
    });
  }
  return Array.from({ length: truth.cols }, (_, j) => fn(column(truth, j), column(predicted, j)));
}

const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, x) => sum + x, 0) / values.length;
const squares = (a: Float64Array, b: Float64Array) => a.map((x, i) => (x - b[i]!) ** 2);

function meanError(
  op: string,
  yTrue: Numbers,
  yPred: Numbers,
  options: RegressionOptions,
  fn: (truth: Float64Array, predicted: Float64Array) => number,
): number | number[] {
  checkOptions(op, options, { multioutput: VALUE });
  const { multioutput = 'uniformAverage' } = options;
  checkOneOf(op, 'multioutput', multioutput, ['uniformAverage', 'rawValues']);
  const errors = perOutput(op, yTrue, yPred, fn);
  return multioutput === 'rawValues' ? errors : mean(errors);
}

/**
 * Mean of |truth − prediction|.
 *
 * @throws ShapeError where the sizes differ
 * @see https://scikit-learn.org/stable/modules/generated/sklearn.metrics.mean_absolute_error.html
 * @example
 * metrics.meanAbsoluteError([1, 2], [1, 4]); // 1
 */
export function meanAbsoluteError(yTrue: Numbers, yPred: Numbers, options: { multioutput: 'rawValues' }): number[];
export function meanAbsoluteError(yTrue: Numbers, yPred: Numbers, options?: { multioutput?: 'uniformAverage' }): number;
export function meanAbsoluteError(yTrue: Numbers, yPred: Numbers, options: RegressionOptions = {}): number | number[] {
  if (arguments.length > 3) noMore('meanAbsoluteError', 3, arguments);
  return meanError('meanAbsoluteError', yTrue, yPred, options, (a, b) => mean(a.map((x, i) => Math.abs(x - b[i]!))));
}

/**
 * Mean of (truth − prediction)².
 *
 * @throws ShapeError where the sizes differ
 * @see https://scikit-learn.org/stable/modules/generated/sklearn.metrics.mean_squared_error.html
 * @example
 * metrics.meanSquaredError([1, 2], [1, 4]); // 2
 */
export function meanSquaredError(yTrue: Numbers, yPred: Numbers, options: { multioutput: 'rawValues' }): number[];
export function meanSquaredError(yTrue: Numbers, yPred: Numbers, options?: { multioutput?: 'uniformAverage' }): number;
export function meanSquaredError(yTrue: Numbers, yPred: Numbers, options: RegressionOptions = {}): number | number[] {
  if (arguments.length > 3) noMore('meanSquaredError', 3, arguments);
  return meanError('meanSquaredError', yTrue, yPred, options, (a, b) => mean(squares(a, b)));
}

/**
 * 1 − Σ (truth − prediction)² / Σ (truth − mean)². An output without variance scores 1 if it is predicted exactly, else 0.
 *
 * @throws ShapeError where the sizes differ
 * @see https://scikit-learn.org/stable/modules/generated/sklearn.metrics.r2_score.html
 * @example
 * metrics.r2([1, 2, 3], [1, 2, 2]); // 0.5
 */
export function r2(yTrue: Numbers, yPred: Numbers, options: { multioutput: 'rawValues' }): number[];
export function r2(
  yTrue: Numbers,
  yPred: Numbers,
  options?: { multioutput?: 'uniformAverage' | 'varianceWeighted' },
): number;
export function r2(yTrue: Numbers, yPred: Numbers, options: R2Options = {}): number | number[] {
  if (arguments.length > 3) noMore('r2', 3, arguments);
  const op = 'r2';
  checkOptions(op, options, { multioutput: VALUE });
  const { multioutput = 'uniformAverage' } = options;
  checkOneOf(op, 'multioutput', multioutput, ['uniformAverage', 'rawValues', 'varianceWeighted']);
  const sum = (values: ArrayLike<number>) => mean(values) * values.length;
  const variances: number[] = [];
  const scores = perOutput(op, yTrue, yPred, (truth, predicted) => {
    if (truth.length < 2) return Number.NaN;
    const residual = sum(squares(truth, predicted));
    const middle = mean(truth);
    const variance = sum(
      squares(
        truth,
        truth.map(() => middle),
      ),
    );
    variances.push(variance);
    if (variance === 0) return residual === 0 ? 1 : 0;
    return 1 - residual / variance;
  });
  if (multioutput === 'rawValues') return scores;
  const all = sum(variances);
  if (multioutput === 'uniformAverage' || all === 0) return mean(scores);
  return scores.reduce((weighted, score, i) => weighted + (score * variances[i]!) / all, 0);
}

/** Options of `logLoss`. */
export interface LogLossOptions {
  /** The classes of the columns, if yTrue does not have all of them. */
  labels?: Labels;
  /** False: the sum over the examples instead of the mean. Default true. */
  normalize?: boolean;
  /** Probabilities are limited to eps … 1 − eps. Default: the distance from 1 to the next number of their type. */
  eps?: number;
}

/**
 * −mean of ln p(true class). Probabilities [N, C], or for two classes those of the second [N]; rows are scaled so that they sum to 1.
 *
 * @throws ShapeError where the sizes do not fit
 * @see https://scikit-learn.org/stable/modules/generated/sklearn.metrics.log_loss.html
 * @example
 * metrics.logLoss([0, 1], [[0.9, 0.1], [0.2, 0.8]]); // 0.1643
 */
export function logLoss(yTrue: Labels, yPred: Numbers, options: LogLossOptions = {}): number {
  if (arguments.length > 3) noMore('logLoss', 3, arguments);
  const op = 'logLoss';
  checkOptions(op, options, { labels: VALUE, normalize: FLAG, eps: VALUE });
  const truth = labelsOf(op, 'yTrue', yTrue);
  const table = tableOf(op, 'yPred', yPred);
  const { rows, cols, values } = table;
  const { normalize = true, eps = table.eps } = options;
  checkLengths(op, truth.length, rows);
  const known = uniqueLabels(op, options.labels === undefined ? truth : labelsOf(op, 'labels', options.labels));
  if (known.length < 2) {
    refuse(ArgumentError, op, 'there is only one class; give all classes as labels', {
      argument: 'labels',
      got: known,
    });
  }
  const classes = classesOf(op, truth, known, cols === 1 ? 2 : cols);
  const limit = (p: number) => Math.min(Math.max(p, eps), 1 - eps);
  let loss = 0;
  truth.forEach((label, i) => {
    const row =
      cols === 1
        ? [1 - limit(values[i]!), limit(values[i]!)]
        : Array.from(values.subarray(i * cols, (i + 1) * cols), limit);
    loss -= Math.log(row[classes.indexOf(label)]! / row.reduce((sum, p) => sum + p, 0));
  });
  return normalize ? loss / rows : loss;
}
