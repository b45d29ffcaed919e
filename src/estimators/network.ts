/** How the multilayer perceptrons learn: layers of tensors, compiled steps, and scikit-learn's rules for when to stop. */
import { ArgumentError, refuse } from '../../bindings/errors.ts';
import type { NumericArray } from '../../bindings/executor.ts';
import { trainTestSplit } from '../data/split.ts';
import { generator } from '../emit/random.ts';
import type { Table } from '../metrics/inputs.ts';
import { ReLU, Sigmoid, Tanh } from '../nn/activations.ts';
import { uniform_ } from '../nn/init.ts';
import { type Layer, Linear, Sequential } from '../nn/layers.ts';
import { tensor } from '../ops/index.ts';
import { Adam, SGD } from '../optim/index.ts';
import { checkOneOf, checkOptions, checkRange, checkWhole, kindsOf, VALUE } from '../options.ts';
import { compile } from '../program/compile.ts';
import { noGrad } from '../tape/mode.ts';
import { scope } from '../tensor/scope.ts';
import { checkList } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { minimize } from './minimize.ts';

/** Options of `MLPClassifier` and `MLPRegressor`. */
export interface MLPOptions {
  /** Sizes of the hidden layers. Default [100]. */
  hiddenLayerSizes?: readonly number[];
  /** The activation of the hidden layers. Default 'relu'. */
  activation?: 'identity' | 'logistic' | 'tanh' | 'relu';
  /** The optimizer. Default 'adam'. 'lbfgs' suits small data sets; it has no batches and no learning rate. */
  solver?: 'adam' | 'sgd' | 'lbfgs';
  /** L2 penalty of the weights. Default 0.0001. */
  alpha?: number;
  /** Examples in a batch. Default 'auto': all, but at most 200. */
  batchSize?: number | 'auto';
  /** The learning rate at the start. Default 0.001. */
  learningRateInit?: number;
  /**
   * For 'sgd' only: whether the rate is constant, falls with the square root of the examples seen, or is divided by 5 whenever learning
   * stalls. Default 'constant'.
   */
  learningRate?: 'constant' | 'invscaling' | 'adaptive';
  /** For 'sgd' only: Nesterov's momentum. Default 0.9. */
  momentum?: number;
  /** The most passes over the examples. Default 200. */
  maxIter?: number;
  /** A new random order in each pass. Default true. */
  shuffle?: boolean;
  /** By how much a pass must be better to count as an improvement. Default 0.0001. */
  tol?: number;
  /** Passes without improvement to wait for. Default 10. */
  nIterNoChange?: number;
  /** Set a share of the examples aside, stop when their score stalls, and keep the best weights. Default false. */
  earlyStopping?: boolean;
  /** The share to set aside. Default 0.1. */
  validationFraction?: number;
  /** Seed of weights and orders; without it they follow `manualSeed`. */
  seed?: number;
}

/** The options with their defaults. */
export type MLPSettings = Required<Omit<MLPOptions, 'seed'>> & Pick<MLPOptions, 'seed'>;

const DEFAULTS = {
  hiddenLayerSizes: [100],
  activation: 'relu',
  solver: 'adam',
  alpha: 1e-4,
  batchSize: 'auto',
  learningRateInit: 1e-3,
  learningRate: 'constant',
  momentum: 0.9,
  maxIter: 200,
  shuffle: true,
  tol: 1e-4,
  nIterNoChange: 10,
  earlyStopping: false,
  validationFraction: 0.1,
} as const satisfies MLPOptions;

const AUTO_BATCH = 200;
/** The smallest rate of 'adaptive', and the number that the rate is divided by. */
const LEAST_RATE = 1e-6;
const RATE_DIVISOR = 5;

const ACTIVATIONS: Readonly<Record<Exclude<MLPSettings['activation'], 'identity'>, new () => Layer>> = {
  logistic: Sigmoid,
  tanh: Tanh,
  relu: ReLU,
};

