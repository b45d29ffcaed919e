/** Checks of operands that all operations share. */
import { ArgumentError, DTypeError } from '../../bindings/errors.ts';
import { nameOf } from '../options.ts';
import { isTensor, type Tensor } from '../tensor/tensor.ts';

/** Refuses what is not a tensor. */
export function checkTensor(op: string, argument: string, value: unknown): asserts value is Tensor {
  if (!isTensor(value)) {
    throw new ArgumentError(`${op}: ${argument} must be a tensor, got ${nameOf(value)}`, {
      op,
      argument,
      got: value,
      expected: 'Tensor',
    });
  }
}

/** Refuses what is not a tensor of float32. */
export function checkFloat(op: string, argument: string, x: unknown): asserts x is Tensor {
  checkTensor(op, argument, x);
  if (x.dtype !== 'float32')
    throw new DTypeError(`${op}: ${argument} must be float32, got ${x.dtype}; convert it with to('float32')`, {
      op,
      argument,
      got: x.dtype,
      expected: 'float32',
    });
}
