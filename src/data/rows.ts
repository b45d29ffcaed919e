/** Lists of examples in any form: tensors by their first dimension, typed arrays, plain arrays. */
import { ArgumentError, refuse } from '../../bindings/errors.ts';
import { isList, typedArrayName } from '../../bindings/realm.ts';
import type { NumberArray } from '../ops/index.ts';
import { compose, tensor } from '../ops/index.ts';
import { isTensor, type Tensor } from '../tensor/tensor.ts';

/** A list of examples. */
export type Rows = Tensor | NumberArray | readonly unknown[];

/** The number of examples. */
function countRows(op: string, argument: string, x: unknown): number {
  const length = isTensor(x) ? x.shape[0] : isList(x) ? x.length : undefined;
  if (length !== undefined) return length;
  refuse(ArgumentError, op, `${argument} must be a tensor with at least one dimension, or an array`, {
    argument,
    got: x,
  });
}

/** The length of all lists; refuses lists of different lengths. */
export function commonLength(op: string, lists: readonly unknown[]): number {
  const lengths = lists.map((list, i) => countRows(op, `argument ${i}`, list));
  const [common] = lengths;
  if (common === undefined || lengths.some((length) => length !== common)) {
    refuse(ArgumentError, op, `expected lists of the same length, got ${lengths.join(', ') || 'none'}`, {
      got: lengths,
    });
  }
  return common;
}

/** The examples with these indices, in the form of the list. */
export function takeRows<T extends Rows>(x: T, indices: Int32Array): T;
export function takeRows(x: Rows, indices: Int32Array): Rows {
  if (isTensor(x)) return compose(() => x.indexSelect(0, tensor(indices, { device: x.device })));
  if (Array.isArray(x)) return Array.from(indices, (i) => x[i]);
  const list = x as NumberArray;
  // By name: subclasses such as Node's Buffer have another `from`.
  const kind: typeof Float32Array = Reflect.get(globalThis, typedArrayName(list) ?? '');
  return kind.from(indices, (i) => list[i]!);
}
