/** Training as one call. Keras's semantics. */
import { ArgumentError, refuse } from '../../bindings/errors.ts';
import type { Device, Executor } from '../../bindings/executor.ts';
import { log, now } from '../../bindings/host.ts';
import { isPromise } from '../../bindings/realm.ts';
import { isInstance, refuseOtherCopy } from '../copies.ts';
import { moveStorages } from '../move.ts';
import { Module } from '../nn/module.ts';
import { checkOptions, checkWhole, noMore, VALUE } from '../options.ts';
import type { Placement } from '../program/placement.ts';
import { noGrad } from '../tape/mode.ts';
import { scope } from '../tensor/scope.ts';
import type { Storage } from '../tensor/storage.ts';
import { isTensor, type Tensor } from '../tensor/tensor.ts';
import { applied } from './applied.ts';
import type { Callback, Logs, TrainingOptimizer, TrainingState } from './callback.ts';
import {
  type Examples,
  ending,
  type Inputs,
  isTensorList,
  sourceOf,
  splitOff,
  type Targets,
  validationParts,
} from './examples.ts';
import { type BatchResult, Goals, joined, type Losses } from './goals.ts';
import type { Loss } from './losses.ts';
import { canReadAtOnce, copyOnCpu } from './onCpu.ts';
import { outputsOf } from './outputs.ts';
import { pacer } from './pause.ts';
import {
  checkCallbacks,
  checkOptimizer,
  type EvaluateOptions,
  epochLine,
  FIT_KINDS,
  type FitOptions,
  type History,
  type TrainerOptions,
  targetsAndOptions,
} from './settings.ts';
import type { Source } from './source.ts';
import { placed, Runner, type Trained, testStep, trainStep, type Where } from './step.ts';
import { weightsOf } from './weights.ts';

/** The result of `predict`: a list if there is a loss for each of several outputs. */
type Predicted<L extends Losses> = L extends Loss ? Tensor : Tensor[];

/** A batch that was computed: its losses; or, on their way from a GPU, copies of them and of what metrics need. */
interface Seen {
  losses: number[];
  copies: Promise<Tensor[]> | null;
  rows: number;
}

/**
 * Trains, evaluates and applies a model. Steps are compiled; between batches the event loop runs. A model with several outputs
 * has a loss, a target and metrics for each, see `Losses`.
 *
 * @throws ArgumentError if model, optimizer, loss or a metric is not one
 * @example
 * const model = new nn.Sequential(new nn.Linear(4, 16), new nn.ReLU(), new nn.Linear(16, 3));
 * const trainer = new Trainer(model, {
 *   optimizer: new optim.Adam(model.parameters()),
 *   loss: 'crossEntropy',
 *   metrics: ['accuracy'],
 * });
 * const history = await trainer.fit(x, y, { epochs: 10, validationSplit: 0.25, verbose: false });
 * history.valAccuracy.length; // 10
 */
export class Trainer<L extends Losses = Loss> implements TrainingState {
  readonly optimizer: TrainingOptimizer;
  stopTraining = false;
  plan: TrainingState['plan'] = { epochs: 0, batches: 0 };
  private readonly goals: Goals;
  private readonly device: Where;
  private lastPlacement: Placement | null = null;
  private isRunning = false;
  /** Shared by all passes, so that short epochs pause too. */
  private readonly pause = pacer();

  constructor(
    readonly model: Module,
    options: TrainerOptions<L>,
  ) {
    if (arguments.length > 2) noMore('Trainer', 2, arguments);
    const op = 'Trainer';
    checkOptions<TrainerOptions<Losses>>(op, options, {
      optimizer: VALUE,
      loss: VALUE,
      lossWeights: VALUE,
      metrics: VALUE,
      device: VALUE,
    });
    if (!isInstance(model, Module)) refuse(ArgumentError, op, 'expected a module', { argument: 'model', got: model });
    const { optimizer, device } = options;
    refuseOtherCopy(optimizer);
    if (typeof optimizer?.step !== 'function' || !Array.isArray(optimizer.paramGroups)) {
      refuse(ArgumentError, op, 'optimizer must be an optimizer such as new optim.Adam(model.parameters())', {
        argument: 'optimizer',
        got: optimizer,
      });
    }
    this.goals = new Goals(options);
    this.optimizer = optimizer;
    this.device = device;
    if (device !== undefined && device !== 'auto') model.to(device);
  }