/** The options with their defaults; refuses values out of range. */
export function settingsOf(op: string, options: MLPOptions): MLPSettings {
  checkOptions(op, options, { ...kindsOf<Omit<MLPOptions, 'seed'>>(DEFAULTS), seed: VALUE });
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const all: MLPSettings = { ...DEFAULTS, ...given };
  checkList(op, 'hiddenLayerSizes', all.hiddenLayerSizes);
  for (const size of all.hiddenLayerSizes) checkWhole(op, 'hiddenLayerSizes', size, 1);
  for (const name of ['alpha', 'tol', 'momentum', 'learningRateInit'] as const) checkRange(op, name, all[name], 0);
  for (const name of ['maxIter', 'nIterNoChange'] as const) checkWhole(op, name, all[name], 1);
  if (all.batchSize !== 'auto') checkWhole(op, 'batchSize', all.batchSize, 1);
  checkOneOf(op, 'activation', all.activation, ['identity', 'logistic', 'tanh', 'relu']);
  checkOneOf(op, 'solver', all.solver, ['adam', 'sgd', 'lbfgs']);
  checkOneOf(op, 'learningRate', all.learningRate, ['constant', 'invscaling', 'adaptive']);
  if (!(all.validationFraction > 0 && all.validationFraction < 1)) {
    refuse(ArgumentError, op, 'validationFraction must lie between 0 and 1', { argument: 'validationFraction' });
  }
  return all;
}

/** The task of a network. */
export interface Task {
  outputs: number;
  /** The mean loss of a batch. */
  loss: (output: Tensor, target: Tensor) => Tensor;
  /** Targets of some examples. */
  targets: (indices: ArrayLike<number>) => Tensor;
  /** How good the outputs are for some examples; larger is better. */
  score: (outputs: Float64Array, indices: ArrayLike<number>) => number;
  /** Labels whose proportions the examples set aside must have. */
  stratify?: Int32Array;
}

/** A network that has learned. */
export class Network {
  /** The loss of each pass. */
  readonly lossCurve: number[] = [];
  private readonly model: Sequential;

  constructor(
    private readonly settings: MLPSettings,
    x: Table,
    task: Task,
  ) {
    const before = generator.state;
    if (settings.seed !== undefined) generator.seed(settings.seed);
    try {
      this.model = this.build(x.cols, task.outputs);
      try {
        this.learn(x, task);
      } catch (error) {
        this.model.dispose();
        throw error;
      }
    } finally {
      if (settings.seed !== undefined) generator.state = before;
    }
  }

  dispose(): void {
    this.model.dispose();
  }

  private build(inputs: number, outputs: number): Sequential {
    const { hiddenLayerSizes, activation } = this.settings;
    const sizes = [inputs, ...hiddenLayerSizes, outputs];
    const factor = activation === 'logistic' ? 2 : 6;
    const layers = sizes.slice(1).flatMap((size, i): Layer[] => {
      const before = sizes[i]!;
      const linear = new Linear(before, size);
      const bound = Math.sqrt(factor / (before + size));
      for (const parameter of linear.parameters()) uniform_(parameter, -bound, bound);
      return i === sizes.length - 2 || activation === 'identity' ? [linear] : [linear, new ACTIVATIONS[activation]()];
    });
    return new Sequential(...layers);
  }

  /** The loss of a batch with the penalty α/(2n)·Σ‖W‖². */
  private loss(x: Tensor, y: Tensor, task: Task): Tensor {
    const weights = this.model.parameters().filter((parameter) => parameter.ndim === 2);
    const penalty = weights.map((weight) => weight.square().sum()).reduce((a, b) => a.add(b));
    return task.loss(this.model.forward(x), y).add(penalty.mul(this.settings.alpha / (2 * x.shape[0]!)));
  }

  private learn(x: Table, task: Task): void {
    if (this.settings.solver === 'lbfgs') this.learnWhole(x, task);
    else this.learnInBatches(x, task);
  }

  /** Learns from all examples at once, with L-BFGS. */
  private learnWhole(x: Table, task: Task): void {
    const { maxIter, tol } = this.settings;
    const parameters = this.model.parameters();
    const all = Int32Array.from({ length: x.rows }, (_, i) => i);
    const gather = (read: (parameter: Tensor) => ArrayLike<number>) =>
      Float64Array.from(parameters.flatMap((parameter) => Array.from(read(parameter))));
    const scatter = (values: Float64Array) =>
      scope(() =>
        noGrad(() => {
          let at = 0;
          for (const parameter of parameters) {
            const own = values.subarray(at, at + parameter.numel);
            parameter.copy_(tensor(own, { shape: parameter.shape }));
            at += parameter.numel;
          }
        }),
      );
    const start = gather((parameter) => parameter.dataSync());
    const [inputs, targets] = [rowsOf(x, all), task.targets(all)];
    try {
      const found = minimize(
        (values) => {
          scatter(values);
          return scope(() => {
            this.model.zeroGrad();
            const loss = this.loss(inputs, targets, task);
            loss.backward();
            return { value: loss.item(), gradient: gather((parameter) => parameter.grad!.dataSync()) };
          });
        },
        start,
        { maxIter, tol },
      );
      scatter(found.x);
      this.lossCurve.push(...found.curve);
    } finally {
      this.model.zeroGrad();
      inputs.dispose();
      targets.dispose();
    }
  }

