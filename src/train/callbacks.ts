/** What can happen between the batches and epochs of `fit`. */
import { ArgumentError } from '../../bindings/errors.ts';
import { noGrad } from '../autograd/mode.ts';
import type { Module } from '../nn/module.ts';
import { tensor } from '../ops/index.ts';
import { checkOptions, checkRange, checkWhole } from '../options.ts';
import { scope } from '../tensor/scope.ts';
import type { TrainingOptimizer } from './trainer.ts';

/** Losses and metrics by name; those of the validation begin with `val`: valLoss, valAccuracy. */
export type Logs = Record<string, number>;

/** What callbacks see of the trainer. */
export interface TrainingState {
  readonly model: Module;
  readonly optimizer: TrainingOptimizer;
  /** Epochs and batches in an epoch of the running `fit`. */
  readonly plan: { readonly epochs: number; readonly batches: number };
  /** Set it, and `fit` ends after this batch (in onBatchEnd) or epoch. */
  stopTraining: boolean;
}

type Done = void | Promise<void>;

/** Any of these; `fit` waits for promises. Epochs and batches count from 0. */
export interface Callback {
  /** Before the first epoch. */
  onTrainBegin?(trainer: TrainingState): Done;
  /** Before each epoch. */
  onEpochBegin?(epoch: number, trainer: TrainingState): Done;
  /** After each batch, with the means so far. */
  onBatchEnd?(batch: number, logs: Logs, trainer: TrainingState): Done;
  /** After each epoch, with its figures. */
  onEpochEnd?(epoch: number, logs: Logs, trainer: TrainingState): Done;
  /** After the last epoch, also where `fit` was stopped. */
  onTrainEnd?(trainer: TrainingState): Done;
}

/** Whether larger or smaller values are better; 'auto': by the name. */
export type Mode = 'min' | 'max' | 'auto';

const LARGER_IS_BETTER = /(accuracy|auc|precision|recall|f1|r2|topk)$/i;

/** The value to watch, and whether it has got better. */
export class Monitor {
  best: number;
  private readonly sign: 1 | -1;

  constructor(
    private readonly op: string,
    private readonly name: string,
    mode: Mode,
    private readonly minDelta = 0,
  ) {
    if (!['min', 'max', 'auto'].includes(mode)) {
      throw new ArgumentError(`${op}: mode must be 'min', 'max' or 'auto', got ${String(mode)}`, {
        op,
        argument: 'mode',
        got: mode,
      });
    }
    this.sign = mode === 'max' || (mode === 'auto' && LARGER_IS_BETTER.test(name)) ? -1 : 1;
    this.best = this.sign * Infinity;
  }

  /** Takes in a value; true where it is the best so far. */
  improves(logs: Logs): boolean {
    const value = logs[this.name];
    if (value === undefined) {
      throw new ArgumentError(
        `${this.op}: there is no ${this.name} to monitor (there are: ${Object.keys(logs).join(', ')})`,
        {
          op: this.op,
          argument: 'monitor',
          got: this.name,
          expected: Object.keys(logs),
        },
      );
    }
    if (!(this.sign * value < this.sign * this.best - this.minDelta)) return false;
    this.best = value;
    return true;
  }

  reset(): void {
    this.best = this.sign * Infinity;
  }
}

export interface EarlyStoppingOptions {
  /** Default 'valLoss'. */
  monitor?: string;
  /** Epochs without improvement that are waited for. Default 0. */
  patience?: number;
  /** By how much a value must be better to count. Default 0. */
  minDelta?: number;
  /** Default 'auto': accuracy and the like shall rise, everything else fall. */
  mode?: Mode;
  /** Give the model the weights of its best epoch at the end. Default false. */
  restoreBestWeights?: boolean;
}

/**
 * Ends training when a value no longer gets better.
 *
 * @see https://keras.io/api/callbacks/early_stopping/
 * @example
 * const callbacks = [new EarlyStopping({ patience: 5, restoreBestWeights: true })];
 */
export class EarlyStopping implements Callback {
  /** Epoch in which training was stopped, or null. */
  stoppedEpoch: number | null = null;
  private readonly monitor: Monitor;
  private readonly patience: number;
  private readonly restores: boolean;
  private waited = 0;
  private best: Map<string, ArrayLike<number>> | null = null;

  constructor(options: EarlyStoppingOptions = {}) {
    const op = 'EarlyStopping';
    checkOptions(op, options, ['monitor', 'patience', 'minDelta', 'mode', 'restoreBestWeights']);
    const { monitor = 'valLoss', patience = 0, minDelta = 0, mode = 'auto', restoreBestWeights = false } = options;
    checkWhole(op, 'patience', patience);
    checkRange(op, 'minDelta', minDelta, 0);
    this.monitor = new Monitor(op, monitor, mode, minDelta);
    this.patience = patience;
    this.restores = restoreBestWeights;
  }

  onTrainBegin(): void {
    this.monitor.reset();
    this.waited = 0;
    this.stoppedEpoch = null;
    this.best = null;
  }