  /** Where the last batch ran, and why; null before the first batch, or if it was not compiled. */
  get placement(): Placement | null {
    return this.lastPlacement;
  }

  /**
   * Trains the model.
   *
   * @param x inputs [N, …] (a list of them if the model takes several), with targets y [N, …] (a list if there are several
   * losses); or a data set whose last part is the targets (whose last parts are, one for each loss); or a DataLoader; or batches
   * [inputs, …, targets] that can be iterated over, or a function that begins an iteration
   * @returns loss and metrics of every epoch that was finished; an aborted one is left out
   * @throws ShapeError or ArgumentError if the examples do not fit together; ArgumentError if an option, an index or a class is out of
   *   range. After an index or a class out of range the model and the optimizer's memory are as they were before that batch; on
   *   webgpu they are as they are after it
   */
  fit(x: Inputs, y: Targets, options?: FitOptions): Promise<History>;
  fit(examples: Exclude<Examples, Inputs>, options?: FitOptions): Promise<History>;
  async fit(x: Examples, second?: Targets | FitOptions, third?: FitOptions): Promise<History> {
    if (arguments.length > 3) noMore('Trainer.fit', 3, arguments);
    const op = 'fit';
    const [y, options] = targetsAndOptions(op, second, third);
    checkOptions(op, options, FIT_KINDS);
    const { epochs = 1, initialEpoch = 0, batchSize, shuffle = true, validationData, validationSplit } = options;
    checkWhole(op, 'epochs', epochs, 1);
    checkWhole(op, 'initialEpoch', initialEpoch);
    checkCallbacks(op, options.callbacks);
    checkOptimizer(op, this.model, this.optimizer);
    const { sampleWeight, stepsPerEpoch } = options;
    const { count: targets } = this.goals;
    let source = sourceOf(op, x, y, { batchSize, shuffle, sampleWeight, stepsPerEpoch, targets });
    let validation: Source | null = null;
    if (validationData !== undefined) {
      const [inputs, wanted, weights] = validationParts(validationData, targets);
      validation = sourceOf(op, inputs, wanted, { batchSize, sampleWeight: weights, targets });
    } else if (validationSplit !== undefined && validationSplit !== 0) {
      [source, validation] = splitOff(op, source, validationSplit, shuffle);
    }
    return this.running(op, true, async () => {
      const weights = weightsOf(options.classWeight, x, y ?? [], targets, this.fixedDevice);
      const home = this.home();
      try {
        const { weighted } = source;
        const training = this.runner(trainStep(this.trained, this.goals.judge(weights, weighted), weighted));
        const testing = this.runner(testStep(this.trained, validation?.weighted ?? false));
        try {
          this.plan = { epochs, batches: source.batches ?? 0 };
          return await ending(
            () => source.end(),
            () => this.epochs(initialEpoch, options, source, validation, training, testing),
          );
        } finally {
          this.optimizer.zeroGrad();
          const moved = home === null ? [] : training.changedOnGpu;
          for (const storage of moved) storage.retain();
          training.dispose();
          testing.dispose();
          if (home !== null) await bringBack(moved, home);
        }
      } finally {
        weights?.dispose();
      }
    });
  }

