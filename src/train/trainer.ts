/** Training as one call. Keras's semantics. */
import { ArgumentError } from '../../bindings/errors.ts';
import type { Device, NumericArray } from '../../bindings/executor.ts';
import { noGrad } from '../autograd/mode.ts';
import { collate } from '../data/dataset.ts';
import { Module } from '../nn/module.ts';
import { checkOptions, checkWhole } from '../options.ts';
import { scope } from '../tensor/scope.ts';
import { Tensor } from '../tensor/tensor.ts';
import type { Callback, Logs, TrainingState } from './callbacks.ts';
import { batchesOf, type Examples, type Source, sourceOf, splitOff, type ValidationData } from './examples.ts';
import { type Loss, type LossFunction, lossFunction } from './losses.ts';
import { type Metric, type MetricFunction, metricsOf } from './metrics.ts';
import { canReadAtOnce, copyOnCpu } from './onCpu.ts';
import { pacer } from './pause.ts';
import { type BatchResult, joined, Runner, type Step } from './step.ts';
import { type ClassWeight, weightsOf } from './weights.ts';

/** What the trainer needs of an optimizer. */
export interface TrainingOptimizer {
  readonly paramGroups: { lr: number; params: Tensor[] }[];
  /** Changes the parameters by their gradients. */
  step(): unknown;
  /** Forgets the gradients. */
  zeroGrad(): void;
}

/** Options of `Trainer`. */
export interface TrainerOptions {
  optimizer: TrainingOptimizer;
  /** A name ('mse', 'crossEntropy', 'binaryCrossEntropy'), a loss module, or a function (output, target) => tensor. */
  loss: Loss;
  /** Names ('accuracy', 'precision', 'recall', 'f1', 'mae', 'mse'), functions (target, output) => number, or metrics. */
  metrics?: readonly (string | MetricFunction | Metric)[];
  /** Where model and batches are moved to. Default: where they are. */
  device?: Device;
}

/** Options of `Trainer.fit`. */
export interface FitOptions {
  /** Default 1. */
  epochs?: number;
  /** Default 32. A DataLoader has its own. */
  batchSize?: number;
  /** Share of the examples, the last ones, that are kept for validation. */
  validationSplit?: number;
  /** Examples for validation after each epoch. */
  validationData?: ValidationData;
  /** A new random order in each epoch. Default true. A DataLoader has its own. */
  shuffle?: boolean;
  /** Factor of each class, by class or in order; 'balanced': all classes count the same. Needs a loss by name. */
  classWeight?: ClassWeight;
  callbacks?: readonly Callback[];
  /** Ends training after the running batch. */
  signal?: AbortSignal;
  /** A line an epoch on the console. Default true. */
  verbose?: boolean | number;
  /** Epochs that the model has been trained for already. Default 0. */
  initialEpoch?: number;
}

/** Loss and metrics of every epoch; those of the validation begin with `val`: valLoss, valAccuracy. */
export interface History {
  loss: number[];
  [name: string]: number[];
}

const FIT_OPTIONS = [
  'epochs',
  'batchSize',
  'validationSplit',
  'validationData',
  'shuffle',
  'classWeight',
  'callbacks',
  'signal',
  'verbose',
  'initialEpoch',
];

/**
 * Trains, evaluates and applies a model. Steps are compiled; between batches the event loop gets its turn.
 *
 * @example
 * const trainer = new Trainer(model, {
 *   optimizer: new optim.Adam(model.parameters()),
 *   loss: 'crossEntropy',
 *   metrics: ['accuracy'],
 * });
 * const history = await trainer.fit(x, y, { epochs: 10, validationSplit: 0.2 });
 */
