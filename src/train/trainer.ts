/** Training as one call. Keras's semantics. */
import { ArgumentError } from '../../bindings/errors.ts';
import type { Device, Executor } from '../../bindings/executor.ts';
import { noGrad } from '../autograd/mode.ts';
import { moveStorages } from '../move.ts';
import { Module } from '../nn/module.ts';
import { checkOptions, checkWhole } from '../options.ts';
import type { Placement } from '../program/placement.ts';
import { scope } from '../tensor/scope.ts';
import type { Storage } from '../tensor/storage.ts';
import { Tensor } from '../tensor/tensor.ts';
import type { Callback, Logs, TrainingState } from './callbacks.ts';
import {
  type Examples,
  type Inputs,
  isTensorList,
  type SampleWeight,
  type Source,
  sourceOf,
  splitOff,
} from './examples.ts';
import { type Loss, type LossFunction, lossFunction, readingOf } from './losses.ts';
import { type Metric, metricsOf } from './metrics.ts';
import { canReadAtOnce, copyOnCpu } from './onCpu.ts';
import { outputsOf } from './outputs.ts';
import { pacer } from './pause.ts';
import {
  checkCallbacks,
  type EvaluateOptions,
  epochLine,
  FIT_OPTIONS,
  type FitOptions,
  type History,
  type TrainerOptions,
  type TrainingOptimizer,
  targetsAndOptions,
} from './settings.ts';
import { type BatchResult, placed, Runner, type Where } from './step.ts';
import { weightsOf } from './weights.ts';

/** A batch that was computed: its loss, or copies on their way from a GPU, of the loss and what metrics look at. */
interface Seen {
  loss: number;
  copies: Promise<Tensor[]> | null;
  rows: number;
}

