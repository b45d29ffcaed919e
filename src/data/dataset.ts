/** Data sets, which have a length and examples by number, and the batches of a pass through one. */

import { ArgumentError, refuse, ShapeError } from '../../bindings/errors.ts';
import { Marked } from '../copies.ts';
import { checkTensor, compose, stack, tensor } from '../ops/index.ts';
import { noMore } from '../options.ts';
import { holdsRows } from '../tensor/rowsOf.ts';
import { show } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { tracing } from '../tensor/trace.ts';

/** Rows of a tensor. They are known by their numbers, so that a batch that nobody uses any more needs no memory. */
function rowsOf(t: Tensor, indices: Int32Array, index: Tensor): Tensor {
  const rows = t.indexSelect(0, index);
  const { storage, offset, numel, shape } = t;
  if (tracing === null && t.contiguous)
    holdsRows(rows.storage, storage, { start: offset, inner: numel / (shape[0] ?? 1), indices: indices.slice() });
  return rows;
}

/** Examples by number; an example is a list of tensors `T`, such as an image and its label. */
export interface Dataset<T extends Tensor[] = Tensor[]> {
  /** The number of examples: `get` is called with 0 … length − 1. */
  readonly length: number;
  /** Example i. */
  get(i: number): T;
  /** Several examples at once, each part stacked along a new first dimension. Without it `get` is called for each example. */
  batch?(indices: Int32Array): T;
  /**
   * Begins to read example i before it is needed, and gives a function that makes its tensors. Only that function may draw random
   * numbers or make tensors, so that reading ahead changes no result.
   */
  prepare?(i: number): Promise<() => T>;
}

/**
 * Tensors whose first dimension counts the examples.
 *
 * @throws ShapeError if the first sizes differ
 * @example
 * const train = new data.TensorDataset(x, y);
 * train.length; // 12
 */
export class TensorDataset<T extends Tensor[] = Tensor[]> extends Marked implements Dataset<T> {
  /** The tensors, in the order in which they were given. They are not copied, and not freed with the data set. */
  readonly tensors: T;
  /** The number of examples: the first size of the tensors. */
  readonly length: number;

  constructor(...tensors: T) {
    super();
    if (tensors.length === 0)
      refuse(ArgumentError, 'TensorDataset', 'needs at least one tensor', { argument: 'tensors' });
    tensors.forEach((t, i) => {
      checkTensor('TensorDataset', `tensors[${i}]`, t);
    });
    const length = tensors[0]?.shape[0];
    for (const t of tensors) {
      if (t.ndim === 0 || t.shape[0] !== length) {
        refuse(
          ShapeError,
          'TensorDataset',
          `all tensors must have the same first size, got ${tensors.map((x) => show(x.shape)).join(' and ')}`,
          { got: t.shape },
        );
      }
    }
    this.tensors = tensors;
    this.length = length ?? 0;
  }

  get(i: number): T {
    if (arguments.length > 1) noMore('TensorDataset.get', 1, arguments);
    return this.tensors.map((t) => t.select(0, i)) as T;
  }

  batch(indices: Int32Array): T {
    if (arguments.length > 1) noMore('TensorDataset.batch', 1, arguments);
    return this.gather(indices)();
  }

  /** @internal */
  gather(indices: Int32Array): () => T {
    return () =>
      compose(() => {
        const index = tensor(indices, { device: this.tensors[0]?.device });
        return this.tensors.map((t) => rowsOf(t, indices, index)) as T;
      });
  }
}

/**
 * Makes tensors that nobody else has: whoever calls it may free them. What a data set itself makes may be needed again, by a data set that
 * remembers its examples.
 */
export type MakeBatch<T> = () => T;

/** A data set of the library, which can tell what it makes for a batch from what it has. */
export interface Gathering<T extends Tensor[]> {
  gather(indices: Int32Array): MakeBatch<T>;
}

/** Whether `batch` is that of a class of the library, not that of a class that extends it. */
function isGathering<T extends Tensor[]>(dataset: object): dataset is Gathering<T> {
  return Object.hasOwn(Object.getPrototypeOf(dataset), 'gather') && !Object.hasOwn(dataset, 'batch');
}

/** Examples, to be stacked part by part. Refuses what an `async get` gives. */
function stacked<T extends Tensor[]>(examples: readonly T[]): MakeBatch<T> {
  const [first] = examples;
  if (!Array.isArray(first)) {
    refuse(
      ArgumentError,
      'collate',
      'a data set must give a list of tensors for each example; asynchronous reading belongs in prepare()',
      { argument: 'get', got: first },
    );
  }
  return () => compose(() => first.map((_, part) => stack(examples.map((example) => example[part]!))) as T);
}

/** Asks a data set for several examples. */
export function collate<T extends Tensor[]>(dataset: Dataset<T>, indices: Int32Array): MakeBatch<T> {
  if (isGathering<T>(dataset)) return dataset.gather(indices);
  if (dataset.batch === undefined) return stacked(Array.from(indices, (i) => dataset.get(i)));
  const parts = dataset.batch(indices);
  return () => parts;
}

/** A pass through a data set: the order of the examples, and their batches. */
export interface PassPlan<T extends Tensor[]> {
  dataset: Dataset<T>;
  order: Int32Array;
  batchSize: number;
  batches: number;
  /** Batches to read ahead, from data sets with `prepare`. */
  prefetch: number;
}

/** The batches of a pass in their order, with some of them read ahead. */
export class BatchReader<T extends Tensor[]> {
  /** Batches that are being read, the next one first. */
  private readonly ahead: Promise<() => MakeBatch<T>>[] = [];
  private started = 0;

  constructor(private readonly plan: PassPlan<T>) {}

  private indices(batch: number): Int32Array {
    const { order, batchSize } = this.plan;
    return order.subarray(batch * batchSize, (batch + 1) * batchSize);
  }

  /** A function that asks the data set for the next batch; a promise of one if the data set reads ahead. */
  next(): (() => MakeBatch<T>) | Promise<() => MakeBatch<T>> {
    const { dataset, batches, prefetch } = this.plan;
    const { prepare } = dataset;
    if (prepare === undefined || prefetch === 0) {
      const indices = this.indices(this.started++);
      return () => collate(dataset, indices);
    }
    while (this.started < batches && this.ahead.length <= prefetch) {
      const reading = Promise.all(Array.from(this.indices(this.started++), async (i) => prepare.call(dataset, i)));
      const batch = reading.then((makers) => () => stacked(makers.map((make) => make())));
      // A failure is reported where the batch is awaited, not before.
      batch.catch(() => {});
      this.ahead.push(batch);
    }
    return this.ahead.shift()!;
  }
}
