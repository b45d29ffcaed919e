/** From the examples that a trainer is given to passes of batches. */
import { ArgumentError, refuse, ShapeError } from '../../bindings/errors.ts';
import { isInstance, refuseOtherCopy } from '../copies.ts';
import { BatchReader, collate, type Dataset, type Gathering, type MakeBatch, TensorDataset } from '../data/dataset.ts';
import { DataLoader } from '../data/loader.ts';
import { generator } from '../emit/random.ts';
import { tensor } from '../ops/index.ts';
import { checkRange, checkWhole } from '../options.ts';
import { isTensor, type Tensor } from '../tensor/tensor.ts';
import { type BatchIterable, isBatchIterable, iterated } from './iterables.ts';
import type { Pass, Source } from './source.ts';

/** Inputs: a tensor, or one for each input of the model. */
export type Inputs = Tensor | readonly Tensor[];

/** Targets: a tensor, or one for each loss. */
export type Targets = Tensor | readonly Tensor[];

/**
 * Examples: inputs (with targets in an argument of their own); a data set whose last part is the targets (whose last parts are, one for
 * each loss); a DataLoader; or batches [inputs, …, targets] from anything that can be iterated over, or from a function that begins an
 * iteration.
 */
export type Examples = Inputs | Dataset | DataLoader | BatchIterable;

/** Inputs and targets, with or without weights of the examples; or a data set of both, or batches. */
export type ValidationData =
  | readonly [x: Inputs, y: Targets]
  | readonly [x: Inputs, y: Targets, sampleWeight: SampleWeight]
  | Dataset
  | DataLoader
  | BatchIterable;

/** A factor for the loss of each example. */
export type SampleWeight = Tensor | ArrayLike<number>;

/** Awaits `fn`, then `end` in any case; if both fail, the error is that of `fn`. */
export async function ending<T>(end: () => Promise<void>, fn: () => Promise<T>): Promise<T> {
  let result: T;
  try {
    result = await fn();
  } catch (error) {
    await end().catch(() => {});
    throw error;
  }
  await end();
  return result;
}

/** A data set, and how it is divided into batches. */
class DatasetSource implements Source {
  constructor(
    readonly dataset: Dataset,
    readonly settings: {
      batchSize: number;
      dropLast: boolean;
      prefetch: number;
      weighted: boolean;
      /** The order of the examples in the next pass. */
      order(): Int32Array;
    },
  ) {}

  get weighted(): boolean {
    return this.settings.weighted;
  }

  get batches(): number {
    const batches = this.dataset.length / this.settings.batchSize;
    return this.settings.dropLast ? Math.floor(batches) : Math.ceil(batches);
  }

  begin(): Pass {
    const { dataset, batches } = this;
    const { batchSize, prefetch } = this.settings;
    const reader = new BatchReader({ dataset, order: this.settings.order(), batchSize, batches, prefetch });
    let left = batches;
    return { next: () => (left-- > 0 ? reader.next() : () => null), end: async () => {} };
  }

  async end(): Promise<void> {}
}

/** A range of a data set's examples. */
class Part implements Dataset, Gathering<Tensor[]> {
  readonly prepare?: (i: number) => Promise<() => Tensor[]>;

  constructor(
    private readonly whole: Dataset,
    private readonly start: number,
    readonly length: number,
  ) {
    const { prepare } = whole;
    if (prepare !== undefined) this.prepare = (i) => prepare.call(whole, start + i);
  }

  get(i: number): Tensor[] {
    return this.whole.get(this.start + i);
  }

  gather(indices: Int32Array): MakeBatch<Tensor[]> {
    return collate(
      this.whole,
      indices.map((i) => this.start + i),
    );
  }
}

function withWeight(parts: Tensor[], weight: number): Tensor[] {
  return [...parts, tensor(weight, { device: parts[0]?.device })];
}

/** A data set with the weights of its examples as an additional last part. */
class Weighted implements Dataset, Gathering<Tensor[]> {
  readonly prepare?: (i: number) => Promise<() => Tensor[]>;