export class Trainer implements TrainingState {
  readonly optimizer: TrainingOptimizer;
  stopTraining = false;
  plan = { epochs: 0, batches: 0 };
  private readonly loss: Loss;
  private readonly metrics: Metric[];
  private readonly device: Device | undefined;
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
    this.metrics = metricsOf(metrics);
    this.device = device;
    if (device !== undefined) model.to(device);
  }

  /**
   * Trains the model.
   *
   * @param x inputs [N, …], with targets y [N, …]; or a data set whose last part are the targets; or a DataLoader
   * @returns loss and metrics of every epoch that was finished; an aborted one is left out
   */
  fit(x: Tensor, y: Tensor, options?: FitOptions): Promise<History>;
  fit(examples: Exclude<Examples, Tensor>, options?: FitOptions): Promise<History>;
  async fit(x: Examples, second?: Tensor | FitOptions, third?: FitOptions): Promise<History> {
    const op = 'fit';
    const [y, options = {}] = second instanceof Tensor ? [second, third] : [undefined, second ?? third];
    checkOptions(op, options, FIT_OPTIONS);
    const { epochs = 1, initialEpoch = 0, batchSize = 32, shuffle = true, validationData, validationSplit } = options;
    checkWhole(op, 'epochs', epochs, 1);
    checkWhole(op, 'initialEpoch', initialEpoch);
    checkWhole(op, 'batchSize', batchSize, 1);
    let source = sourceOf(op, x, y, { batchSize, shuffle });
    if (source.dataset.length === 0) throw new ArgumentError(`${op}: there are no examples`, { op, argument: 'x' });
    const whole = source;
    let validation: Source | null = null;
    if (validationData !== undefined) {
      const [inputs, targets] = Array.isArray(validationData)
        ? (validationData as [Tensor, Tensor])
        : [validationData as Examples];
      validation = sourceOf(op, inputs, targets, { batchSize });
    } else if (validationSplit !== undefined && validationSplit !== 0) {
      [source, validation] = splitOff(op, source, validationSplit, shuffle);
    }
    return this.running(op, true, async () => {
      const weights = weightsOf(options.classWeight, whole, this.device);
      try {
        const trainStep = new Runner(this.trainStep(lossFunction(this.loss, weights)));
        const testStep = new Runner(this.testStep());
        try {
          this.plan = { epochs, batches: batchesOf(source) };
          return await this.epochs(initialEpoch, options, source, validation, trainStep, testStep);
        } finally {
          this.optimizer.zeroGrad();
          trainStep.dispose();
          testStep.dispose();
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
    trainStep: Runner,
    testStep: Runner,
  ): Promise<History> {
    const history: History = { loss: [] };
    this.stopTraining = false;
    for (const callback of callbacks) await callback.onTrainBegin?.(this);
    for (let epoch = first; epoch < this.plan.epochs && !this.stopTraining && !signal?.aborted; epoch++) {
      const start = performance.now();
      for (const callback of callbacks) await callback.onEpochBegin?.(epoch, this);
      const logs = await this.pass(source, trainStep, signal, callbacks);
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
    step: Runner,
    signal: AbortSignal | undefined,
    callbacks: readonly Callback[] = [],
  ): Promise<Logs> {
    for (const metric of this.metrics) metric.reset();
    const order = source.order();
    const batches = batchesOf(source);
    const listeners = callbacks.filter((callback) => callback.onBatchEnd !== undefined);
    let total = 0;
    let examples = 0;
    for (let batch = 0; batch < batches && !signal?.aborted && !this.stopTraining; batch++) {
      const indices = order.subarray(batch * source.batchSize, (batch + 1) * source.batchSize);
      const seen = scope(() => {
        const parts = this.placed(collate(source.dataset, indices));
        const result = step.run(parts);
        const target = parts[parts.length - 1]!;
        if (canReadAtOnce(result.loss)) return this.takeIn(result.loss, result.output, target);
        const wanted = this.metrics.length === 0 ? [result.loss] : [result.loss, result.output!, target];
        return { copies: Promise.all(wanted.map(copyOnCpu)) };
      });
      const loss = typeof seen === 'number' ? seen : this.takeInCopies(await seen.copies);
      total += loss * indices.length;
      examples += indices.length;
      if (listeners.length > 0) {
        const logs = this.logs(total / examples);
        for (const callback of listeners) await callback.onBatchEnd!(batch, logs, this);
      }
      const waiting = this.pause();
      if (waiting !== undefined) await waiting;
    }
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

  private async evaluateSource(source: Source, step: Runner, signal?: AbortSignal): Promise<Logs> {
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
  evaluate(x: Tensor, y: Tensor, options?: { batchSize?: number; signal?: AbortSignal }): Promise<Logs>;
  evaluate(examples: Exclude<Examples, Tensor>, options?: { batchSize?: number; signal?: AbortSignal }): Promise<Logs>;
  async evaluate(
    x: Examples,
    second?: Tensor | { batchSize?: number; signal?: AbortSignal },
    third?: { batchSize?: number; signal?: AbortSignal },
  ): Promise<Logs> {
    const op = 'evaluate';
    const [y, options = {}] = second instanceof Tensor ? [second, third] : [undefined, second ?? third];
    checkOptions(op, options, ['batchSize', 'signal']);
    const source = sourceOf(op, x, y, options);
    return this.running(op, false, async () => {
      const step = new Runner(this.testStep());
      try {
        return await this.evaluateSource(source, step, options.signal);
      } finally {
        step.dispose();
      }
    });
  }

  /**
   * What the model gives for inputs [N, …], batch by batch.
   *
   * @example
   * const classes = (await trainer.predict(x)).argmax(1);
   */
  async predict(x: Tensor, options: { batchSize?: number } = {}): Promise<Tensor> {
    const op = 'predict';
    checkOptions(op, options, ['batchSize']);
    const { batchSize = 32 } = options;
    checkWhole(op, 'batchSize', batchSize, 1);
    if (!(x instanceof Tensor) || x.ndim === 0 || x.shape[0] === 0) {
      throw new ArgumentError(`${op}: expected a tensor of inputs [N, …]`, { op, argument: 'x', got: x });
    }
    return this.running(op, false, async () => {
      this.model.eval();
      const parts: NumericArray[] = [];
      let form: Pick<Tensor, 'shape' | 'dtype' | 'device'> | null = null;
      for (let start = 0; start < x.shape[0]!; start += batchSize) {
        const { values } = scope(() => {
          const [inputs] = this.placed([x.slice(0, start, start + batchSize)]);
          const output = noGrad(() => this.model.forward(inputs as never) as Tensor);
          form = { shape: output.shape, dtype: output.dtype, device: output.device };
          return { values: output.data() };
        });
        parts.push(await values);
        const waiting = this.pause();
        if (waiting !== undefined) await waiting;
      }
      return joined(parts, x.shape[0]!, form!);
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

  private placed(parts: Tensor[]): Tensor[] {
    const { device } = this;
    return device === undefined ? parts : parts.map((part) => (part.device === device ? part : part.to(device)));
  }

  private forward(parts: Tensor[], loss: LossFunction): BatchResult {
    if (parts.length < 2) {
      throw new ArgumentError('Trainer: examples must have inputs and targets', {
        op: 'Trainer',
        argument: 'examples',
      });
    }
    const output = this.model.forward(...(parts.slice(0, -1) as never[])) as Tensor;
    return { loss: loss(output, parts[parts.length - 1]!), output: this.metrics.length > 0 ? output : null };
  }

  private trainStep(loss: LossFunction): Step {
    return (...parts) => {
      this.optimizer.zeroGrad();
      const result = this.forward(parts, loss);
      result.loss.backward();
      this.optimizer.step();
      return result;
    };
  }

  private testStep(): Step {
    const loss = lossFunction(this.loss, null);
    return (...parts) => noGrad(() => this.forward(parts, loss));
  }
}

function epochLine(epoch: number, epochs: number, logs: Logs, milliseconds: number): string {
  const values = Object.entries(logs).map(([name, value]) => `${name} ${value.toPrecision(4)}`);
  return `epoch ${epoch + 1}/${epochs}: ${values.join(', ')} (${(milliseconds / 1000).toFixed(1)} s)`;
}
