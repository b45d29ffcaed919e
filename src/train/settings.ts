/** What `Trainer` and its methods are told. */

import { ArgumentError, refuse } from '../../bindings/errors.ts';
import type { Device } from '../../bindings/executor.ts';
import type { Module } from '../nn/module.ts';
import { FLAG, type OptionKinds, VALUE } from '../options.ts';
import { isTensor, type Tensor } from '../tensor/tensor.ts';
import type { Callback, Logs, TrainingOptimizer } from './callback.ts';
import { isTensorList, type SampleWeight, type Targets, type ValidationData } from './examples.ts';
import type { Losses, LossWeights, Metrics } from './goals.ts';
import type { Loss } from './losses.ts';
import type { ClassWeight } from './weights.ts';

/** Options of `Trainer`. */
export interface TrainerOptions<L extends Losses = Loss> {
  /** Changes the model's parameters. In compiled steps too, its rate may be changed at any time. */
  optimizer: TrainingOptimizer;
  /**
   * A name: 'mse', 'l1', 'smoothL1', 'huber', 'bce', 'bceWithLogits', 'klDiv', 'hingeEmbedding', 'crossEntropy', 'nll' or 'focal'
   * ('binaryCrossEntropy', 'mae' … too); a loss module; or a function (output, target) => tensor. For a model with several outputs one
   * for each, in their order: in a list, or by name, { age: 'mse', kind: 'crossEntropy' }. Their weighted sum is `loss` in logs; each
   * for itself, without its weight, is output1Loss, output2Loss, … or ageLoss, kindLoss.
   */
  loss: L;
  /** What each of several losses counts in their sum: in a list, or by name. Default: 1. */
  lossWeights?: LossWeights;
  /**
   * Names ('accuracy', 'precision', 'recall', 'f1', 'auc', 'mae', 'mse', 'r2'), functions (target, output) => number, or metrics.
   * Those by name are of all examples of a pass, as if they had come at once. Classes are read from outputs as the loss means
   * them: the largest of [N, C], or above 0.5 (logits: 0) for one output and for several labels. For several outputs a list for
   * each: [['mae'], []] or { kind: ['accuracy'] }; logs call them output1Mae, kindAccuracy.
   */
  metrics?: Metrics | readonly Metrics[] | Readonly<Record<string, Metrics>>;
  /**
   * Where model and batches are moved to. Default: where they are. 'auto': each program, by the sizes of its batches, runs on the CPU
   * or on the GPU, whichever is estimated to be faster (see `compile`; `init({ device: 'auto' })` comes before); after `fit` the
   * model and the optimizer's memory are where they were.
   */
  device?: Device | 'auto';
}

/** Options of `Trainer.fit`. */
export interface FitOptions {
  /** Passes over the examples, ≥ 1, those of `initialEpoch` included. Default 1. */
  epochs?: number;
  /** Examples in a batch, ≥ 1. Default 32. A DataLoader has its own. */
  batchSize?: number;
  /** Share of the examples, the last ones, that are kept for validation, 0 … 1. Default 0: none. */
  validationSplit?: number;
  /** Examples for validation after each epoch: [x, y], [x, y, sampleWeight] (several inputs or targets in lists), a data set, a DataLoader, or batches. */
  validationData?: ValidationData;
  /** A new random order in each epoch. Default true. A DataLoader has its own. */
  shuffle?: boolean;
  /** Factor of each class, by class or in order; 'balanced': all classes count the same. Needs one class an example, and one output. */
  classWeight?: ClassWeight;
  /** Factor of each example's loss [N]. Metrics stay without weights. */
  sampleWeight?: SampleWeight;
  /** Batches of an epoch, for a generator that goes on from epoch to epoch. */
  stepsPerEpoch?: number;
  /** Objects that are told of epochs and batches, in this order. Default: none. */
  callbacks?: readonly Callback[];
  /** Ends training after the running batch; what `fit` gives is of the epochs that were finished. Default: none. */
  signal?: AbortSignal;
  /** A line an epoch on the console. Default true. */
  verbose?: boolean | number;
  /** Epochs that the model has been trained for already. Default 0. */
  initialEpoch?: number;
}

