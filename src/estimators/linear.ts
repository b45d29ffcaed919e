/** Linear classifiers: the perceptron and logistic regression. Plain numbers in float64; no tensors are made to learn. */

import { generatorFor } from '../emit/random.ts';
import type { Table } from '../metrics/inputs.ts';
import { checkOneOf, checkOptions, checkRange, checkWhole, FLAG, NULLABLE, noMore, VALUE } from '../options.ts';
import { Classifier, softmax, softmaxRows } from './estimator.ts';
import { minimize, type Objective } from './minimize.ts';

/** x·wᵀ + b with one row of weights, and one bias, for each class; a single row tells the second of two classes. */
abstract class LinearClassifier extends Classifier {
  /** Weights: a row for each class; one row for two classes. */
  coef: number[][] = [];
  /** One number for each row of `coef`. */
  intercept: number[] = [];

  /** Distances tell more than probabilities, which round near ½. */
  protected override ranking(x: Table): Float64Array {
    const classes = this.classes.length;
    const values = new Float64Array(x.rows * classes);
    for (let i = 0; i < x.rows; i++) {
      const scores = this.decision(x, i);
      values.set(scores.length === 1 ? [0, scores[0]!] : scores, i * classes);
    }
    return values;
  }

  /** x·wᵀ + b of example i. */
  protected decision({ cols, values }: Table, i: number): number[] {
    return this.coef.map((row, k) => row.reduce((sum, w, j) => sum + w * values[i * cols + j]!, this.intercept[k]!));
  }
}

/** Options of `Perceptron`. */
export interface PerceptronOptions {
  /** How much an error changes the weights. Default 1. */
  lr?: number;
  /** Passes over the examples at most; one without errors is the last. Default 1000. */
  epochs?: number;
  /** A new random order in each pass. Default true. */
  shuffle?: boolean;
  /** Seed of the orders; without it they follow `manualSeed`. */
  seed?: number;
}

/**
 * Rosenblatt's perceptron (1958): every example that is on the wrong side moves the line, w ← w ± lr·x. More than two
 * classes: each against the rest.
 *
 * @see https://scikit-learn.org/stable/modules/generated/sklearn.linear_model.Perceptron.html
 * @example
 * const and = new Perceptron({ lr: 0.1, epochs: 20 }).fit([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 0, 0, 1]);
 * and.predict([[1, 1]]); // [1]
 */
export class Perceptron extends LinearClassifier {
  /** Errors in each pass, for each row of `coef`. */
  errors: number[][] = [];

  constructor(private readonly options: PerceptronOptions = {}) {
    if (arguments.length > 1) noMore('Perceptron', 1, arguments);
    super();
    checkOptions('Perceptron', options, { lr: VALUE, epochs: VALUE, shuffle: FLAG, seed: VALUE });
    if (options.lr !== undefined) checkRange('Perceptron', 'lr', options.lr, Number.MIN_VALUE);
    if (options.epochs !== undefined) checkWhole('Perceptron', 'epochs', options.epochs, 1);
  }

  protected override learn(x: Table, y: Int32Array): void {
    const rows = this.classes.length === 2 ? [1] : this.classes.map((_, c) => c);
    this.coef = rows.map(() => Array.from({ length: x.cols }, () => 0));
    this.intercept = rows.map(() => 0);
    this.errors = rows.map((positive, k) => this.learnRow(x, y, positive, k));
  }

  private learnRow({ rows, cols, values }: Table, y: Int32Array, positive: number, k: number): number[] {
    const { lr = 1, epochs = 1000, shuffle = true, seed } = this.options;
    const random = generatorFor('Perceptron', seed);
    const weights = this.coef[k]!;
    const history: number[] = [];
    for (let epoch = 0; epoch < epochs && history.at(-1) !== 0; epoch++) {
      const order = shuffle ? random.permutation(rows) : Int32Array.from({ length: rows }, (_, i) => i);
      let errors = 0;
      for (const i of order) {
        const side = y[i] === positive ? 1 : -1;
        let sum = this.intercept[k]!;
        for (let j = 0; j < cols; j++) sum += weights[j]! * values[i * cols + j]!;
        // On the line is on neither side.
        if (side * sum > 0) continue;
        errors++;
        for (let j = 0; j < cols; j++) weights[j]! += lr * side * values[i * cols + j]!;
        this.intercept[k]! += lr * side;
      }
      history.push(errors);
    }
    return history;
  }

