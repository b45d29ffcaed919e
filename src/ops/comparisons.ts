/** Comparisons of tensors and numbers, element by element with broadcasting, which give bool. */

import { floatBits } from '../../bindings/commands/program.ts';
import { emitScalar } from '../emit/emit.ts';
import { noMore } from '../options.ts';
import { isTensor, type Tensor } from '../tensor/tensor.ts';
import {
  checkOperands,
  compose,
  converted,
  meetingType,
  type Operand,
  tensorPair,
  withoutBooleans,
} from './arithmetic.ts';
import { scalarTensor } from './create.ts';

type Comparison = 'eq' | 'ne' | 'gt' | 'ge' | 'lt' | 'le';

function comparison(fn: Comparison, a: Operand, b: Operand): Tensor {
  if (typeof a === 'boolean' || typeof b === 'boolean') return compose(() => comparison(fn, ...withoutBooleans(a, b)));
  if (typeof a === 'number' && typeof b === 'number') return comparison(fn, scalarTensor(a), b);
  checkOperands(fn, a, b);
  const type = meetingType(a, b);
  if (type === 'float32' && isTensor(a) && a.dtype === 'float32' && typeof b === 'number') {
    return emitScalar(fn, a, floatBits(b), false, 'bool');
  }
  return compose(() => {
    const [x, y] = converted(a, b, type);
    return tensorPair(fn, type === 'float32' ? fn : `${fn}I`, null, x, y, 'bool');
  });
}

/**
 * a = b, as bool.
 *
 * @throws ShapeError where the shapes do not broadcast
 * @example
 * eq(tensor([1, 2]), 2).toArray(); // [false, true]
 */
export function eq(a: Operand, b: Operand): Tensor {
  if (arguments.length > 2) noMore('eq', 2, arguments);
  return comparison('eq', a, b);
}
/**
 * a ≠ b, as bool.
 *
 * @throws ShapeError where the shapes do not broadcast
 * @example
 * ne(tensor([1, 2]), 2).toArray(); // [true, false]
 */
export function ne(a: Operand, b: Operand): Tensor {
  if (arguments.length > 2) noMore('ne', 2, arguments);
  return comparison('ne', a, b);
}
/**
 * a > b, as bool.
 *
 * @throws ShapeError where the shapes do not broadcast
 * @example
 * gt(tensor([1, 2, 3]), 2).toArray(); // [false, false, true]
 */
export function gt(a: Operand, b: Operand): Tensor {
  if (arguments.length > 2) noMore('gt', 2, arguments);
  return comparison('gt', a, b);
}
/**
 * a ≥ b, as bool.
 *
 * @throws ShapeError where the shapes do not broadcast
 * @example
 * ge(tensor([1, 2, 3]), 2).toArray(); // [false, true, true]
 */
export function ge(a: Operand, b: Operand): Tensor {
  if (arguments.length > 2) noMore('ge', 2, arguments);
  return comparison('ge', a, b);
}
/**
 * a < b, as bool.
 *
 * @throws ShapeError where the shapes do not broadcast
 * @example
 * lt(tensor([1, 2, 3]), 2).toArray(); // [true, false, false]
 */
export function lt(a: Operand, b: Operand): Tensor {
  if (arguments.length > 2) noMore('lt', 2, arguments);
  return comparison('lt', a, b);
}
/**
 * a ≤ b, as bool.
 *
 * @throws ShapeError where the shapes do not broadcast
 * @example
 * le(tensor([1, 2, 3]), 2).toArray(); // [true, true, false]
 */
export function le(a: Operand, b: Operand): Tensor {
  if (arguments.length > 2) noMore('le', 2, arguments);
  return comparison('le', a, b);
}