  private learnInBatches(x: Table, task: Task): void {
    const {
      solver,
      learningRateInit: lr,
      momentum,
      shuffle,
      maxIter,
      earlyStopping,
      validationFraction,
    } = this.settings;
    const all = Array.from({ length: x.rows }, (_, i) => i);
    const [train, apart] = earlyStopping
      ? trainTestSplit(all, {
          testSize: validationFraction,
          ...(task.stratify && { stratify: task.stratify }),
        })
      : [all, []];
    const parameters = this.model.parameters();
    const optimizer =
      solver === 'adam' ? new Adam(parameters, { lr }) : new SGD(parameters, { lr, momentum, nesterov: momentum > 0 });
    const step = compile((inputs: Tensor, targets: Tensor) => {
      optimizer.zeroGrad();
      const loss = this.loss(inputs, targets, task);
      loss.backward();
      optimizer.step();
      return loss;
    });
    const size = Math.min(this.settings.batchSize === 'auto' ? AUTO_BATCH : this.settings.batchSize, train.length);
    const progress = new Progress(this.settings, optimizer.paramGroups[0]!);
    let best: NumericArray[] | null = null;
    try {
      for (let pass = 0; pass < maxIter; pass++) {
        const order = shuffle ? Array.from(generator.permutation(train.length), (i) => train[i]!) : train;
        let sum = 0;
        for (let at = 0; at < order.length; at += size) {
          const batch = order.slice(at, at + size);
          sum += batch.length * scope(() => step(rowsOf(x, batch), task.targets(batch)).item());
        }
        this.lossCurve.push(sum / train.length);
        const value = earlyStopping ? task.score(this.outputs(x, apart), apart) : -sum / train.length;
        if (progress.takeIn(value) && earlyStopping) best = parameters.map((parameter) => parameter.dataSync().slice());
        progress.timePasses((pass + 1) * train.length);
        if (progress.isOver()) break;
      }
      if (best !== null) {
        const kept = best;
        scope(() =>
          noGrad(() => {
            parameters.forEach((parameter, i) => {
              parameter.copy_(tensor(kept[i]!, { shape: parameter.shape }));
            });
          }),
        );
      }
    } finally {
      optimizer.zeroGrad();
      step.dispose();
      optimizer.dispose();
    }
  }

  /** The outputs of the network for some examples, or all. */
  outputs(x: Table, indices: ArrayLike<number> = Int32Array.from({ length: x.rows }, (_, i) => i)): Float64Array {
    return scope(() => noGrad(() => Float64Array.from(this.model.forward(rowsOf(x, indices)).dataSync())));
  }
}

/** Whether learning makes progress, and what happens when it does not. */
class Progress {
  private best = -Infinity;
  private waited = 0;

  constructor(
    private readonly settings: MLPSettings,
    private readonly group: { lr: number },
  ) {}

  /** Takes in a value, of which larger is better; true if it is the best so far. */
  takeIn(value: number): boolean {
    const { tol } = this.settings;
    this.waited = value < this.best + tol ? this.waited + 1 : 0;
    const isBest = value > this.best;
    if (isBest) this.best = value;
    return isBest;
  }

  /** Lowers the rate of 'invscaling' by the number of examples seen. */
  timePasses(seen: number): void {
    const { solver, learningRate, learningRateInit } = this.settings;
    if (solver === 'sgd' && learningRate === 'invscaling') this.group.lr = learningRateInit / Math.sqrt(seen + 1);
  }

  isOver(): boolean {
    const { solver, learningRate, nIterNoChange } = this.settings;
    if (this.waited <= nIterNoChange) return false;
    if (solver !== 'sgd' || learningRate !== 'adaptive' || this.group.lr <= LEAST_RATE) return true;
    this.group.lr /= RATE_DIVISOR;
    this.waited = 0;
    return false;
  }
}

function rowsOf({ cols, values }: Table, indices: ArrayLike<number>): Tensor {
  const picked = new Float32Array(indices.length * cols);
  for (let i = 0; i < indices.length; i++) {
    const row = indices[i]! * cols;
    for (let j = 0; j < cols; j++) picked[i * cols + j] = values[row + j]!;
  }
  return tensor(picked, { shape: [indices.length, cols] });
}