  /** The logistic function of the distances, scaled to sum 1: an order, not calibrated probabilities. */
  protected override probabilities(x: Table): Float64Array {
    const classes = this.classes.length;
    const values = new Float64Array(x.rows * classes);
    for (let i = 0; i < x.rows; i++) {
      const sides = this.decision(x, i).map(sigmoid);
      const all = sides.length === 1 ? [1 - sides[0]!, sides[0]!] : sides;
      const sum = all.reduce((total, p) => total + p, 0);
      all.forEach((p, j) => {
        values[i * classes + j] = sum === 0 ? 1 / classes : p / sum;
      });
    }
    return values;
  }
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** Options of `LogisticRegression`. */
export interface LogisticRegressionOptions {
  /** Weight of the errors against the penalty ½‖w‖². Default 1. */
  C?: number;
  /** 'l2', or null for none. Default 'l2'. */
  penalty?: 'l2' | null;
  /** Learn an intercept; it is not penalized. Default true. */
  fitIntercept?: boolean;
  /** Iterations at most. Default 100. */
  maxIter?: number;
  /** Ends where no part of the gradient is larger. Default 0.0001. */
  tol?: number;
}

/**
 * The linear model whose probabilities are softmax(x·wᵀ + b): minimizes C·Σ −ln p(class) + ½‖w‖² with L-BFGS.
 *
 * @see https://scikit-learn.org/stable/modules/generated/sklearn.linear_model.LogisticRegression.html
 * @example
 * const classifier = new LogisticRegression().fit(xTrain, yTrain);
 * classifier.score(xTest, yTest);
 */
export class LogisticRegression extends LinearClassifier {
  /** Iterations taken. */
  iterations = 0;

  constructor(private readonly options: LogisticRegressionOptions = {}) {
    if (arguments.length > 1) noMore('LogisticRegression', 1, arguments);
    super();
    const op = 'LogisticRegression';
    checkOptions(op, options, { C: VALUE, penalty: NULLABLE, fitIntercept: FLAG, maxIter: VALUE, tol: VALUE });
    const { C = 1, penalty = 'l2', maxIter = 100, tol = 1e-4 } = options;
    checkRange(op, 'C', C, Number.MIN_VALUE);
    checkWhole(op, 'maxIter', maxIter, 1);
    checkRange(op, 'tol', tol, 0);
    checkOneOf(op, 'penalty', penalty, ['l2', null]);
  }

  protected override learn(x: Table, y: Int32Array): void {
    const { fitIntercept = true, maxIter = 100, tol = 1e-4 } = this.options;
    const rows = this.classes.length === 2 ? 1 : this.classes.length;
    const width = x.cols + 1;
    const { x: found, iterations } = minimize(this.objective(x, y, rows), new Float64Array(rows * width), {
      maxIter,
      tol,
    });
    this.iterations = iterations;
    this.coef = Array.from({ length: rows }, (_, k) => Array.from(found.subarray(k * width, (k + 1) * width - 1)));
    this.intercept = this.coef.map((_, k) => (fitIntercept ? found[(k + 1) * width - 1]! : 0));
  }

  /** Loss and gradient; each row of the numbers is the weights of a class and its intercept. */
  private objective({ rows: n, cols, values }: Table, y: Int32Array, rows: number): Objective {
    const { C = 1, penalty = 'l2', fitIntercept = true } = this.options;
    const width = cols + 1;
    return (w) => {
      const gradient = new Float64Array(w.length);
      let value = 0;
      for (let i = 0; i < n; i++) {
        const scores = Array.from({ length: rows }, (_, k) => {
          let sum = w[k * width + cols]!;
          for (let j = 0; j < cols; j++) sum += w[k * width + j]! * values[i * cols + j]!;
          return sum;
        });
        const p = softmax(rows === 1 ? [0, scores[0]!] : scores);
        value -= C * Math.log(Math.max(p[y[i]!]!, Number.MIN_VALUE));
        for (let k = 0; k < rows; k++) {
          const c = rows === 1 ? 1 : k;
          const error = C * (p[c]! - Number(y[i] === c));
          for (let j = 0; j < cols; j++) gradient[k * width + j]! += error * values[i * cols + j]!;
          if (fitIntercept) gradient[k * width + cols]! += error;
        }
      }
      if (penalty === 'l2') {
        for (let i = 0; i < w.length; i++) {
          if (i % width === cols) continue;
          value += 0.5 * w[i]! ** 2;
          gradient[i]! += w[i]!;
        }
      }
      return { value, gradient };
    };
  }

  protected override probabilities(x: Table): Float64Array {
    return softmaxRows(this.ranking(x), this.classes.length);
  }
}
