/** What a trainer is given to learn from, as data sets. */
import { ArgumentError } from '../../bindings/errors.ts';
import { collate, type Dataset, TensorDataset } from '../data/dataset.ts';
import { DataLoader } from '../data/loader.ts';
import { checkRange } from '../options.ts';
import { generator } from '../runtime/random.ts';
import { Tensor } from '../tensor/tensor.ts';

/** Examples: a tensor of inputs (the targets come apart), a data set whose last part are the targets, or batches of one. */
export type Examples = Tensor | Dataset | DataLoader;

/** Inputs and targets, or a data set of both. */
export type ValidationData = readonly [x: Tensor, y: Tensor] | Dataset | DataLoader;

/** Some examples of a data set. */
class Part implements Dataset {
  constructor(
    private readonly whole: Dataset,
    private readonly start: number,
    readonly length: number,
  ) {}

  get(i: number): Tensor[] {
    return this.whole.get(this.start + i);
  }

  batch(indices: Int32Array): Tensor[] {
    return collate(
      this.whole,
      indices.map((i) => this.start + i),
    );
  }
}

/** A data set, and how it comes in batches. */
export interface Source {
  dataset: Dataset;
  batchSize: number;
  dropLast: boolean;
  /** In which order the next pass takes the examples. */
  order(): Int32Array;
}

function inOrder(length: number): Int32Array {
  return Int32Array.from({ length }, (_, i) => i);
}

/** Where the examples come from. */
export function sourceOf(
  op: string,
  examples: Examples,
  y: Tensor | undefined,
  { batchSize = 32, shuffle = false }: { batchSize?: number; shuffle?: boolean },
): Source {
  if (examples instanceof DataLoader) {
    const { dataset, batchSize: size, dropLast } = examples;
    return { dataset, batchSize: size, dropLast, order: () => examples.order() };
  }
  let dataset: Dataset;
  if (examples instanceof Tensor) {
    if (!(y instanceof Tensor)) {
      throw new ArgumentError(`${op}: inputs given as a tensor need targets given as a tensor`, {
        op,
        argument: 'y',
        got: y,
      });
    }
    dataset = new TensorDataset(examples, y);
  } else if (typeof examples?.length === 'number' && typeof examples.get === 'function') {
    dataset = examples;
  } else {
    throw new ArgumentError(`${op}: expected tensors, a data set or a DataLoader`, {
      op,
      argument: 'x',
      got: examples,
    });
  }
  return sourceOfDataset(dataset, batchSize, shuffle);
}

function sourceOfDataset(dataset: Dataset, batchSize: number, shuffle: boolean): Source {
  const { length } = dataset;
  return {
    dataset,
    batchSize,
    dropLast: false,
    order: () => (shuffle ? generator.permutation(length) : inOrder(length)),
  };
}

/** The last share of the examples apart. */
export function splitOff(
  op: string,
  source: Source,
  share: number,
  shuffle: boolean,
): [train: Source, validation: Source] {
  checkRange(op, 'validationSplit', share, 0, 1);
  const { dataset, batchSize } = source;
  const train = Math.floor(dataset.length * (1 - share));
  if (train < 1 || train === dataset.length) {
    throw new ArgumentError(
      `${op}: validationSplit ${share} of ${dataset.length} examples leaves ${train} for training and ${dataset.length - train} for validation`,
      { op, argument: 'validationSplit', got: share },
    );
  }
  return [
    sourceOfDataset(new Part(dataset, 0, train), batchSize, shuffle),
    sourceOfDataset(new Part(dataset, train, dataset.length - train), batchSize, false),
  ];
}

/** How many batches a pass has. */
export function batchesOf({ dataset, batchSize, dropLast }: Source): number {
  const batches = dataset.length / batchSize;
  return dropLast ? Math.floor(batches) : Math.ceil(batches);
}

/** The targets of all examples: of data sets made of tensors only. */
export function targetsOf({ dataset }: Source): Tensor | null {
  return dataset instanceof TensorDataset ? dataset.tensors[dataset.tensors.length - 1]! : null;
}
