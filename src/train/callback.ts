/** What a callback is, and what it sees of the trainer. */
import type { Module } from '../nn/module.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Losses and metrics by name. Those of the validation begin with `val`: valLoss, valAccuracy. */
export type Logs = Record<string, number>;

/** What the trainer needs from an optimizer. */
export interface TrainingOptimizer {
  /** Its groups. */
  readonly paramGroups: {
    /** Learning rate. */
    lr: number;
    /** The parameters of the group. */
    params: Tensor[];
  }[];
  /** Changes the parameters by their gradients. */
  step(): unknown;
  /** Forgets the gradients. */
  zeroGrad(): void;
}

/** What callbacks see of the trainer. */
export interface TrainingState {
  /** The model that is trained. */
  readonly model: Module;
  /** Its optimizer, whose `paramGroups[i].lr` callbacks may change. */
  readonly optimizer: TrainingOptimizer;
  /** Epochs and batches in an epoch of the running `fit`. */
  readonly plan: {
    /** The number of epochs at which it ends, those of `initialEpoch` included. */
    readonly epochs: number;
    /** Batches in an epoch; 0 for a generator until its first pass is complete. */
    readonly batches: number;
  };
  /** Set it to true to end `fit` after this batch (in onBatchEnd) or epoch. */
  stopTraining: boolean;
}

type Done = void | Promise<void>;

/** What `fit` calls, all optional. It awaits promises. Epochs and batches count from 0. */
export interface Callback {
  /** Before the first epoch. */
  onTrainBegin?(trainer: TrainingState): Done;
  /** Before each epoch. */
  onEpochBegin?(epoch: number, trainer: TrainingState): Done;
  /** After each batch, with the means so far. */
  onBatchEnd?(batch: number, logs: Logs, trainer: TrainingState): Done;
  /** After each epoch, with its losses and metrics. */
  onEpochEnd?(epoch: number, logs: Logs, trainer: TrainingState): Done;
  /** After the last epoch, also if `fit` was stopped. */
  onTrainEnd?(trainer: TrainingState): Done;
}
