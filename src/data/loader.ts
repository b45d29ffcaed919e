/** Batches of a data set, in order or shuffled. */
import { ArgumentError, refuse } from '../../bindings/errors.ts';
import { Marked, refuseOtherCopy } from '../copies.ts';
import { type Generator, generatorFor } from '../emit/random.ts';
import { checkOptions, checkWhole, FLAG, noMore, VALUE } from '../options.ts';
import { closeScope, openScope, type Scope } from '../tensor/scope.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { BatchReader, type Dataset } from './dataset.ts';

/** Options of `DataLoader`. */
export interface DataLoaderOptions {
  /** Examples in a batch. Default 1. */
  batchSize?: number;
  /** A new random order in each pass. Default false. */
  shuffle?: boolean;
  /** Drop the last batch if it is not full. Default false. */
  dropLast?: boolean;
  /** Seed of the orders; without it they follow `manualSeed`. */
  seed?: number;
  /**
   * Batches that `for await` and `Trainer` read ahead while they process the present one, from data sets with `prepare` such as
   * `imageFolder`. Default 1.
   */
  prefetch?: number;
}

/**
 * Iterates over batches. Each iteration is a scope: the batch and everything that the body of the loop made are freed when the next
 * batch is asked for. Use `keep(t)`, or read values with `item()`, for results that should outlive the iteration. `for await` reads
 * ahead; while its body awaits something, the scope of the iteration also takes in what other tasks make.
 *
 * @throws ArgumentError if the data set has no length and `get`, or an option is out of range
 * @example
 * const train = new data.TensorDataset(x, y);
 * for (const [images, labels] of new data.DataLoader(train, { batchSize: 4, shuffle: true })) {
 *   optimizer.zeroGrad();
 *   F.crossEntropy(model.forward(images), labels).backward();
 *   optimizer.step();
 * }
 * @example
 * // The next batches are read from their files meanwhile:
 * const loader = new data.DataLoader(await imageFolder('photos'), { batchSize: 32, prefetch: 2 });
 * for await (const [images, labels] of loader) console.log(images.shape, labels.shape);
 */
export class DataLoader<T extends Tensor[] = Tensor[]> extends Marked implements Iterable<T>, AsyncIterable<T> {
  /** Examples in a batch, ≥ 1; the last one may have fewer. Default 1. */
  readonly batchSize: number;
  /** Whether each pass has a new random order. Default false. */
  readonly shuffle: boolean;
  /** Whether a last batch that is not full is left out. Default false. */
  readonly dropLast: boolean;
  /** Batches that are read ahead, ≥ 0, from data sets with `prepare`. Default 1. */
  readonly prefetch: number;
  private readonly orders: Generator;

  constructor(
    /** Where the examples come from. */
    readonly dataset: Dataset<T>,
    options: DataLoaderOptions = {},
  ) {
    if (arguments.length > 2) noMore('DataLoader', 2, arguments);
    super();
    refuseOtherCopy(dataset);
    checkOptions('DataLoader', options, {
      batchSize: VALUE,
      shuffle: FLAG,
      dropLast: FLAG,
      seed: VALUE,
      prefetch: VALUE,
    });
    const { batchSize = 1, shuffle = false, dropLast = false, seed, prefetch = 1 } = options;
    if (typeof dataset?.length !== 'number' || typeof dataset.get !== 'function') {
      refuse(ArgumentError, 'DataLoader', 'dataset must have a length and get(i)', {
        argument: 'dataset',
        got: dataset,
      });
    }
    checkWhole('DataLoader', 'batchSize', batchSize, 1);
    checkWhole('DataLoader', 'prefetch', prefetch);
    this.batchSize = batchSize;
    this.shuffle = shuffle;
    this.dropLast = dropLast;
    this.prefetch = prefetch;
    this.orders = generatorFor('DataLoader', seed);
  }

  /** Batches in a pass. */
  get length(): number {
    const batches = this.dataset.length / this.batchSize;
    return this.dropLast ? Math.floor(batches) : Math.ceil(batches);
  }

  /** @internal The order of the examples in the next pass. */
  order(): Int32Array {
    const { length } = this.dataset;
    return this.shuffle ? this.orders.permutation(length) : Int32Array.from({ length }, (_, i) => i);
  }

  /** A new pass: `begin` opens the scope of an iteration, which `next` or `end` closes. */
  private pass(prefetch: number) {
    const { batchSize, dataset, length } = this;
    const reader = new BatchReader({ dataset, order: this.order(), batchSize, batches: length, prefetch });
    let left = length;
    let scope: Scope | null = null;
    const close = () => {
      if (scope !== null) closeScope(scope);
      scope = null;
    };
    return {
      /** A function that makes the next batch, or null after the last one. */
      next() {
        close();
        return left-- > 0 ? reader.next() : null;
      },
      begin(make: () => T): IteratorResult<T, undefined> {
        scope = openScope();
        try {
          return { done: false, value: make() };
        } catch (error) {
          this.end();
          throw error;
        }
      },
      end(): IteratorResult<T, undefined> {
        left = 0;
        close();
        return { done: true, value: undefined };
      },
    };
  }

  /** The batches of one epoch; each iteration frees what the one before has made. */
  [Symbol.iterator](): Iterator<T, undefined> {
    const pass = this.pass(0);
    return {
      next() {
        const make = pass.next() as (() => T) | null;
        return make === null ? pass.end() : pass.begin(make);
      },
      return: () => pass.end(),
    };
  }

  /** The same, with batches read ahead if the loader prefetches. */
  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    const pass = this.pass(this.prefetch);
    return {
      async next() {
        const make = pass.next();
        if (make === null) return pass.end();
        try {
          return pass.begin(await make);
        } catch (error) {
          pass.end();
          throw error;
        }
      },
      return: async () => pass.end(),
    };
  }
}