  private async epochs(
    first: number,
    { callbacks = [], signal, verbose = true }: FitOptions,
    source: Source,
    validation: Source | null,
    training: Runner<BatchResult>,
    testing: Runner<BatchResult>,
  ): Promise<History> {
    const history: History = { loss: [] };
    this.stopTraining = false;
    for (const callback of callbacks) await callback.onTrainBegin?.(this);
    for (let epoch = first; epoch < this.plan.epochs && !this.stopTraining && !signal?.aborted; epoch++) {
      const start = now();
      for (const callback of callbacks) await callback.onEpochBegin?.(epoch, this);
      const logs = await this.pass(source, training, signal, callbacks, true);
      if (signal?.aborted) break;
      if (validation !== null) {
        const found = await this.evaluateSource(validation, testing, signal);
        if (signal?.aborted) break;
        for (const [name, value] of Object.entries(found)) logs[joined('val', name)] = value;
      }
      for (const [name, value] of Object.entries(logs)) {
        const values = Object.hasOwn(history, name) ? history[name] : undefined;
        if (values === undefined) history[name] = [value];
        else values.push(value);
      }
      for (const callback of callbacks) await callback.onEpochEnd?.(epoch, logs, this);
      if (verbose) log(epochLine(epoch, this.plan.epochs, logs, now() - start));
    }
    for (const callback of callbacks) await callback.onTrainEnd?.(this);
    return history;
  }

  /** One pass through all batches. */
  private async pass(
    source: Source,
    step: Runner<BatchResult>,
    signal: AbortSignal | undefined,
    callbacks: readonly Callback[] = [],
    isTraining = false,
  ): Promise<Logs> {
    const { goals } = this;
    goals.reset();
    const pass = source.begin();
    const listeners = callbacks.filter((callback) => callback.onBatchEnd !== undefined);
    const totals: number[] = [];
    let examples = 0;
    let batch = 0;
    await ending(pass.end, async () => {
      for (; !signal?.aborted && !this.stopTraining; batch++) {
        const next = pass.next();
        const ask = isPromise(next) ? await next : next;
        // Outside of the scope: a data set may remember what it makes.
        const make = ask();
        if (make === null) break;
        const seen = scope((): Seen => {
          const parts = placed(make(), this.fixedDevice);
          const result = this.ran(step, parts);
          const end = parts.length - Number(source.weighted);
          const wanted = goals.parts(result, parts.slice(end - goals.count, end));
          const rows = parts[0]?.shape[0] ?? 1;
          if (canReadAtOnce(wanted[0])) return { losses: goals.takeIn(wanted), copies: null, rows };
          return { losses: [], copies: Promise.all(wanted.map(copyOnCpu)), rows };
        });
        const losses = seen.copies === null ? seen.losses : this.takeInCopies(await seen.copies);
        losses.forEach((loss, i) => {
          totals[i] = (totals[i] ?? 0) + loss * seen.rows;
        });
        examples += seen.rows;
        if (listeners.length > 0) {
          const logs = goals.logs(totals, examples);
          for (const callback of listeners) await callback.onBatchEnd?.(batch, logs, this);
        }
        const waiting = this.pause();
        if (waiting !== undefined) await waiting;
      }
    });
    // The number of batches of a generator is known after its first pass.
    if (source.batches === null && isTraining) this.plan = { ...this.plan, batches: batch };
    return goals.logs(totals, examples);
  }

  /** Updates the metrics with copies of what is on a GPU; returns the losses. */
  private takeInCopies(copies: Tensor[]): number[] {
    try {
      return this.goals.takeIn(copies);
    } finally {
      for (const copy of copies) copy.dispose();
    }
  }

  private async evaluateSource(source: Source, step: Runner<BatchResult>, signal?: AbortSignal): Promise<Logs> {
    const { stopTraining } = this;
    this.stopTraining = false;
    this.model.eval();
    try {
      return await this.pass(source, step, signal);
    } finally {
      this.model.train();
      this.stopTraining = stopTraining;
    }
  }

