/** Batches of a data set, in order or shuffled. */
import { ArgumentError } from '../../bindings/errors.ts';
import { checkOptions, checkWhole } from '../options.ts';
import { type Generator, generatorFor } from '../runtime/random.ts';
import { closeScope, openScope, type Scope } from '../tensor/scope.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { collate, type Dataset } from './dataset.ts';

/** Options of `DataLoader`. */
export interface DataLoaderOptions {
  /** Examples in a batch. Default 1. */
  batchSize?: number;
  /** A new random order in each pass. Default false. */
  shuffle?: boolean;
  /** Leave out a last batch that is not full. Default false. */
  dropLast?: boolean;
  /** Seed of the orders; without it they follow `manualSeed`. */
  seed?: number;
}

/**
 * Iterates over batches. Each turn of the loop is a scope: the batch and everything that the loop's body made are freed
 * when the next batch is asked for. Use `keep(t)`, or read values with `item()`, for what shall outlive its turn.
 *
 * @example
 * for (const [x, y] of new data.DataLoader(train, { batchSize: 64, shuffle: true })) {
 *   optimizer.zeroGrad();
 *   F.crossEntropy(model.forward(x), y).backward();
 *   optimizer.step();
 * }
 */
export class DataLoader<T extends Tensor[] = Tensor[]> implements Iterable<T> {
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly dropLast: boolean;
  private readonly orders: Generator;

  constructor(
    readonly dataset: Dataset<T>,
    options: DataLoaderOptions = {},
  ) {
    checkOptions('DataLoader', options, ['batchSize', 'shuffle', 'dropLast', 'seed']);
    const { batchSize = 1, shuffle = false, dropLast = false, seed } = options;
    if (typeof dataset?.length !== 'number' || typeof dataset.get !== 'function') {
      throw new ArgumentError('DataLoader: dataset must have a length and get(i)', {
        op: 'DataLoader',
        argument: 'dataset',
        got: dataset,
      });
    }
    checkWhole('DataLoader', 'batchSize', batchSize, 1);
    this.batchSize = batchSize;
    this.shuffle = shuffle;
    this.dropLast = dropLast;
    this.orders = generatorFor('DataLoader', seed);
  }

  /** Batches in a pass. */
  get length(): number {
    const batches = this.dataset.length / this.batchSize;
    return this.dropLast ? Math.floor(batches) : Math.ceil(batches);
  }

  /** @internal In which order the next pass takes the examples. */
  order(): Int32Array {
    const { length } = this.dataset;
    return this.shuffle ? this.orders.permutation(length) : Int32Array.from({ length }, (_, i) => i);
  }

  /** The batches of one epoch; each turn of the loop frees what the turn before has made. */
  [Symbol.iterator](): Iterator<T, undefined> {
    const { batchSize, dataset, length } = this;
    const order = this.order();
    let next = 0;
    let scope: Scope | null = null;
    const end = () => {
      if (scope !== null) closeScope(scope);
      scope = null;
    };
    return {
      next() {
        end();
        if (next >= length) return { done: true, value: undefined };
        scope = openScope();
        const start = next++ * batchSize;
        return { done: false, value: collate(dataset, order.subarray(start, start + batchSize)) };
      },
      return() {
        next = length;
        end();
        return { done: true, value: undefined };
      },
    };
  }
}
