/** Data sets: something with a length, and examples by number. */

import { ArgumentError, refuse, ShapeError } from '../../bindings/errors.ts';
import { Marked } from '../copies.ts';
import { checkTensor, compose, stack, tensor } from '../ops/index.ts';
import { noMore } from '../options.ts';
import { show } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Examples by number; an example is a list of tensors `T`, such as an image and its label. */
export interface Dataset<T extends Tensor[] = Tensor[]> {
  /** How many examples there are: `get` is asked for 0 … length − 1. */
  readonly length: number;
  /** Example i. */
  get(i: number): T;
  /** Several examples at once, each part stacked along a new first dimension; where it is missing, `get` is asked for each. */
  batch?(indices: Int32Array): T;
  /**
   * Begins to read example i ahead of its turn, and gives what makes its tensors when it is its turn. Nothing is drawn at random
   * and no tensor is made before that, so that reading ahead changes no result.
   */
  prepare?(i: number): Promise<() => T>;
}

/**
 * Tensors whose first dimension counts the examples.
 *
 * @throws ShapeError where the first sizes differ
 * @example
 * const train = new data.TensorDataset(x, y);
 * train.length; // 12
 */
export class TensorDataset<T extends Tensor[] = Tensor[]> extends Marked implements Dataset<T> {
  /** The tensors, in the order in which they were given. They are not copied, and not freed with the data set. */
  readonly tensors: T;
  /** How many examples there are: the tensors' first size. */
  readonly length: number;

  constructor(...tensors: T) {
    super();
    if (tensors.length === 0)
      refuse(ArgumentError, 'TensorDataset', 'needs at least one tensor', { argument: 'tensors' });
    tensors.forEach((t, i) => {
      checkTensor('TensorDataset', `tensors[${i}]`, t);
    });
    const length = tensors[0]!.shape[0];
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
    this.length = length!;
  }

  get(i: number): T {
    if (arguments.length > 1) noMore('TensorDataset.get', 1, arguments);
    return this.tensors.map((t) => t.select(0, i)) as T;
  }

  batch(indices: Int32Array): T {
    if (arguments.length > 1) noMore('TensorDataset.batch', 1, arguments);
    return compose(() => {
      const index = tensor(indices, { device: this.tensors[0]!.device });
      return this.tensors.map((t) => t.indexSelect(0, index)) as T;
    });
  }
}

/** Examples, stacked part by part. Users may have written `async get`. */
function stacked<T extends Tensor[]>(makers: readonly (() => T)[]): T {
  return compose(() => {
    const examples = makers.map((make) => make());
    if (!Array.isArray(examples[0])) {
      throw new ArgumentError(
        'a data set must give a list of tensors for each example; what is read asynchronously goes into prepare()',
        { op: 'collate', argument: 'get', got: examples[0] },
      );
    }
    return examples[0]!.map((_, part) => stack(examples.map((example) => example[part]!))) as T;
  });
}

/** Several examples of any data set, stacked part by part. */
export function collate<T extends Tensor[]>(dataset: Dataset<T>, indices: Int32Array): T {
  if (dataset.batch !== undefined) return dataset.batch(indices);
  return stacked(Array.from(indices, (i) => () => dataset.get(i)));
}

/** How a pass goes through a data set. */
export interface Pass<T extends Tensor[]> {
  dataset: Dataset<T>;
  order: Int32Array;
  batchSize: number;
  batches: number;
  /** Batches that are read ahead, of data sets that can be. */
  prefetch: number;
}

/** The batches of a pass, one after the other, with some of them read ahead. */
export class BatchReader<T extends Tensor[]> {
  /** What is on its way, the next batch first. */
  private readonly ahead: Promise<() => T>[] = [];
  private started = 0;

  constructor(private readonly pass: Pass<T>) {}

  private indices(batch: number): Int32Array {
    const { order, batchSize } = this.pass;
    return order.subarray(batch * batchSize, (batch + 1) * batchSize);
  }

  /** What makes the next batch; a promise of it where the data set reads ahead. */
  next(): (() => T) | Promise<() => T> {
    const { dataset, batches, prefetch } = this.pass;
    if (dataset.prepare === undefined || prefetch === 0) {
      const indices = this.indices(this.started++);
      return () => collate(dataset, indices);
    }
    while (this.started < batches && this.ahead.length <= prefetch) {
      const reading = Promise.all(Array.from(this.indices(this.started++), async (i) => dataset.prepare!(i)));
      const batch = reading.then((makers) => () => stacked(makers));
      // It fails when its turn has come; until then nobody looks at it.
      batch.catch(() => {});
      this.ahead.push(batch);
    }
    return this.ahead.shift()!;
  }
}