/** Options of `Trainer.evaluate`. */
export interface EvaluateOptions {
  /** Examples in a batch, ≥ 1. Default 32. A DataLoader has its own. */
  batchSize?: number;
  /** Factor of each example's loss [N]. */
  sampleWeight?: SampleWeight;
  /** Ends the evaluation after the running batch: what comes back is of the batches so far. */
  signal?: AbortSignal;
}

/**
 * Loss and metrics of every epoch; those of the validation begin with `val`: valLoss, valAccuracy; those of one of several outputs with
 * its name: output1Loss, valOutput2Accuracy.
 */
export interface History {
  /** Of each epoch, the mean of its batches' losses by their examples, each as it was before its step; with class and sample weights. */
  loss: number[];
  [name: string]: number[];
}

/** Names of the options of `fit`. */
export const FIT_KINDS: OptionKinds<FitOptions> = {
  epochs: VALUE,
  batchSize: VALUE,
  validationSplit: VALUE,
  validationData: VALUE,
  shuffle: FLAG,
  classWeight: VALUE,
  sampleWeight: VALUE,
  stepsPerEpoch: VALUE,
  callbacks: VALUE,
  signal: VALUE,
  verbose: VALUE,
  initialEpoch: VALUE,
};

/** What stands behind the inputs: targets and options, or options alone. */
export function targetsAndOptions<O extends object>(
  op: string,
  second: Targets | O | undefined,
  third: O | undefined,
): [y: readonly Tensor[] | undefined, options: O] {
  if (isTensor(second)) return [[second], third === undefined ? ({} as O) : third];
  if (isTensorList(second)) return [second, third === undefined ? ({} as O) : third];
  if (Array.isArray(second) || ArrayBuffer.isView(second) || (second !== undefined && third !== undefined)) {
    refuse(ArgumentError, op, "targets must be a tensor; tensor(list, { dtype: 'int32' }) makes one of class numbers", {
      argument: 'y',
      got: second,
    });
  }
  const options = second === undefined ? third : (second as O);
  return [undefined, options === undefined ? ({} as O) : options];
}

const HOOKS = ['onTrainBegin', 'onEpochBegin', 'onBatchEnd', 'onEpochEnd', 'onTrainEnd'];

/** Refuses what is no list of callbacks: a class without `new`, or one callback alone, would be passed over in silence. */
export function checkCallbacks(op: string, callbacks: readonly Callback[] = []): void {
  const wrong = Array.isArray(callbacks)
    ? callbacks.find((callback) => typeof callback !== 'object' || callback === null)
    : callbacks;
  if (wrong === undefined) {
    const idle = callbacks.find((callback) => !HOOKS.some((hook) => hook in callback));
    if (idle === undefined) return;
    refuse(
      ArgumentError,
      op,
      `callbacks[${callbacks.indexOf(idle)}] has none of the methods that are called: ${HOOKS.join(', ')}`,
      { argument: 'callbacks', got: idle, expected: HOOKS },
    );
  }
  refuse(ArgumentError, op, 'callbacks must be a list of objects such as [new EarlyStopping()]', {
    argument: 'callbacks',
    got: wrong,
  });
}

/** Refuses an optimizer of another model, which would train nothing. */
export function checkOptimizer(op: string, model: Module, optimizer: TrainingOptimizer): void {
  const own = new Set<Tensor>(model.parameters());
  if (own.size === 0 || optimizer.paramGroups.some(({ params }) => params.some((param) => own.has(param)))) return;
  refuse(ArgumentError, op, "none of the optimizer's parameters is the model's", { argument: 'optimizer' });
}

/** An epoch's line on the console. */
export function epochLine(epoch: number, epochs: number, logs: Logs, milliseconds: number): string {
  const values = Object.entries(logs).map(([name, value]) => `${name} ${value.toPrecision(4)}`);
  return `epoch ${epoch + 1}/${epochs}: ${values.join(', ')} (${(milliseconds / 1000).toFixed(1)} s)`;
}
