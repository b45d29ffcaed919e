/** The callbacks of `fit` that need neither files nor a terminal. */
import { ArgumentError, refuse } from '../../bindings/errors.ts';
import type { NumericArray } from '../../bindings/executor.ts';
import { tensor } from '../ops/index.ts';
import { checkOneOf, checkOptions, checkRange, checkWhole, FLAG, noMore, VALUE } from '../options.ts';
import { noGrad } from '../tape/mode.ts';
import { scope } from '../tensor/scope.ts';
import type { Callback, Logs, TrainingState } from './callback.ts';
import { areWeights, type CallbackState, checkWeights, damaged, numbersIn } from './callbackState.ts';

export type { CallbackState };

/** Whether larger or smaller values are better; 'auto': by the name. */
export type Mode = 'min' | 'max' | 'auto';

const LARGER_IS_BETTER = /(accuracy|auc|precision|recall|f1|r2|topk)$/i;

/** The value to monitor. */
function monitored(op: string, name: string, logs: Logs): number {
  const value = Object.hasOwn(logs, name) ? logs[name] : undefined;
  if (value !== undefined) return value;
  const names = Object.keys(logs);
  const hint =
    name.startsWith('val') && !names.some((known) => known.startsWith('val')) ? '; there is no validation' : '';
  refuse(ArgumentError, op, `there is no ${name} to monitor (there are: ${names.join(', ')}${hint})`, {
    argument: 'monitor',
    got: name,
    expected: names,
  });
}

/** Watches a value, and knows whether it has improved. */
export class Monitor {
  best: number;
  private readonly sign: 1 | -1;

  constructor(
    private readonly op: string,
    private readonly name: string,
    mode: Mode,
    private readonly minDelta = 0,
  ) {
    checkOneOf(op, 'mode', mode, ['min', 'max', 'auto']);
    this.sign = mode === 'max' || (mode === 'auto' && LARGER_IS_BETTER.test(name)) ? -1 : 1;
    this.best = this.sign * Infinity;
  }

  /** Takes in a value; true if it is the best so far. */
  improves(logs: Logs): boolean {
    const value = monitored(this.op, this.name, logs);
    if (!(this.sign * value < this.sign * this.best - this.minDelta)) return false;
    this.best = value;
    return true;
  }

  reset(): void {
    this.best = this.sign * Infinity;
  }
}

/** Options of `EarlyStopping`. */
export interface EarlyStoppingOptions {
  /** The value to watch: 'loss', 'valLoss', 'valAccuracy' … Default 'valLoss'. */
  monitor?: string;
  /** Epochs without improvement to wait for. Default 0. */
  patience?: number;
  /** By how much a value must be better to count as an improvement. Default 0. */
  minDelta?: number;
  /** Which way is better. Default 'auto': accuracy and the like should rise, everything else should fall. */
  mode?: Mode;
  /** Restore the weights of the best epoch at the end. Default false. */
  restoreBestWeights?: boolean;
}

/**
 * Ends training when a value no longer improves.
 *
 * @throws ArgumentError at the end of the first epoch if there is no value of that name
 * @see https://keras.io/api/callbacks/early_stopping/
 * @example
 * const callbacks = [new EarlyStopping({ patience: 5, restoreBestWeights: true })];
 * await trainer.fit(x, y, { epochs: 20, validationSplit: 0.25, callbacks, verbose: false });
 */
export class EarlyStopping implements Callback {
  /** The epoch in which training was stopped, or null. */
  stoppedEpoch: number | null = null;
  private readonly monitor: Monitor;
  private readonly patience: number;
  private readonly restores: boolean;
  private waited = 0;
  private best: Map<string, NumericArray | number[]> | null = null;
  private isResumed = false;

  constructor(options: EarlyStoppingOptions = {}) {
    if (arguments.length > 1) noMore('EarlyStopping', 1, arguments);
    const op = 'EarlyStopping';
    checkOptions(op, options, {
      monitor: VALUE,
      patience: VALUE,
      minDelta: VALUE,
      mode: VALUE,
      restoreBestWeights: FLAG,
    });
    const { monitor = 'valLoss', patience = 0, minDelta = 0, mode = 'auto', restoreBestWeights = false } = options;
    checkWhole(op, 'patience', patience);
    checkRange(op, 'minDelta', minDelta, 0);
    this.monitor = new Monitor(op, monitor, mode, minDelta);
    this.patience = patience;
    this.restores = restoreBestWeights;
  }

