/** Arrays in the place of tensors: of indices and class numbers, and of weights. */
import { ArgumentError, refuse } from '../../bindings/errors.ts';
import type { DType } from '../../bindings/executor.ts';
import { typedArrayName } from '../../bindings/realm.ts';
import { nameOf, shown } from '../options.ts';
import { nestedShape } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type NumberArray, tensorOf } from './create.ts';
import type { CreationOptions } from './newTensor.ts';

/** Numbers in nested arrays or in a typed array. */
export type NumberList = readonly (number | NumberList)[] | NumberArray;

export function isNumberList(value: unknown): value is NumberList {
  return Array.isArray(value) || typedArrayName(value) !== undefined;
}

/** Refuses elements, `depth` levels deep, that are not whole numbers. */
function checkWholeNumbers(op: string, argument: string, list: NumberList, depth: number): void {
  for (const item of list) {
    if (isNumberList(item) && depth > 1) checkWholeNumbers(op, argument, item, depth - 1);
    else if (!Number.isInteger(item))
      refuse(
        ArgumentError,
        op,
        `${argument} must be whole numbers, got ${isNumberList(item) ? nameOf(item) : shown(item)}`,
        { argument, got: item },
      );
  }
}

function listed(list: NumberList, dtype: DType, x?: Tensor): Tensor {
  const options: CreationOptions = { dtype, ...(x === undefined ? {} : { executor: x.executor }) };
  return tensorOf(list, options);
}

/** Whole numbers as an int32 tensor on the device of x; a tensor is returned as it is. What it makes belongs to the open scope. */
export function indexTensor(op: string, argument: string, given: Tensor | NumberList, x?: Tensor): Tensor {
  if (!isNumberList(given)) return given;
  checkWholeNumbers(op, argument, given, nestedShape(op, argument, given).length);
  return listed(given, 'int32', x);
}

/** Numbers as a float32 tensor on the device of x; a tensor, or undefined, is returned as it is. What it makes belongs to the open scope. */
export function weightTensor(given: Tensor | NumberList, x?: Tensor): Tensor;
export function weightTensor(given: Tensor | NumberList | undefined, x?: Tensor): Tensor | undefined;
export function weightTensor(given: Tensor | NumberList | undefined, x?: Tensor): Tensor | undefined {
  return isNumberList(given) ? listed(given, 'float32', x) : given;
}
