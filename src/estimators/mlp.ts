/** Multilayer perceptrons in scikit-learn's style. */

import { DisposedError, refuse } from '../../bindings/errors.ts';
import { r2 } from '../metrics/index.ts';
import type { Table } from '../metrics/inputs.ts';
import { crossEntropy, mseLoss } from '../ops/functional.ts';
import { tensor } from '../ops/index.ts';
import { noMore } from '../options.ts';
import { Classifier, Regressor, softmaxRows } from './estimator.ts';
import { type MLPOptions, type MLPSettings, Network, settingsOf } from './network.ts';

/** The network of an estimator that has learned; refuses one that has been disposed. */
function learned(op: string, network: Network | null): Network {
  return network ?? refuse(DisposedError, op, 'the network has been disposed; fit() makes a new one');
}

/**
 * Layers of neurons that learn classes, with cross-entropy.
 *
 * @see https://scikit-learn.org/stable/modules/generated/sklearn.neural_network.MLPClassifier.html
 * @example
 * const classifier = new MLPClassifier({ hiddenLayerSizes: [32], maxIter: 20, seed: 1 }).fit(xTrain, yTrain);
 * classifier.score(xTest, yTest);
 */
export class MLPClassifier extends Classifier {
  protected readonly op = 'MLPClassifier';
  private network: Network | null = null;
  private readonly settings: MLPSettings;

  constructor(options: MLPOptions = {}) {
    if (arguments.length > 1) noMore('MLPClassifier', 1, arguments);
    super();
    this.settings = settingsOf('MLPClassifier', options);
  }

  /** The loss of each pass over the examples. */
  get lossCurve(): readonly number[] {
    return this.network?.lossCurve ?? [];
  }

  protected override learn(x: Table, y: Int32Array): void {
    const outputs = this.classes.length;
    const network = new Network(this.settings, x, {
      outputs,
      loss: (output, target) => crossEntropy(output, target),
      targets: (indices) => tensor(Int32Array.from(indices, (i) => y[i]!)),
      score: (values, indices) => {
        let hits = 0;
        for (let i = 0; i < indices.length; i++) {
          const row = values.subarray(i * outputs, (i + 1) * outputs);
          hits += Number(row.indexOf(Math.max(...row)) === y[indices[i]!]);
        }
        return hits / indices.length;
      },
      stratify: y,
    });
    this.dispose();
    this.network = network;
  }

  protected override probabilities(x: Table): Float64Array {
    return softmaxRows(learned(this.op, this.network).outputs(x), this.classes.length);
  }

  /** Frees the network. */
  dispose(): void {
    if (arguments.length > 0) noMore('MLPClassifier.dispose', 0, arguments);
    this.network?.dispose();
    this.network = null;
  }
}

/**
 * Layers of neurons that learn numbers, with half the squared error.
 *
 * @see https://scikit-learn.org/stable/modules/generated/sklearn.neural_network.MLPRegressor.html
 * @example
 * const [x, y] = data.makeRegression(50, { nFeatures: 3, seed: 1 });
 * const regressor = new MLPRegressor({ hiddenLayerSizes: [8], solver: 'lbfgs', maxIter: 50, seed: 1 }).fit(x, y);
 * regressor.predict(x);
 */
export class MLPRegressor extends Regressor {
  protected readonly op = 'MLPRegressor';
  private network: Network | null = null;
  private readonly settings: MLPSettings;

  constructor(options: MLPOptions = {}) {
    if (arguments.length > 1) noMore('MLPRegressor', 1, arguments);
    super();
    this.settings = settingsOf('MLPRegressor', options);
  }

  /** The loss of each pass over the examples. */
  get lossCurve(): readonly number[] {
    return this.network?.lossCurve ?? [];
  }

  protected override learn(x: Table, y: Table): void {
    const { cols, values } = y;
    const rowOf = (i: number) => Array.from(values.subarray(i * cols, (i + 1) * cols));
    const network = new Network(this.settings, x, {
      outputs: cols,
      loss: (output, target) => mseLoss(output, target).mul(0.5),
      targets: (indices) =>
        tensor(Float32Array.from(Array.from(indices, rowOf).flat()), { shape: [indices.length, cols] }),
      score: (outputs, indices) =>
        r2(
          Array.from(indices, rowOf),
          Array.from(indices, (_, i) => Array.from(outputs.subarray(i * cols, (i + 1) * cols))),
        ),
    });
    this.dispose();
    this.network = network;
  }

  protected override values(x: Table): Float64Array {
    return learned(this.op, this.network).outputs(x);
  }

  /** Frees the network. */
  dispose(): void {
    if (arguments.length > 0) noMore('MLPRegressor.dispose', 0, arguments);
    this.network?.dispose();
    this.network = null;
  }
}