  onTrainBegin(trainer?: TrainingState): void {
    this.stoppedEpoch = null;
    if (this.isResumed) {
      this.isResumed = false;
      if (trainer !== undefined && this.best !== null) checkWeights('EarlyStopping', trainer.model, this.best);
      return;
    }
    this.monitor.reset();
    this.waited = 0;
    this.best = null;
  }

  async onEpochEnd(epoch: number, logs: Logs, trainer: TrainingState): Promise<void> {
    if (this.monitor.improves(logs)) {
      this.waited = 0;
      if (this.restores) {
        const state = Object.entries(trainer.model.stateDict());
        const values = state.map(async ([name, value]) => [name, await value.data()] as const);
        this.best = new Map(await Promise.all(values));
      }
    } else if (++this.waited >= this.patience) {
      this.stoppedEpoch = epoch;
      trainer.stopTraining = true;
    }
  }

  /** Best value, epochs waited, best weights: numbers and lists, which `saveModel` can store (option `scheduler`). */
  stateDict(): CallbackState {
    if (arguments.length > 0) noMore('EarlyStopping.stateDict', 0, arguments);
    const weights =
      this.best === null
        ? null
        : Object.fromEntries(Array.from(this.best, ([name, values]) => [name, Array.from(values)]));
    return { best: this.monitor.best, waited: this.waited, weights };
  }

  /** The next `fit` continues from this state. */
  loadStateDict(state: CallbackState): void {
    if (arguments.length > 1) noMore('EarlyStopping.loadStateDict', 1, arguments);
    const { best, waited } = numbersIn('EarlyStopping', state, ['waited']);
    const { weights } = state;
    if (weights !== null && !areWeights(weights)) damaged('EarlyStopping', state);
    this.monitor.best = best;
    this.waited = waited;
    this.best = weights === null ? null : new Map(Object.entries(weights));
    this.isResumed = true;
  }

  onTrainEnd({ model }: TrainingState): void {
    const { best } = this;
    if (best === null) return;
    this.best = null;
    scope(() =>
      noGrad(() => {
        for (const [name, value] of Object.entries(model.stateDict())) {
          const { shape, dtype, device } = value;
          value.copy_(tensor(best.get(name)!, { shape, dtype, device }));
        }
      }),
    );
  }
}

/** Changes the learning rate epoch by epoch, as the schedules of optim.lrScheduler do. */
export interface Scheduler {
  /** Advances by one epoch. */
  step(metric?: number): void;
}

/**
 * Sets the learning rate of every epoch: by a function of epoch and rate, or by a scheduler, whose `step` follows each epoch.
 *
 * @example
 * const callbacks = [new LRScheduler((epoch, lr) => (epoch < 10 ? lr : lr * 0.9))];
 * await trainer.fit(x, y, { epochs: 12, callbacks, verbose: false });
 */