  /**
   * Loss and metrics of the model on examples.
   *
   * @example
   * const { loss, accuracy } = await trainer.evaluate(xTest, yTest);
   */
  evaluate(x: Inputs, y: Targets, options?: EvaluateOptions): Promise<Logs>;
  evaluate(examples: Exclude<Examples, Inputs>, options?: EvaluateOptions): Promise<Logs>;
  async evaluate(x: Examples, second?: Targets | EvaluateOptions, third?: EvaluateOptions): Promise<Logs> {
    if (arguments.length > 3) noMore('Trainer.evaluate', 3, arguments);
    const op = 'evaluate';
    const [y, options] = targetsAndOptions(op, second, third);
    checkOptions(op, options, { batchSize: VALUE, sampleWeight: VALUE, signal: VALUE });
    const source = sourceOf(op, x, y, { ...options, targets: this.goals.count });
    return this.running(op, false, async () => {
      const step = this.runner(testStep(this.trained, source.weighted));
      try {
        return await this.evaluateSource(source, step, options.signal);
      } finally {
        step.dispose();
      }
    });
  }

  /**
   * The outputs of the model for inputs [N, …] (a list of them if it takes several), batch by batch, on the device of the inputs. On
   * the GPU the next batch is uploaded while one is computed, and results are read meanwhile. A batch that does not fit into the
   * device's memory is halved.
   *
   * @returns a tensor; a list of them if the model gives several
   * @example
   * const classes = (await trainer.predict(x)).argmax(1);
   */
  async predict(x: Inputs, options: { batchSize?: number } = {}): Promise<Predicted<L>> {
    if (arguments.length > 2) noMore('Trainer.predict', 2, arguments);
    const op = 'predict';
    checkOptions(op, options, { batchSize: VALUE });
    const { batchSize = 32 } = options;
    checkWhole(op, 'batchSize', batchSize, 1);
    const inputs = isTensor(x) ? ([x] as const) : x;
    const rows = isTensorList(inputs) ? (inputs[0].shape[0] ?? 0) : 0;
    if (!isTensorList(inputs) || rows === 0 || inputs.some(({ shape }) => shape[0] !== rows)) {
      refuse(ArgumentError, op, 'expected a tensor of inputs [N, …]', { argument: 'x', got: x });
    }
    return this.running(op, false, async () => {
      this.model.eval();
      const step = this.runner((...parts) => noGrad(() => applied(this.model, parts)));
      try {
        const run = (parts: Tensor[]) => this.ran(step, parts);
        return (await outputsOf(inputs, rows, batchSize, run, this.pause)) as Predicted<L>;
      } finally {
        step.dispose();
      }
    });
  }

  /** Runs one of the methods; afterwards the model is in the mode that it was in before. */
  private async running<T>(op: string, training: boolean, fn: () => Promise<T>): Promise<T> {
    const isNested = this.isRunning;
    if (isNested && training) refuse(ArgumentError, op, 'this trainer is training already');
    const modes = new Map(this.model.modules().map((module) => [module, module.training]));
    this.isRunning = true;
    this.model.train(training);
    try {
      return await fn();
    } finally {
      this.isRunning = isNested;
      for (const [module, mode] of modes) module.training = mode;
    }
  }

  /** The device that batches are moved to. */
  private get fixedDevice(): Device | undefined {
    return this.device === 'auto' ? undefined : this.device;
  }

  private runner<R>(step: (...parts: Tensor[]) => R): Runner<R> {
    return new Runner(step, this.model, this.device);
  }

  /** Runs a step, and records where. */
  private ran<R>(step: Runner<R>, parts: readonly Tensor[]): R {
    const result = step.run(placed(parts, this.fixedDevice));
    this.lastPlacement = step.placement;
    return result;
  }

  /** The executor that the model is moved back to after `fit`, or null if it stays. */
  private home(): Executor | null {
    const executor = this.model.parameters()[0]?.executor;
    return this.device === 'auto' && executor !== undefined && executor.download === undefined ? executor : null;
  }

  private get trained(): Trained {
    const { model, optimizer, goals } = this;
    return { model, optimizer, goals };
  }
}

/** Moves retained storages back to where they came from, and releases them. */
async function bringBack(storages: readonly Storage[], home: Executor): Promise<void> {
  try {
    await moveStorages(storages, home);
  } finally {
    for (const storage of storages) storage.release();
  }
}
