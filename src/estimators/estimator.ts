/**
 * The base classes of estimators in scikit-learn's style: `fit` learns from examples and labels, `predict` gives labels, `score` tells
 * how good they are. Tables are tensors [N, F] or nested arrays, and results have the same form.
 */

import { ArgumentError, refuse, ShapeError } from '../../bindings/errors.ts';
import type { Features } from '../data/scale.ts';
import { accuracy, r2 } from '../metrics/index.ts';
import {
  checkLengths,
  type Label,
  type Labels,
  labelsOf,
  type Numbers,
  type Table,
  tableOf,
  uniqueLabels,
} from '../metrics/inputs.ts';
import { tensor } from '../ops/index.ts';
import { noMore } from '../options.ts';
import { isTensor, type Tensor } from '../tensor/tensor.ts';

/** The type of a result: a tensor for a table that is a tensor, otherwise A. */
export type Answer<T, A> = T extends Tensor ? Tensor : A;

abstract class Estimator {
  /** The number of features that `fit` saw; 0 before. */
  protected features = 0;

  /** The name of the class in errors. */
  protected abstract readonly op: string;

  /** The examples of `fit`. */
  protected examples(x: Features, labels: number): Table {
    const table = tableOf(`${this.op}.fit`, 'x', x);
    checkLengths(`${this.op}.fit`, labels, table.rows);
    this.features = table.cols;
    return table;
  }

  /** Examples with the features that `fit` saw. */
  protected table(method: string, x: Features): Table {
    const op = `${this.op}.${method}`;
    if (this.features === 0) refuse(ArgumentError, op, 'fit() must come first', { argument: 'x' });
    const table = tableOf(op, 'x', x);
    if (table.cols !== this.features) {
      refuse(ShapeError, op, `x has ${table.cols} features, fit() saw ${this.features}`, {
        argument: 'x',
        got: table.cols,
        expected: this.features,
      });
    }
    return table;
  }
}

/** The rows of a table as nested arrays. */
function nested(values: Float64Array, rows: number, cols: number): number[][] {
  return Array.from({ length: rows }, (_, i) => Array.from(values.subarray(i * cols, (i + 1) * cols)));
}

/** Learns classes, which are numbers or texts. */
export abstract class Classifier extends Estimator {
  /** The classes, in order. */
  classes: Label[] = [];

  /** Learns from examples [N, F] and their labels [N]. */
  fit(x: Features, y: Labels): this {
    if (arguments.length > 2) noMore('Classifier.fit', 2, arguments);
    const op = `${this.op}.fit`;
    const labels = labelsOf(op, 'y', y);
    const classes = uniqueLabels(op, labels);
    const table = this.examples(x, labels.length);
    if (classes.length < 2) {
      refuse(ArgumentError, op, `y must have at least two classes, got ${classes.length}`, {
        argument: 'y',
        got: classes,
      });
    }
    this.classes = classes;
    const codes = new Map(classes.map((label, i) => [label, i]));
    this.learn(
      table,
      Int32Array.from(labels, (label) => codes.get(label)!),
    );
    return this;
  }

  /** Learns from class numbers. */
  protected abstract learn(x: Table, y: Int32Array): void;

  /** Probabilities [N, C], row by row. */
  protected abstract probabilities(x: Table): Float64Array;

  /** Scores [N, C]; the largest one of a row tells the class. */
  protected ranking(x: Table): Float64Array {
    return this.probabilities(x);
  }

  /** The most probable class of each example; for tensors an int32 tensor. */
  predict<T extends Features>(x: T): Answer<T, Label[]> {
    if (arguments.length > 1) noMore('Classifier.predict', 1, arguments);
    const op = `${this.op}.predict`;
    const labels = this.predicted('predict', x);
    if (isTensor(x) && !labels.every((label) => Number.isInteger(label))) {
      refuse(ArgumentError, op, `a tensor cannot hold the classes ${this.classes.join(', ')}; give x as arrays`, {
        argument: 'x',
      });
    }
    const answer = isTensor(x) ? tensor(labels.map(Number), { dtype: 'int32', device: x.device }) : labels;
    return answer as Answer<T, Label[]>;
  }

  private predicted(method: string, x: Features): Label[] {
    const table = this.table(method, x);
    const values = this.ranking(table);
    const cols = this.classes.length;
    return Array.from({ length: table.rows }, (_, i) => {
      let best = 0;
      for (let j = 1; j < cols; j++) if (values[i * cols + j]! > values[i * cols + best]!) best = j;
      return this.classes[best]!;
    });
  }

  /** Probabilities of the classes [N, C], in their order. */
  predictProba<T extends Features>(x: T): Answer<T, number[][]> {
    if (arguments.length > 1) noMore('Classifier.predictProba', 1, arguments);
    const table = this.table('predictProba', x);
    const values = this.probabilities(table);
    const shape = [table.rows, this.classes.length] as const;
    const answer = isTensor(x) ? tensor(values, { shape, device: x.device }) : nested(values, ...shape);
    return answer as Answer<T, number[][]>;
  }

  /** The share of the examples whose class is predicted correctly. */
  score(x: Features, y: Labels): number {
    if (arguments.length > 2) noMore('Classifier.score', 2, arguments);
    return accuracy(y, this.predicted('score', x));
  }
}

/** Learns numbers: one for each example [N], or several [N, K]. */
export abstract class Regressor extends Estimator {
  private outputs = 1;
  private isFlat = true;

  /** Learns from examples [N, F] and their values [N] or [N, K]. */
  fit(x: Features, y: Numbers): this {
    if (arguments.length > 2) noMore('Regressor.fit', 2, arguments);
    const values = tableOf(`${this.op}.fit`, 'y', y);
    const table = this.examples(x, values.rows);
    this.outputs = values.cols;
    this.isFlat = values.flat;
    this.learn(table, values);
    return this;
  }

  /** Learns from tables. */
  protected abstract learn(x: Table, y: Table): void;

  /** Predicted values [N, K], row by row. */
  protected abstract values(x: Table): Float64Array;

  /** The predicted values, [N] or [N, K] like those given to `fit`. */
  predict<T extends Features>(x: T): Answer<T, number[] | number[][]> {
    if (arguments.length > 1) noMore('Regressor.predict', 1, arguments);
    const table = this.table('predict', x);
    const values = this.values(table);
    const shape = this.isFlat ? [table.rows] : [table.rows, this.outputs];
    const lists = () => (this.isFlat ? Array.from(values) : nested(values, table.rows, this.outputs));
    const answer = isTensor(x) ? tensor(values, { shape, device: x.device }) : lists();
    return answer as Answer<T, number[] | number[][]>;
  }

  /** R² of the predictions. */
  score(x: Features, y: Numbers): number {
    if (arguments.length > 2) noMore('Regressor.score', 2, arguments);
    const table = this.table('score', x);
    return r2(y, nested(this.values(table), table.rows, this.outputs));
  }
}

/** The probabilities of the classes with these scores. */
export function softmax(scores: readonly number[]): number[] {
  const most = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - most));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/** The same for rows of scores, in place. */
export function softmaxRows(values: Float64Array, classes: number): Float64Array {
  for (let at = 0; at < values.length; at += classes)
    values.set(softmax(Array.from(values.subarray(at, at + classes))), at);
  return values;
}
