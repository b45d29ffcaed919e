/** Lists of examples in any form: tensors by their first dimension, typed arrays, plain arrays. */
import { ArgumentError, refuse } from '../../bindings/errors.ts';
import { isList, typedArrayName } from '../../bindings/realm.ts';
import type { NumberArray } from '../ops/index.ts';
import { compose, tensor } from '../ops/index.ts';
import { isTensor, type Tensor } from '../tensor/tensor.ts';

/** A list of examples. */
export type Rows = Tensor | NumberArray | readonly unknown[];

/** How many examples there are. */
function countRows(op: string, argument: string, x: unknown): number {
  if (isTensor(x) && x.ndim > 0) return x.shape[0]!;
  if (isList(x)) return x.length;
  refuse(ArgumentError, op, `${argument} must be a tensor with at least one dimension, or an array`, {
    argument,
    got: x,
  });
}

/** Refuses lists of different lengths; gives the length. */
export function commonLength(op: string, lists: readonly unknown[]): number {
  const lengths = lists.map((list, i) => countRows(op, `argument ${i}`, list));
  if (lengths.length === 0 || lengths.some((length) => length !== lengths[0])) {
    refuse(ArgumentError, op, `expected lists of the same length, got ${lengths.join(', ') || 'none'}`, {
      got: lengths,
    });
  }
  return lengths[0]!;
}

/** The examples with these numbers, in the form in which they came. */
export function takeRows<T extends Rows>(x: T, indices: Int32Array): T {
  if (isTensor(x)) {
    return compose(() => x.indexSelect(0, tensor(indices, { device: x.device }))) as T;
  }
  if (Array.isArray(x)) return Array.from(indices, (i) => x[i]) as unknown as T;
  const list = x as NumberArray;
  // By name: subclasses such as Node's Buffer have another `from`.
  const kind = (globalThis as unknown as Record<string, typeof Float32Array>)[typedArrayName(list)!]!;
  return kind.from(indices, (i) => list[i]!) as unknown as T;
}