  constructor(
    private readonly whole: Dataset,
    private readonly weights: Float32Array,
  ) {
    const { prepare } = whole;
    if (prepare !== undefined) {
      this.prepare = async (i) => {
        const make = await prepare.call(whole, i);
        return () => withWeight(make(), weights[i]!);
      };
    }
  }

  get length(): number {
    return this.whole.length;
  }

  get(i: number): Tensor[] {
    return withWeight(this.whole.get(i), this.weights[i]!);
  }

  gather(indices: Int32Array): MakeBatch<Tensor[]> {
    const make = collate(this.whole, indices);
    return () => {
      const parts = make();
      const own = Float32Array.from(indices, (i) => this.weights[i]!);
      return [...parts, tensor(own, { device: parts[0]?.device })];
    };
  }
}

/** The weights as numbers, one for each example. */
function weightsFor(op: string, given: SampleWeight, length: number): Float32Array {
  const values = isTensor(given) ? given.dataSync() : given;
  const isList = values !== null && typeof values === 'object' && (!isTensor(given) || given.ndim === 1);
  if (!isList || values.length !== length) {
    refuse(ShapeError, op, `sampleWeight must have one number for each of the ${length} examples`, {
      argument: 'sampleWeight',
      got: isTensor(given) ? given.shape : given,
      expected: [length],
    });
  }
  const numbers = Float32Array.from(values);
  if (!numbers.every((weight) => weight >= 0 && weight < Infinity)) {
    refuse(ArgumentError, op, 'sampleWeight must hold finite numbers ≥ 0', { argument: 'sampleWeight' });
  }
  return numbers;
}

function inOrder(length: number): Int32Array {
  return Int32Array.from({ length }, (_, i) => i);
}

export interface SourceOptions {
  /** The number of targets of an example. */
  targets: number;
  batchSize?: number;
  shuffle?: boolean;
  sampleWeight?: SampleWeight;
  /** Batches in a pass, for examples that can only be iterated over. */
  stepsPerEpoch?: number;
}

/** Inputs and targets as a data set. */
function datasetOf(op: string, x: Inputs, y: readonly Tensor[] | undefined, targets: number): Dataset {
  const inputs = isTensor(x) ? [x] : [...x];
  if (y === undefined) {
    refuse(ArgumentError, op, 'inputs given as a tensor need targets given as a tensor', { argument: 'y', got: y });
  }
  if (y.length !== targets) {
    const expected =
      targets === 1
        ? 'there is one loss, so targets must be one tensor'
        : `there are ${targets} losses, so targets must be a list of that many tensors`;
    refuse(ArgumentError, op, `${expected}, got ${y.length}`, { argument: 'y', got: y.length, expected: targets });
  }
  const lengths = [...inputs, ...y].map(({ shape }) => shape[0]);
  if (lengths.some((length) => length === undefined || length !== lengths[0])) {
    refuse(
      ShapeError,
      op,
      `inputs and targets must have the same number of examples, got ${lengths.map((length) => length ?? 'a scalar').join(' and ')}`,
      { argument: 'y', got: y[0]?.shape, expected: [lengths[0]] },
    );
  }
  return new TensorDataset(...inputs, ...y);
}

/** Whether this is a list of tensors, one for each input. */
export function isTensorList(x: unknown): x is readonly [Tensor, ...Tensor[]] {
  return Array.isArray(x) && x.length > 0 && x.every(isTensor);
}

/** Whether this is a data set: of a length, and with examples by number. */
function isDataset(x: unknown): x is Dataset {
  if (isTensor(x)) return false;
  const { length, get } = (x ?? {}) as Partial<Dataset>;
  return typeof length === 'number' && typeof get === 'function';
}