  onEpochEnd(epoch: number, logs: Logs, trainer: TrainingState): void {
    if (this.monitor.improves(logs)) {
      this.waited = 0;
      if (this.restores) {
        const state = Object.entries(trainer.model.stateDict());
        this.best = new Map(state.map(([name, value]) => [name, value.dataSync().slice()]));
      }
    } else if (++this.waited >= this.patience) {
      this.stoppedEpoch = epoch;
      trainer.stopTraining = true;
    }
  }

  onTrainEnd({ model }: TrainingState): void {
    const { best } = this;
    if (best === null) return;
    this.best = null;
    scope(() =>
      noGrad(() => {
        for (const [name, value] of Object.entries(model.stateDict())) {
          const { shape, dtype, device } = value;
          value.copy_(tensor(best.get(name) as Float32Array, { shape, dtype, device }));
        }
      }),
    );
  }
}

/** Something that changes the learning rate step by step, such as optim.lrScheduler's. */
export interface Scheduler {
  /** Goes on by one epoch. */
  step(metric?: number): void;
}

/**
 * The learning rate of every epoch: a function of epoch and rate, or a scheduler, whose `step` follows each epoch.
 *
 * @example
 * const callbacks = [new LRScheduler((epoch, lr) => (epoch < 10 ? lr : lr * 0.9))];
 */
export class LRScheduler implements Callback {
  constructor(
    private readonly schedule: ((epoch: number, lr: number) => number) | Scheduler,
    private readonly options: { monitor?: string } = {},
  ) {
    const op = 'LRScheduler';
    checkOptions(op, options, ['monitor']);
    if (typeof schedule !== 'function' && typeof schedule?.step !== 'function') {
      throw new ArgumentError(`${op}: expected a function (epoch, lr) => lr or a scheduler with step()`, {
        op,
        argument: 'schedule',
        got: schedule,
      });
    }
  }

  onEpochBegin(epoch: number, { optimizer }: TrainingState): void {
    const { schedule } = this;
    if (typeof schedule !== 'function') return;
    for (const group of optimizer.paramGroups) {
      const lr = schedule(epoch, group.lr);
      checkRange('LRScheduler', 'the learning rate', lr, 0);
      group.lr = lr;
    }
  }

  onEpochEnd(_: number, logs: Logs): void {
    if (typeof this.schedule === 'function') return;
    const { monitor } = this.options;
    this.schedule.step(monitor === undefined ? undefined : logs[monitor]);
  }
}

export interface PlateauOptions {
  /** Default 'valLoss'. */
  monitor?: string;
  /** What the learning rate is multiplied by. Default 0.1. */
  factor?: number;
  /** Epochs without improvement that are waited for. Default 10. */
  patience?: number;
  /** By how much a value must be better to count. Default 0.0001. */
  minDelta?: number;
  /** Epochs after a change in which nothing is counted. Default 0. */
  cooldown?: number;
  /** Default 0. */
  minLr?: number;
  /** Default 'auto'. */
  mode?: Mode;
}

/**
 * Lowers the learning rate when a value no longer gets better.
 *
 * @see https://keras.io/api/callbacks/reduce_lr_on_plateau/
 */
export class ReduceLROnPlateau implements Callback {
  private readonly monitor: Monitor;
  private readonly settings: Required<Pick<PlateauOptions, 'factor' | 'patience' | 'cooldown' | 'minLr'>>;
  private waited = 0;
  private resting = 0;

  constructor(options: PlateauOptions = {}) {
    const op = 'ReduceLROnPlateau';
    checkOptions(op, options, ['monitor', 'factor', 'patience', 'minDelta', 'cooldown', 'minLr', 'mode']);
    const { monitor = 'valLoss', minDelta = 1e-4, mode = 'auto' } = options;
    const { factor = 0.1, patience = 10, cooldown = 0, minLr = 0 } = options;
    if (!(factor > 0 && factor < 1)) {
      throw new ArgumentError(`${op}: factor must lie between 0 and 1, got ${factor}`, {
        op,
        argument: 'factor',
        got: factor,
      });
    }
    checkWhole(op, 'patience', patience);
    checkWhole(op, 'cooldown', cooldown);
    checkRange(op, 'minLr', minLr, 0);
    checkRange(op, 'minDelta', minDelta, 0);
    this.monitor = new Monitor(op, monitor, mode, minDelta);
    this.settings = { factor, patience, cooldown, minLr };
  }

  onTrainBegin(): void {
    this.monitor.reset();
    this.waited = 0;
    this.resting = 0;
  }

  onEpochEnd(_: number, logs: Logs, { optimizer }: TrainingState): void {
    const { factor, patience, cooldown, minLr } = this.settings;
    const isResting = this.resting > 0;
    if (isResting) {
      this.resting--;
      this.waited = 0;
    }
    if (this.monitor.improves(logs)) {
      this.waited = 0;
    } else if (!isResting && ++this.waited >= patience) {
      for (const group of optimizer.paramGroups) group.lr = Math.max(group.lr * factor, Math.min(minLr, group.lr));
      this.resting = cooldown;
      this.waited = 0;
    }
  }
}
