/** Lists of examples in any form: tensors by their first dimension, typed arrays, plain arrays. */
import { ArgumentError } from '../../bindings/errors.ts';
import type { NumberArray } from '../ops/index.ts';
import { compose, tensor } from '../ops/index.ts';
import { Tensor } from '../tensor/tensor.ts';

/** A list of examples. */
export type Rows = Tensor | NumberArray | readonly unknown[];

/** How many examples there are. */
function countRows(op: string, argument: string, x: unknown): number {
  if (x instanceof Tensor && x.ndim > 0) return x.shape[0]!;
  if (Array.isArray(x) || (ArrayBuffer.isView(x) && !(x instanceof DataView))) return (x as unknown[]).length;
  throw new ArgumentError(`${op}: ${argument} must be a tensor with at least one dimension, or an array`, {
    op,
    argument,
    got: x,
  });
}

/** Refuses lists of different lengths; gives the length. */
export function commonLength(op: string, lists: readonly unknown[]): number {
  const lengths = lists.map((list, i) => countRows(op, `argument ${i}`, list));
  if (lengths.length === 0 || lengths.some((length) => length !== lengths[0])) {
    throw new ArgumentError(`${op}: expected lists of the same length, got ${lengths.join(', ') || 'none'}`, {
      op,
      got: lengths,
    });
  }
  return lengths[0]!;
}

/** The examples with these numbers, in the form in which they came. */
export function takeRows<T extends Rows>(x: T, indices: Int32Array): T {
  if (x instanceof Tensor) {
    return compose(() => x.indexSelect(0, tensor(indices, { device: x.device }))) as T;
  }
  if (Array.isArray(x)) return Array.from(indices, (i) => x[i]) as unknown as T;
  const list = x as NumberArray;
  return (list.constructor as typeof Float32Array).from(indices, (i) => list[i]!) as unknown as T;
}
