/** Linear classifiers: the perceptron and logistic regression. They learn with plain numbers in float64, without tensors. */

import { generatorFor } from '../emit/random.ts';
import type { Table } from '../metrics/inputs.ts';
import { checkOneOf, checkOptions, checkRange, checkWhole, FLAG, NULLABLE, noMore, VALUE } from '../options.ts';
import { Classifier, softmax, softmaxRows } from './estimator.ts';
import { minimize, type Objective } from './minimize.ts';

/** The scores of all classes; a single score is that of the second of two classes. */
function allScores(scores: number[]): number[] {
  return scores.length === 1 ? [0, ...scores] : scores;
}

/** x·wᵀ + b with a row of weights and a bias for each class; for two classes there is only the row of the second one. */
abstract class LinearClassifier extends Classifier {
  /** The weights: a row for each class; a single row for two classes. */
  coef: number[][] = [];
  /** The biases: one for each row of `coef`. */
  intercept: number[] = [];

  /** Distances, which are more exact than probabilities near ½. */
  protected override ranking(x: Table): Float64Array {
    const classes = this.classes.length;
    const values = new Float64Array(x.rows * classes);
    for (let i = 0; i < x.rows; i++) values.set(allScores(this.decision(x, i)), i * classes);
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
  /** The most passes over the examples; a pass without errors is the last one. Default 1000. */
  epochs?: number;
  /** A new random order in each pass. Default true. */
  shuffle?: boolean;
  /** Seed of the orders; without it they follow `manualSeed`. */
  seed?: number;
}

/**
 * Rosenblatt's perceptron (1958): every example on the wrong side moves the line, w ← w ± lr·x. With more than two classes, each
 * class is separated from all the others.
 *
 * @see https://scikit-learn.org/stable/modules/generated/sklearn.linear_model.Perceptron.html
 * @example
 * const and = new Perceptron({ lr: 0.1, epochs: 20 }).fit([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 0, 0, 1]);
 * and.predict([[1, 1]]); // [1]
 */
export class Perceptron extends LinearClassifier {
  protected readonly op = 'Perceptron';
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
        // A point on the line is on neither side.
        if (side * sum > 0) continue;
        errors++;
        for (let j = 0; j < cols; j++) weights[j]! += lr * side * values[i * cols + j]!;
        this.intercept[k]! += lr * side;
      }
      history.push(errors);
    }
    return history;
  }

  /** The logistic function of the distances, scaled to sum up to 1. It ranks examples; it is not a calibrated probability. */
  protected override probabilities(x: Table): Float64Array {
    const classes = this.classes.length;
    const values = new Float64Array(x.rows * classes);
    for (let i = 0; i < x.rows; i++) {
      const sides = this.decision(x, i).map(sigmoid);
      const all = sides.length === 1 ? [...sides.map((p) => 1 - p), ...sides] : sides;
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
  /** The weight of the errors relative to the penalty ½‖w‖². Default 1. */
  C?: number;
  /** 'l2', or null for none. Default 'l2'. */
  penalty?: 'l2' | null;
  /** Learn an intercept; it is not penalized. Default true. */
  fitIntercept?: boolean;
  /** The most iterations. Default 100. */
  maxIter?: number;
  /** Learning ends when no element of the gradient is larger. Default 0.0001. */
  tol?: number;
}

/**
 * The linear model with probabilities softmax(x·wᵀ + b). It minimizes C·Σ −ln p(class) + ½‖w‖² with L-BFGS.
 *
 * @see https://scikit-learn.org/stable/modules/generated/sklearn.linear_model.LogisticRegression.html
 * @example
 * const classifier = new LogisticRegression().fit(xTrain, yTrain);
 * classifier.score(xTest, yTest);
 */
export class LogisticRegression extends LinearClassifier {
  protected readonly op = 'LogisticRegression';
  /** The number of iterations that were made. */
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
        const p = softmax(allScores(scores));
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