/** Validation data as arguments of `sourceOf`: inputs and targets apart, or examples of both. */
export function validationParts(
  given: ValidationData,
  targets: number,
): [x: Examples, y?: readonly Tensor[], weights?: SampleWeight] {
  if (Array.isArray(given)) {
    const [x, y, weights] = given;
    if (isTensor(y)) return [x, [y], weights];
    // Two batches also look like two lists of tensors; those have inputs as well.
    if (isTensorList(y) && (isTensor(x) || (targets > 1 && y.length === targets))) return [x, y, weights];
  }
  return [given as Examples];
}

/** The source of the examples that a method was given. */
export function sourceOf(op: string, x: Examples, y: readonly Tensor[] | undefined, options: SourceOptions): Source {
  const { batchSize = 32, shuffle = false, sampleWeight, stepsPerEpoch, targets } = options;
  checkWhole(op, 'batchSize', batchSize, 1);
  if (stepsPerEpoch !== undefined) checkWhole(op, 'stepsPerEpoch', stepsPerEpoch, 1);
  const weigh = (dataset: Dataset) =>
    sampleWeight === undefined ? dataset : new Weighted(dataset, weightsFor(op, sampleWeight, dataset.length));
  refuseOtherCopy(x);
  if (!isInstance(x, DataLoader) && !isDataset(x) && isBatchIterable(x) && !isTensorList(x) && !isTensor(x)) {
    if (sampleWeight !== undefined) {
      refuse(ArgumentError, op, 'sampleWeight needs examples by number: tensors, a data set or a DataLoader', {
        argument: 'sampleWeight',
      });
    }
    return iterated(op, x, stepsPerEpoch);
  }
  if (stepsPerEpoch !== undefined) {
    refuse(ArgumentError, op, 'stepsPerEpoch is for generators; here the number of batches is known', {
      argument: 'stepsPerEpoch',
      got: stepsPerEpoch,
    });
  }
  const weighted = sampleWeight !== undefined;
  let source: DatasetSource;
  if (isInstance(x, DataLoader)) {
    const { batchSize: size, dropLast, prefetch } = x;
    const settings = { batchSize: size, dropLast, prefetch, weighted, order: () => x.order() };
    source = new DatasetSource(weigh(x.dataset), settings);
  } else if (isTensor(x) || isTensorList(x)) {
    source = sourceOfDataset(weigh(datasetOf(op, x, y, targets)), { batchSize, weighted }, shuffle);
  } else if (isDataset(x)) {
    source = sourceOfDataset(weigh(x), { batchSize, weighted }, shuffle);
  } else {
    refuse(ArgumentError, op, 'expected tensors, a data set or a DataLoader, or batches to iterate over', {
      argument: 'x',
      got: x,
    });
  }
  if (source.batches === 0) refuse(ArgumentError, op, 'there are no examples', { argument: 'x' });
  return source;
}

function sourceOfDataset(
  dataset: Dataset,
  { batchSize, weighted }: { batchSize: number; weighted: boolean },
  shuffle: boolean,
): DatasetSource {
  const { length } = dataset;
  const order = () => (shuffle ? generator.permutation(length) : inOrder(length));
  return new DatasetSource(dataset, { batchSize, weighted, dropLast: false, prefetch: 1, order });
}

/** Splits off the last share of the examples. */
export function splitOff(op: string, source: Source, share: number, shuffle: boolean): [train: Source, rest: Source] {
  checkRange(op, 'validationSplit', share, 0, 1);
  const { dataset } = source;
  if (!(source instanceof DatasetSource) || dataset === null) {
    refuse(ArgumentError, op, 'validationSplit needs examples by number; give validationData', {
      argument: 'validationSplit',
      got: share,
    });
  }
  const train = Math.floor(dataset.length * (1 - share));
  if (train < 1 || train === dataset.length) {
    refuse(
      ArgumentError,
      op,
      `validationSplit ${share} of ${dataset.length} examples leaves ${train} for training and ${dataset.length - train} for validation`,
      { argument: 'validationSplit', got: share },
    );
  }
  return [
    sourceOfDataset(new Part(dataset, 0, train), source.settings, shuffle),
    sourceOfDataset(new Part(dataset, train, dataset.length - train), source.settings, false),
  ];
}
