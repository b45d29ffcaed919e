/** Callbacks of `fit` that need a file system or a terminal. */
import { appendFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { ArgumentError, refuse } from '../../bindings/errors.ts';
import { encodeModule } from '../io/architecture.ts';
import { type AnyOptimizer, type Stateful, saveModelAsync, saveSafetensorsAsync } from '../io/index.ts';
import { checkOptions, FLAG, noMore, VALUE } from '../options.ts';
import type { Callback, Logs, TrainingState } from '../train/callback.ts';
import { type Mode, Monitor } from '../train/callbacks.ts';
import { peer } from './peers.ts';
import { writeAtomically } from './write.ts';

/** Options of `ModelCheckpoint`. */
export interface CheckpointOptions {
  /** The value that decides which epoch is the best. Default 'valLoss'. */
  monitor?: string;
  /** Write only if that value is the best so far. Default false. */
  saveBestOnly?: boolean;
  /** Write only `model.stateDict()`, as a safetensors file, for models with classes that `loadModel` does not know. Default false. */
  saveWeightsOnly?: boolean;
  /** Which way is better. Default 'auto': accuracy and the like should rise, everything else should fall. */
  mode?: Mode;
  /**
   * An object whose state is saved too. To save the states of callbacks as well:
   * `{ stateDict: () => ({ schedule: schedule.stateDict(), stopping: stopping.stateDict() }) }`.
   */
  scheduler?: Stateful;
}

/** The state of `ModelCheckpoint`. */
export interface CheckpointState {
  /** The best value of `monitor` so far; ±Infinity before the first. */
  best: number;
}

/**
 * Writes model, optimizer, random numbers and epoch after each epoch, as `saveModel` does: a file is replaced as a whole
 * or not at all. Put it last in the list of callbacks, so that the file holds what the others change. `{epoch}` in the path stands for
 * the number of epochs done.
 *
 * @example
 * const callbacks = [new ModelCheckpoint('best.safetensors', { monitor: 'loss', saveBestOnly: true })];
 * await trainer.fit(x, y, { epochs: 5, callbacks, verbose: false });
 */
export class ModelCheckpoint implements Callback {
  private readonly monitor: Monitor;

  constructor(
    private readonly path: string,
    private readonly options: CheckpointOptions = {},
  ) {
    if (arguments.length > 2) noMore('ModelCheckpoint', 2, arguments);
    const op = 'ModelCheckpoint';
    checkOptions(op, options, {
      monitor: VALUE,
      saveBestOnly: FLAG,
      saveWeightsOnly: FLAG,
      mode: VALUE,
      scheduler: VALUE,
    });
    if (typeof path !== 'string') refuse(ArgumentError, op, 'path must be a text', { argument: 'path', got: path });
    this.monitor = new Monitor(op, options.monitor ?? 'valLoss', options.mode ?? 'auto');
  }

  /** Makes the folder, and refuses a model that could not be saved, before there is anything to lose. */
  onTrainBegin({ model }: Pick<TrainingState, 'model'>): void {
    if (this.options.saveWeightsOnly !== true) encodeModule(model);
    mkdirSync(dirname(this.path), { recursive: true });
  }

  /** The best value so far, with which `saveBestOnly` can continue. */
  stateDict(): CheckpointState {
    if (arguments.length > 0) noMore('ModelCheckpoint.stateDict', 0, arguments);
    return { best: this.monitor.best };
  }

  /** Continues from what `stateDict` gave. */
  loadStateDict(state: CheckpointState): void {
    if (arguments.length > 1) noMore('ModelCheckpoint.loadStateDict', 1, arguments);
    const best = state?.best;
    if (typeof best !== 'number') {
      refuse(ArgumentError, 'ModelCheckpoint.loadStateDict', 'expected { best: number }', {
        argument: 'state',
        got: best,
      });
    }
    this.monitor.best = best;
  }

  async onEpochEnd(epoch: number, logs: Logs, { model, optimizer }: TrainingState): Promise<void> {
    const { saveBestOnly = false, saveWeightsOnly = false, scheduler } = this.options;
    if (saveBestOnly && !this.monitor.improves(logs)) return;
    const path = this.path.replaceAll('{epoch}', String(epoch + 1));
    const options = { optimizer: optimizer as unknown as AnyOptimizer, scheduler, epoch: epoch + 1 };
    const bytes = saveWeightsOnly ? saveSafetensorsAsync(model.stateDict()) : saveModelAsync(model, options);
    writeAtomically(path, await bytes);
  }
}

/** Options of `CSVLogger`. */
export interface CsvLoggerOptions {
  /** The separator between the columns. Default ','. */
  separator?: string;
  /** Append to a file that exists. Default false. */
  append?: boolean;
}

/**
 * Writes loss and metrics of each epoch to a CSV file.
 *
 * @example
 * await trainer.fit(x, y, { epochs: 5, callbacks: [new CSVLogger('training.csv')], verbose: false });
 */
export class CSVLogger implements Callback {
  private columns: string[] | null = null;

  constructor(
    private readonly path: string,
    private readonly options: CsvLoggerOptions = {},
  ) {
    if (arguments.length > 2) noMore('CSVLogger', 2, arguments);
    const op = 'CSVLogger';
    checkOptions(op, options, { separator: VALUE, append: FLAG });
    if (typeof path !== 'string') refuse(ArgumentError, op, 'path must be a text', { argument: 'path', got: path });
  }

  onTrainBegin(): void {
    this.columns = null;
    mkdirSync(dirname(this.path), { recursive: true });
  }

  onEpochEnd(epoch: number, logs: Logs): void {
    const { separator = ',', append = false } = this.options;
    if (this.columns === null) {
      this.columns = Object.keys(logs);
      if (!append || !existsSync(this.path))
        writeFileSync(this.path, `${['epoch', ...this.columns].join(separator)}\n`);
    }
    appendFileSync(this.path, `${[epoch, ...this.columns.map((name) => logs[name])].join(separator)}\n`);
  }
}

interface Bar {
  start(total: number, value: number, payload: object): void;
  update(value: number, payload: object): void;
  stop(): void;
}

/**
 * A bar on a terminal that advances with each batch; a counter if the number of batches is not known. Elsewhere it prints nothing.
 *
 * @example
 * await trainer.fit(x, y, { epochs: 5, callbacks: [new ProgressBar()], verbose: false });
 */
export class ProgressBar implements Callback {
  private makeBar: ((format: string) => Bar) | null = null;
  private bar: Bar | null = null;
  private title = '';

  constructor() {
    if (arguments.length > 0) noMore('ProgressBar', 0, arguments);
  }

  async onTrainBegin(): Promise<void> {
    const { default: progress } = await peer('ProgressBar', 'cli-progress', () => import('cli-progress'));
    this.makeBar = (format) =>
      new progress.SingleBar({ format, barsize: 24, noTTYOutput: false, clearOnComplete: true, hideCursor: true });
  }

  onEpochBegin(epoch: number, { plan }: TrainingState): void {
    this.title = `epoch ${epoch + 1}/${plan.epochs}`;
    const format = plan.batches > 0 ? '{title} [{bar}] {percentage}%  {values}' : '{title}  batch {value}  {values}';
    this.bar = this.makeBar?.(format) ?? null;
    this.bar?.start(plan.batches, 0, { title: this.title, values: '' });
  }

  onBatchEnd(batch: number, logs: Logs): void {
    const values = Object.entries(logs).map(([name, value]) => `${name} ${value.toPrecision(4)}`);
    this.bar?.update(batch + 1, { title: this.title, values: values.join(', ') });
  }

  onEpochEnd(): void {
    this.bar?.stop();
  }

  onTrainEnd(): void {
    this.bar?.stop();
  }
}
