/** Batches of a data set, in order or shuffled. */
import { ArgumentError, refuse } from '../../bindings/errors.ts';
import { Marked, refuseOtherCopy } from '../copies.ts';
import { generatorFor, type Generator as RandomGenerator } from '../emit/random.ts';
import { checkOptions, checkWhole, FLAG, noMore, VALUE } from '../options.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { BatchReader, type Dataset, type MakeBatch } from './dataset.ts';

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
 * Iterates over batches. A batch, and whatever is made of it, lives as long as somebody has it; `for await` reads ahead.
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
  private readonly orders: RandomGenerator;

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

  private reader(prefetch: number): BatchReader<T> {
    const { batchSize, dataset, length } = this;
    return new BatchReader({ dataset, order: this.order(), batchSize, batches: length, prefetch });
  }

  /** The batches of one epoch. */
  [Symbol.iterator](): Iterator<T, undefined> {
    return inOrder(this.reader(0), this.length);
  }

  /** The same, with batches read ahead if the loader prefetches. */
  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return readAhead(this.reader(this.prefetch), this.length);
  }
}

function* inOrder<T extends Tensor[]>(reader: BatchReader<T>, batches: number): Generator<T, undefined> {
  for (let left = batches; left > 0; left--) yield* once((reader.next() as () => MakeBatch<T>)()());
}

async function* readAhead<T extends Tensor[]>(reader: BatchReader<T>, batches: number): AsyncGenerator<T, undefined> {
  for (let left = batches; left > 0; left--) yield* once((await reader.next())()());
}

/** Gives a batch. When the next one is asked for, few programs use it any more. */
function* once<T extends Tensor[]>(batch: T): Generator<T, void> {
  yield batch;
  for (const part of batch) part.storageOrNull?.rest();
}
