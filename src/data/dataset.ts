/** Data sets: something with a length, and examples by number. */
import { ArgumentError, ShapeError } from '../../bindings/errors.ts';
import { checkTensor, compose, stack, tensor } from '../ops/index.ts';
import { show } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Examples by number; an example is a list of tensors `T`, such as an image and its label. */
export interface Dataset<T extends Tensor[] = Tensor[]> {
  readonly length: number;
  /** Example i. */
  get(i: number): T;
  /** Several examples at once, each part stacked along a new first dimension; where it is missing, `get` is asked for each. */
  batch?(indices: Int32Array): T;
}

/**
 * Tensors whose first dimension counts the examples.
 *
 * @example
 * const train = new data.TensorDataset(images, labels);
 */
export class TensorDataset<T extends Tensor[] = Tensor[]> implements Dataset<T> {
  readonly tensors: T;
  readonly length: number;

  constructor(...tensors: T) {
    if (tensors.length === 0)
      throw new ArgumentError('TensorDataset: needs at least one tensor', { op: 'TensorDataset', argument: 'tensors' });
    tensors.forEach((t, i) => {
      checkTensor('TensorDataset', `tensors[${i}]`, t);
    });
    const length = tensors[0]!.shape[0];
    for (const t of tensors) {
      if (t.ndim === 0 || t.shape[0] !== length) {
        throw new ShapeError(
          `TensorDataset: all tensors must have the same first size, got ${tensors.map((x) => show(x.shape)).join(' and ')}`,
          { op: 'TensorDataset', got: t.shape },
        );
      }
    }
    this.tensors = tensors;
    this.length = length!;
  }

  get(i: number): T {
    return this.tensors.map((t) => t.select(0, i)) as T;
  }

  batch(indices: Int32Array): T {
    return compose(() => {
      const index = tensor(indices, { device: this.tensors[0]!.device });
      return this.tensors.map((t) => t.indexSelect(0, index)) as T;
    });
  }
}

/** Several examples of any data set, stacked part by part. */
export function collate<T extends Tensor[]>(dataset: Dataset<T>, indices: Int32Array): T {
  if (dataset.batch !== undefined) return dataset.batch(indices);
  return compose(() => {
    const examples = Array.from(indices, (i) => dataset.get(i));
    return examples[0]!.map((_, part) => stack(examples.map((example) => example[part]!))) as T;
  });
}