export class LRScheduler implements Callback {
  constructor(
    private readonly schedule: ((epoch: number, lr: number) => number) | Scheduler,
    private readonly options: { monitor?: string } = {},
  ) {
    if (arguments.length > 2) noMore('LRScheduler', 2, arguments);
    const op = 'LRScheduler';
    checkOptions(op, options, { monitor: VALUE });
    if (typeof schedule !== 'function' && typeof schedule?.step !== 'function') {
      refuse(ArgumentError, op, 'expected a function (epoch, lr) => lr or a scheduler with step()', {
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
    if (monitor === undefined) this.schedule.step();
    else this.schedule.step(monitored('LRScheduler', monitor, logs));
  }
}

/** Options of `ReduceLROnPlateau`, the callback. */
export interface PlateauOptions {
  /** The value to watch: 'loss', 'valLoss', 'valAccuracy' … Default 'valLoss'. */
  monitor?: string;
  /** What the learning rate is multiplied by. Default 0.1. */
  factor?: number;
  /** Epochs without improvement to wait for. Default 10. */
  patience?: number;
  /** By how much a value must be better to count as an improvement. Default 0.0001. */
  minDelta?: number;
  /** Epochs after a change that do not count. Default 0. */
  cooldown?: number;
  /** The lowest rate to go down to. Default 0. */
  minLr?: number;
  /** Which way is better. Default 'auto': accuracy and the like should rise, everything else should fall. */
  mode?: Mode;
}

/**
 * Lowers the learning rate when a value no longer improves.
 *
 * @throws ArgumentError if factor is not between 0 and 1, or, at the end of an epoch, if there is no such value
 * @see https://keras.io/api/callbacks/reduce_lr_on_plateau/
 * @example
 * const callbacks = [new ReduceLROnPlateau({ monitor: 'loss', patience: 2 })];
 * await trainer.fit(x, y, { epochs: 5, callbacks, verbose: false });
 */
export class ReduceLROnPlateau implements Callback {
  private readonly monitor: Monitor;
  private readonly settings: Required<Pick<PlateauOptions, 'factor' | 'patience' | 'cooldown' | 'minLr'>>;
  private waited = 0;
  private resting = 0;
  private isResumed = false;

  constructor(options: PlateauOptions = {}) {
    if (arguments.length > 1) noMore('ReduceLROnPlateau', 1, arguments);
    const op = 'ReduceLROnPlateau';
    checkOptions(op, options, {
      monitor: VALUE,
      factor: VALUE,
      patience: VALUE,
      minDelta: VALUE,
      cooldown: VALUE,
      minLr: VALUE,
      mode: VALUE,
    });
    const { monitor = 'valLoss', minDelta = 1e-4, mode = 'auto' } = options;
    const { factor = 0.1, patience = 10, cooldown = 0, minLr = 0 } = options;
    if (!(factor > 0 && factor < 1)) {
      refuse(ArgumentError, op, `factor must lie between 0 and 1, got ${factor}`, { argument: 'factor', got: factor });
    }
    checkWhole(op, 'patience', patience);
    checkWhole(op, 'cooldown', cooldown);
    checkRange(op, 'minLr', minLr, 0);
    checkRange(op, 'minDelta', minDelta, 0);
    this.monitor = new Monitor(op, monitor, mode, minDelta);
    this.settings = { factor, patience, cooldown, minLr };
  }

  onTrainBegin(): void {
    if (!this.isResumed) {
      this.monitor.reset();
      this.waited = 0;
      this.resting = 0;
    }
    this.isResumed = false;
  }

  /** Best value, epochs waited, epochs left to rest. The optimizer's own state holds the learning rate. */
  stateDict(): CallbackState {
    if (arguments.length > 0) noMore('ReduceLROnPlateau.stateDict', 0, arguments);
    return { best: this.monitor.best, waited: this.waited, resting: this.resting };
  }

  /** The next `fit` continues from this state. */
  loadStateDict(state: CallbackState): void {
    if (arguments.length > 1) noMore('ReduceLROnPlateau.loadStateDict', 1, arguments);
    const { best, waited, resting } = numbersIn('ReduceLROnPlateau', state, ['waited', 'resting']);
    this.monitor.best = best;
    Object.assign(this, { waited, resting, isResumed: true });
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

/**
 * Ends training when the loss of a batch is no longer a finite number.
 *
 * @see https://keras.io/api/callbacks/terminate_on_nan/
 * @example
 * const callbacks = [new TerminateOnNaN()];
 * await trainer.fit(x, y, { epochs: 5, callbacks, verbose: false });
 */
export class TerminateOnNaN implements Callback {
  /** The epoch and batch in which that happened, or null. */
  stopped: {
    /** The epoch, counted from 0. */
    epoch: number;
    /** The batch of that epoch, counted from 0. */
    batch: number;
  } | null = null;
  private epoch = 0;

  constructor() {
    if (arguments.length > 0) noMore('TerminateOnNaN', 0, arguments);
  }

  onTrainBegin(): void {
    this.stopped = null;
  }

  onEpochBegin(epoch: number): void {
    this.epoch = epoch;
  }

  onBatchEnd(batch: number, { loss }: Logs, trainer: TrainingState): void {
    if (Number.isFinite(loss)) return;
    this.stopped = { epoch: this.epoch, batch };
    trainer.stopTraining = true;
  }
}
