/** Comparisons of tensors and numbers, element by element with broadcasting, which give bool; and the choice by them. */

import { floatBits } from '../../bindings/commands/program.ts';
import { DTypeError, refuse } from '../../bindings/errors.ts';
import { commonExecutor, emitScalar, emitUnary, emitWhere } from '../emit/emit.ts';
import { noMore } from '../options.ts';
import { record } from '../tape/record.ts';
import { broadcastShapes, type Shape } from '../tensor/shapes.ts';
import { isTensor, type Tensor } from '../tensor/tensor.ts';
import { checkTensor } from './check.ts';
import { compose } from './compose.ts';
import { cast } from './convert.ts';
import { scalarTensor } from './create.ts';
import { checkOperands, converted, meetingType, type Operand, tensorPair, withoutBooleans } from './operands.ts';

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

/**
 * Whether x is 0.
 *
 * @example
 * logicalNot(tensor([true, false])).toArray(); // [false, true]
 */
export function logicalNot<S extends Shape>(x: Tensor<S>): Tensor<S>;
export function logicalNot(x: Tensor): Tensor {
  if (arguments.length > 1) noMore('logicalNot', 1, arguments);
  checkTensor('logicalNot', 'input', x);
  return emitUnary(x.dtype === 'float32' ? 'logicalNot' : 'logicalNotI', x, 'bool');
}

/**
 * condition ? a : b, element by element, with broadcasting.
 *
 * @throws ShapeError where the shapes do not broadcast, DTypeError where the condition is float32
 * @example
 * where(tensor([true, false]), tensor([1, 2]), 0).toArray(); // [1, 0]
 */
export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  if (arguments.length > 3) noMore('where', 3, arguments);
  checkTensor('where', 'condition', condition);
  checkOperands('where', a, b);
  if (typeof a === 'boolean' || typeof b === 'boolean')
    return compose(() => where(condition, ...withoutBooleans(a, b, condition.executor)));
  return compose(() => {
    if (condition.dtype === 'float32')
      refuse(DTypeError, 'where', 'condition must be bool or int32, got float32', { argument: 'condition' });
    const type = isTensor(a) && isTensor(b) && a.dtype === b.dtype ? a.dtype : meetingType(a, b);
    const convert = (x: Operand) =>
      isTensor(x) ? (x.dtype === type ? x : cast(x, type)) : scalarTensor(Number(x), type, condition.executor);
    const [x, y] = [convert(a), convert(b)];
    commonExecutor('where', condition, x, y);
    const shape = broadcastShapes('where', condition.shape, broadcastShapes('where', x.shape, y.shape));
    return record('where', [condition, x, y], emitWhere(condition, x, y, shape));
  });
}
