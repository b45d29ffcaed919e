/** Callbacks of `fit` that need a file system or a terminal. */
import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { ArgumentError } from '../../bindings/errors.ts';
import type { AnyOptimizer, Stateful } from '../io/index.ts';
import { checkOptions } from '../options.ts';
import { type Callback, type Logs, type Mode, Monitor, type TrainingState } from '../train/callbacks.ts';
import { saveModel } from './models.ts';
import { peer } from './peers.ts';

/** Options of `ModelCheckpoint`. */
export interface CheckpointOptions {
  /** Which value tells the best epoch. Default 'valLoss'. */
  monitor?: string;
  /** Write only where that value is the best so far. Default false. */
  saveBestOnly?: boolean;
  /** Default 'auto': accuracy and the like shall rise, everything else fall. */
  mode?: Mode;
  /** Its state is saved too. */
  scheduler?: Stateful;
}

/**
 * Writes model, optimizer, random numbers and epoch after each epoch, as `saveModel` does: a file is replaced as a whole
 * or not at all. `{epoch}` in the path is the number of epochs done.
 *
 * @example
 * await trainer.fit(x, y, { epochs: 20, callbacks: [new ModelCheckpoint('best.safetensors', { saveBestOnly: true })] });
 */
export class ModelCheckpoint implements Callback {
  private readonly monitor: Monitor;

  constructor(
    private readonly path: string,
    private readonly options: CheckpointOptions = {},
  ) {
    const op = 'ModelCheckpoint';
    checkOptions(op, options, ['monitor', 'saveBestOnly', 'mode', 'scheduler']);
    if (typeof path !== 'string')
      throw new ArgumentError(`${op}: path must be a text`, { op, argument: 'path', got: path });
    this.monitor = new Monitor(op, options.monitor ?? 'valLoss', options.mode ?? 'auto');
  }

  onEpochEnd(epoch: number, logs: Logs, { model, optimizer }: TrainingState): void {
    const { saveBestOnly = false, scheduler } = this.options;
    if (saveBestOnly && !this.monitor.improves(logs)) return;
    const path = this.path.replaceAll('{epoch}', String(epoch + 1));
    saveModel(model, path, { optimizer: optimizer as unknown as AnyOptimizer, scheduler, epoch: epoch + 1 });
  }
}

/** Options of `CSVLogger`. */
export interface CsvLoggerOptions {
  /** Default ','. */
  separator?: string;
  /** Go on with a file that exists. Default false. */
  append?: boolean;
}

/** Writes loss and metrics of each epoch to a CSV file. */
export class CSVLogger implements Callback {
  private columns: string[] | null = null;

  constructor(
    private readonly path: string,
    private readonly options: CsvLoggerOptions = {},
  ) {
    checkOptions('CSVLogger', options, ['separator', 'append']);
  }

  onTrainBegin(): void {
    this.columns = null;
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

/** A bar that moves from batch to batch, on a terminal. Elsewhere it prints nothing. */
export class ProgressBar implements Callback {
  private bar: {
    start(total: number, value: number, payload: object): void;
    update(value: number, payload: object): void;
    stop(): void;
  } | null = null;
  private title = '';

  async onTrainBegin(): Promise<void> {
    const { default: progress } = await peer('ProgressBar', 'cli-progress', () => import('cli-progress'));
    this.bar = new progress.SingleBar({
      format: '{title} [{bar}] {percentage}%  {values}',
      barsize: 24,
      noTTYOutput: false,
      clearOnComplete: true,
    });
  }

  onEpochBegin(epoch: number, { plan }: TrainingState): void {
    this.title = `epoch ${epoch + 1}/${plan.epochs}`;
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