/**
 * Trains, evaluates and applies a model. Steps are compiled; between batches the event loop gets its turn.
 *
 * @throws ArgumentError where model, optimizer, loss or a metric is none
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
export class Trainer implements TrainingState {
  readonly optimizer: TrainingOptimizer;
  stopTraining = false;
  plan: TrainingState['plan'] = { epochs: 0, batches: 0 };
  private readonly loss: Loss;
  private readonly metrics: Metric[];
  private readonly device: Where;
  private lastPlacement: Placement | null = null;
  private isRunning = false;
  /** One for all passes, so that short epochs pause too. */
  private readonly pause = pacer();

  constructor(
    readonly model: Module,
    options: TrainerOptions,
  ) {
    const op = 'Trainer';
    checkOptions(op, options, ['optimizer', 'loss', 'metrics', 'device']);
    if (!(model instanceof Module))
      throw new ArgumentError(`${op}: expected a module`, { op, argument: 'model', got: model });
    const { optimizer, loss, metrics = [], device } = options;
    if (typeof optimizer?.step !== 'function' || !Array.isArray(optimizer.paramGroups)) {
      throw new ArgumentError(`${op}: optimizer must be an optimizer such as new optim.Adam(model.parameters())`, {
        op,
        argument: 'optimizer',
        got: optimizer,
      });
    }
    lossFunction(loss, null);
    this.optimizer = optimizer;
    this.loss = loss;
    this.metrics = metricsOf(metrics, readingOf(loss));
    this.device = device;
    if (device !== undefined && device !== 'auto') model.to(device);
  }

  /** Where the batch that was last computed ran, and why; null before the first, or where it was not compiled. */
  get placement(): Placement | null {
    return this.lastPlacement;
  }

  /**
   * Trains the model.
   *
   * @param x inputs [N, …] (a list of them where the model takes several), with targets y [N, …]; or a data set whose last part
   * are the targets; or a DataLoader; or batches [inputs, …, targets] that can be iterated over, or a function that begins to
   * @returns loss and metrics of every epoch that was finished; an aborted one is left out
   * @throws ShapeError or ArgumentError where the examples do not fit together, ArgumentError where an option is out of range
   */
  fit(x: Inputs, y: Tensor, options?: FitOptions): Promise<History>;
  fit(examples: Exclude<Examples, Inputs>, options?: FitOptions): Promise<History>;
  async fit(x: Examples, second?: Tensor | FitOptions, third?: FitOptions): Promise<History> {
    const op = 'fit';
    const [y, options] = targetsAndOptions(op, second, third);
    checkOptions(op, options, FIT_OPTIONS);
    const { epochs = 1, initialEpoch = 0, batchSize, shuffle = true, validationData, validationSplit } = options;
    checkWhole(op, 'epochs', epochs, 1);
    checkWhole(op, 'initialEpoch', initialEpoch);
    checkCallbacks(op, options.callbacks);
    const { sampleWeight, stepsPerEpoch } = options;
    let source = sourceOf(op, x, y, { batchSize, shuffle, sampleWeight, stepsPerEpoch });
    let validation: Source | null = null;
    if (validationData !== undefined) {
      const isPair = Array.isArray(validationData) && validationData[1] instanceof Tensor;
      const [inputs, targets, weights] = isPair
        ? (validationData as [Inputs, Tensor, SampleWeight?])
        : [validationData as Examples];
      validation = sourceOf(op, inputs, targets, { batchSize, sampleWeight: weights });
    } else if (validationSplit !== undefined && validationSplit !== 0) {
      [source, validation] = splitOff(op, source, validationSplit, shuffle);
    }
    return this.running(op, true, async () => {
      const weights = weightsOf(options.classWeight, x, y, this.fixedDevice);
      const home = this.home();
      try {
        const trainStep = this.runner(
          this.trainStep(lossFunction(this.loss, weights, source.weighted), source.weighted),
        );
        const testStep = this.runner(this.testStep(validation?.weighted ?? false));
        try {
          this.plan = { epochs, batches: source.batches ?? 0 };
          return await this.epochs(initialEpoch, options, source, validation, trainStep, testStep);
        } finally {
          this.optimizer.zeroGrad();
          const moved = home === null ? [] : trainStep.changedOnGpu;
          for (const storage of moved) storage.retain();
          trainStep.dispose();
          testStep.dispose();
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
    trainStep: Runner<BatchResult>,
    testStep: Runner<BatchResult>,
  ): Promise<History> {
    const history: History = { loss: [] };
    this.stopTraining = false;
    for (const callback of callbacks) await callback.onTrainBegin?.(this);
    for (let epoch = first; epoch < this.plan.epochs && !this.stopTraining && !signal?.aborted; epoch++) {
      const start = performance.now();
      for (const callback of callbacks) await callback.onEpochBegin?.(epoch, this);
      const logs = await this.pass(source, trainStep, signal, callbacks, true);
      if (signal?.aborted) break;
      if (validation !== null) {
        const found = await this.evaluateSource(validation, testStep, signal);
        if (signal?.aborted) break;
        for (const [name, value] of Object.entries(found)) logs[`val${name[0]!.toUpperCase()}${name.slice(1)}`] = value;
      }
      for (const [name, value] of Object.entries(logs)) {
        history[name] ??= [];
        history[name].push(value);
      }
      for (const callback of callbacks) await callback.onEpochEnd?.(epoch, logs, this);
      if (verbose) console.log(epochLine(epoch, this.plan.epochs, logs, performance.now() - start));
    }
    for (const callback of callbacks) await callback.onTrainEnd?.(this);
    return history;
  }

  /** All batches once. */
  private async pass(
    source: Source,
    step: Runner<BatchResult>,
    signal: AbortSignal | undefined,
    callbacks: readonly Callback[] = [],
    isTraining = false,
  ): Promise<Logs> {
    for (const metric of this.metrics) metric.reset();
    const turns = source.begin();
    const listeners = callbacks.filter((callback) => callback.onBatchEnd !== undefined);
    let total = 0;
    let examples = 0;
    let batch = 0;
    try {
      for (; !signal?.aborted && !this.stopTraining; batch++) {
        const next = turns.next();
        const make = next instanceof Promise ? await next : next;
        const seen = scope((): Seen | null => {
          const given = make();
          if (given === null) return null;
          const parts = placed(given, this.fixedDevice);
          const result = this.ran(step, parts);
          const target = parts[parts.length - (source.weighted ? 2 : 1)]!;
          const rows = parts[0]!.shape[0] ?? 1;
          if (canReadAtOnce(result.loss))
            return { loss: this.takeIn(result.loss, result.output, target), copies: null, rows };
          const wanted = this.metrics.length === 0 ? [result.loss] : [result.loss, result.output!, target];
          return { loss: 0, copies: Promise.all(wanted.map(copyOnCpu)), rows };
        });
        if (seen === null) break;
        const loss = seen.copies === null ? seen.loss : this.takeInCopies(await seen.copies);
        total += loss * seen.rows;
        examples += seen.rows;
        if (listeners.length > 0) {
          const logs = this.logs(total / examples);
          for (const callback of listeners) await callback.onBatchEnd!(batch, logs, this);
        }
        const waiting = this.pause();
        if (waiting !== undefined) await waiting;
      }
    } finally {
      turns.end();
    }
    // Of a generator the number is known once it has been gone through.
    if (source.batches === null && isTraining) this.plan = { ...this.plan, batches: batch };
    return this.logs(total / examples);
  }

  /** Has the metrics see a batch; returns its loss. */
  private takeIn(loss: Tensor, output: Tensor | null, target: Tensor): number {
    noGrad(() => {
      for (const metric of this.metrics) metric.update(output!, target);
    });
    return loss.item();
  }

  /** The same with copies of what lies on a GPU: of the loss alone where there are no metrics. */
  private takeInCopies(copies: Tensor[]): number {
    try {
      return this.takeIn(copies[0]!, copies[1] ?? null, copies[2] ?? copies[0]!);
    } finally {
      for (const copy of copies) copy.dispose();
    }
  }

  private logs(loss: number): Logs {
    return { loss, ...Object.fromEntries(this.metrics.map((metric) => [metric.name, metric.result()])) };
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
  evaluate(x: Inputs, y: Tensor, options?: EvaluateOptions): Promise<Logs>;
  evaluate(examples: Exclude<Examples, Inputs>, options?: EvaluateOptions): Promise<Logs>;
  async evaluate(x: Examples, second?: Tensor | EvaluateOptions, third?: EvaluateOptions): Promise<Logs> {
    const op = 'evaluate';
    const [y, options] = targetsAndOptions(op, second, third);
    checkOptions(op, options, ['batchSize', 'sampleWeight', 'signal']);
    const source = sourceOf(op, x, y, options);
    return this.running(op, false, async () => {
      const step = this.runner(this.testStep(source.weighted));
      try {
        return await this.evaluateSource(source, step, options.signal);
      } finally {
        step.dispose();
      }
    });
  }

  /**
   * What the model gives for inputs [N, …] (a list of them where it takes several), batch by batch; it lives where the
   * inputs do. On the GPU the next batch goes up while one is computed, and results come back meanwhile. A batch that does not fit
   * the device's memory is halved.
   *
   * @example
   * const classes = (await trainer.predict(x)).argmax(1);
   */
  async predict(x: Inputs, options: { batchSize?: number } = {}): Promise<Tensor> {
    const op = 'predict';
    checkOptions(op, options, ['batchSize']);
    const { batchSize = 32 } = options;
    checkWhole(op, 'batchSize', batchSize, 1);
    const inputs = isTensorList(x) ? x : [x as Tensor];
    const rows = inputs[0]?.shape?.[0] ?? 0;
    if (rows === 0 || !inputs.every((input) => input instanceof Tensor && input.shape[0] === rows)) {
      throw new ArgumentError(`${op}: expected a tensor of inputs [N, …]`, { op, argument: 'x', got: x });
    }
    return this.running(op, false, async () => {
      this.model.eval();
      const step = this.runner((...parts) => noGrad(() => this.model.forward(...(parts as never[])) as Tensor));
      try {
        return await outputsOf(inputs, rows, batchSize, (parts) => this.ran(step, parts), this.pause);
      } finally {
        step.dispose();
      }
    });
  }

  /** Runs one of the methods; leaves the model in the mode in which it was. */
  private async running<T>(op: string, training: boolean, fn: () => Promise<T>): Promise<T> {
    const isNested = this.isRunning;
    if (isNested && training) {
      throw new ArgumentError(`${op}: this trainer is training already`, { op });
    }
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

  /** Runs a step, and notes where. */
  private ran<R>(step: Runner<R>, parts: readonly Tensor[]): R {
    const result = step.run(placed(parts, this.fixedDevice));
    this.lastPlacement = step.placement;
    return result;
  }

  /** Where the model goes back to after `fit`, or null where it stays. */
  private home(): Executor | null {
    const executor = this.model.parameters()[0]?.executor;
    return this.device === 'auto' && executor !== undefined && executor.download === undefined ? executor : null;
  }

  /** @param weighted whether the last part are weights of the examples */
  private forward(parts: Tensor[], loss: LossFunction, weighted: boolean): BatchResult {
    const count = parts.length - (weighted ? 2 : 1);
    if (count < 1) {
      throw new ArgumentError('Trainer: examples must have inputs and targets', {
        op: 'Trainer',
        argument: 'examples',
      });
    }
    const output = this.model.forward(...(parts.slice(0, count) as never[])) as Tensor;
    return { loss: loss(output, parts[count]!, parts[count + 1]), output: this.metrics.length > 0 ? output : null };
  }

  private trainStep(loss: LossFunction, weighted: boolean): (...parts: Tensor[]) => BatchResult {
    return (...parts) => {
      this.optimizer.zeroGrad();
      const result = this.forward(parts, loss, weighted);
      result.loss.backward();
      this.optimizer.step();
      return result;
    };
  }

  private testStep(weighted: boolean): (...parts: Tensor[]) => BatchResult {
    const loss = lossFunction(this.loss, null, weighted);
    return (...parts) => noGrad(() => this.forward(parts, loss, weighted));
  }
}

/** Moves storages, which this retained, to where they came from. */
async function bringBack(storages: readonly Storage[], home: Executor): Promise<void> {
  try {
    await moveStorages(storages, home);
  } finally {
    for (const storage of storages) storage.release();
  }
}
