/** Options of `Trainer` and its methods, and the checks of what `fit` is given. */

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
  /** Changes the model's parameters. Its rate may be changed at any time, in compiled steps too. */
  optimizer: TrainingOptimizer;
  /**
   * A name: 'mse', 'l1', 'smoothL1', 'huber', 'bce', 'bceWithLogits', 'klDiv', 'hingeEmbedding', 'crossEntropy', 'nll' or 'focal'
   * ('binaryCrossEntropy', 'mae' … too); a loss module; or a function (output, target) => tensor. A model with several outputs takes one
   * for each, in their order: in a list, or by name, { age: 'mse', kind: 'crossEntropy' }. Their weighted sum is `loss` in logs; the
   * individual ones, without their weights, are output1Loss, output2Loss, … or ageLoss, kindLoss.
   */
  loss: L;
  /** The weight of each of several losses in their sum: in a list, or by name. Default: 1. */
  lossWeights?: LossWeights;
  /**
   * Names ('accuracy', 'precision', 'recall', 'f1', 'auc', 'mae', 'mse', 'r2'), functions (target, output) => number, or metrics.
   * Those by name cover all examples of a pass, as if they were one batch. Classes are read from outputs in the way the loss
   * defines them: the largest of [N, C], or above 0.5 (logits: 0) for one output and for several labels. Several outputs take a list
   * each: [['mae'], []] or { kind: ['accuracy'] }; logs call them output1Mae, kindAccuracy.
   */
  metrics?: Metrics | readonly Metrics[] | Readonly<Record<string, Metrics>>;
  /**
   * The device that model and batches are moved to. Default: they stay where they are. With 'auto' each program runs on the CPU or on
   * the GPU, whichever is estimated to be faster for the size of its batches (see `compile`; call `init({ device: 'auto' })` first);
   * after `fit` the model and the optimizer's memory are back where they were.
   */
  device?: Device | 'auto';
}

/** Options of `Trainer.fit`. */
export interface FitOptions {
  /** Passes over the examples, ≥ 1, those of `initialEpoch` included. Default 1. */
  epochs?: number;
  /** Examples in a batch, ≥ 1. Default 32. A DataLoader has its own. */
  batchSize?: number;
  /** Share of the examples, taken from the end, that is kept for validation, 0 … 1. Default 0: none. */
  validationSplit?: number;
  /** Examples for validation after each epoch: [x, y], [x, y, sampleWeight] (several inputs or targets in lists), a data set, a DataLoader, or batches. */
  validationData?: ValidationData;
  /** A new random order in each epoch. Default true. A DataLoader has its own. */
  shuffle?: boolean;
  /** Factor of each class, by class or in order; 'balanced': all classes count the same. Needs one class per example, and one output. */
  classWeight?: ClassWeight;
  /** Factor of each example's loss [N]. Metrics ignore it. */
  sampleWeight?: SampleWeight;
  /** Batches in an epoch, for a generator that continues from epoch to epoch. */
  stepsPerEpoch?: number;
  /** Objects whose methods are called for epochs and batches, in this order. Default: none. */
  callbacks?: readonly Callback[];
  /** Ends training after the running batch; `fit` then returns the epochs that were finished. Default: none. */
  signal?: AbortSignal;
  /** Print one line per epoch to the console. Default true. */
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
  /** Ends the evaluation after the running batch: the result covers the batches so far. */
  signal?: AbortSignal;
}

/**
 * Loss and metrics of every epoch. Those of the validation begin with `val`: valLoss, valAccuracy; those of one of several outputs begin
 * with its name: output1Loss, valOutput2Accuracy.
 */
export interface History {
  /**
   * For each epoch, the mean of its batches' losses, weighted by their numbers of examples. Each loss is the one before its step, with
   * class and sample weights.
   */
  loss: number[];
  [name: string]: number[];
}

/** The options of `fit`, with their kinds. */
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

/** The arguments after the inputs: targets and options, or only options. */
export function targetsAndOptions<O extends object>(
  op: string,
  second: Targets | O | undefined,
  third: O | undefined,
): [y: readonly Tensor[] | undefined, options: Partial<O>] {
  if (isTensor(second)) return [[second], third === undefined ? {} : third];
  if (isTensorList(second)) return [second, third === undefined ? {} : third];
  if (Array.isArray(second) || ArrayBuffer.isView(second) || (second !== undefined && third !== undefined)) {
    refuse(ArgumentError, op, "targets must be a tensor; tensor(list, { dtype: 'int32' }) makes one of class numbers", {
      argument: 'y',
      got: second,
    });
  }
  const options = second === undefined ? third : (second as O);
  return [undefined, options === undefined ? {} : options];
}

const HOOKS = ['onTrainBegin', 'onEpochBegin', 'onBatchEnd', 'onEpochEnd', 'onTrainEnd'];

/** Refuses anything but a list of callbacks: a class without `new`, or a callback outside a list, would be ignored silently. */
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
      `callbacks[${callbacks.indexOf(idle)}] has none of the methods that fit calls: ${HOOKS.join(', ')}`,
      { argument: 'callbacks', got: idle, expected: HOOKS },
    );
  }
  refuse(ArgumentError, op, 'callbacks must be a list of objects such as [new EarlyStopping()]', {
    argument: 'callbacks',
    got: wrong,
  });
}

/** Refuses an optimizer of another model, which would leave this one as it is. */
export function checkOptimizer(op: string, model: Module, optimizer: TrainingOptimizer): void {
  const own = new Set<Tensor>(model.parameters());
  if (own.size === 0 || optimizer.paramGroups.some(({ params }) => params.some((param) => own.has(param)))) return;
  refuse(ArgumentError, op, "none of the optimizer's parameters is the model's", { argument: 'optimizer' });
}

/** The line of an epoch on the console. */
export function epochLine(epoch: number, epochs: number, logs: Logs, milliseconds: number): string {
  const values = Object.entries(logs).map(([name, value]) => `${name} ${value.toPrecision(4)}`);
  return `epoch ${epoch + 1}/${epochs}: ${values.join(', ')} (${(milliseconds / 1000).toFixed(1)} s)`;
}
