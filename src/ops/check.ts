/** Checks of operands that all operations share. */
import { ArgumentError, DTypeError, refuse } from '../../bindings/errors.ts';
import type { DType } from '../../bindings/executor.ts';
import { nameOf } from '../options.ts';
import { isTensor, type Tensor } from '../tensor/tensor.ts';

/** Refuses what is not a tensor. */
export function checkTensor(op: string, argument: string, value: unknown): asserts value is Tensor {
  if (!isTensor(value)) {
    refuse(ArgumentError, op, `${argument} must be a tensor, got ${nameOf(value)}`, {
      argument,
      got: value,
      expected: 'Tensor',
    });
  }
}

/** Refuses a number that int32 cannot hold: it would become another. */
export function checkInt32(op: string, argument: string, value: number): void {
  if (!(value > -2147483649 && value < 2147483648))
    refuse(ArgumentError, op, `${value} does not fit into int32; use float32`, {
      argument,
      got: value,
      expected: '−2147483648 … 2147483647',
    });
}

/** A number as an element of a tensor: for bool anything except 0 is true; for int32 the fraction is dropped, and what is too large refused. */
export function elementOf(op: string, argument: string, value: unknown, dtype: DType): number {
  if (typeof value !== 'number' && typeof value !== 'boolean')
    refuse(ArgumentError, op, `${argument} must be a number, got ${nameOf(value)}`, { argument, got: value });
  const number = Number(value);
  if (dtype === 'bool') return Number(number !== 0);
  if (dtype === 'float32') return number;
  checkInt32(op, argument, number);
  return Math.trunc(number);
}

/** Refuses what is not a float32 tensor. */
export function checkFloat(op: string, argument: string, x: unknown): asserts x is Tensor {
  checkTensor(op, argument, x);
  if (x.dtype !== 'float32')
    refuse(DTypeError, op, `${argument} must be float32, got ${x.dtype}; convert it with to('float32')`, {
      argument,
      got: x.dtype,
      expected: 'float32',
    });
}
