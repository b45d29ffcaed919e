/**
 * The tensor, put together: data (base.ts), arithmetic, reductions, changes of shape, and what changes it in place.
 */

import { refuseOtherCopy } from '../copies.ts';
import type { Operand } from '../ops/index.ts';
import * as ops from '../ops/index.ts';
import { ShapeMethods } from './shapeMethods.ts';
import type { Shape } from './shapes.ts';

/**
 * An array of numbers of any shape that knows where it came from. Made by `tensor`, `zeros`, `randn` and the like.
 *
 * @example
 * const x = tensor([[1, 2], [3, 4]], { requiresGrad: true });
 * x.square().sum().backward();
 * x.grad?.toArray(); // [[2, 4], [6, 8]]
 */
export class Tensor<S extends Shape = Shape> extends ShapeMethods<S> {
  /** x += other. Refused for leaves that require grad, outside `noGrad`. */
  add_(other: Operand): this {
    return ops.inPlace('add_', this, () => ops.add(this as Tensor, other));
  }
  /** x −= other. */
  sub_(other: Operand): this {
    return ops.inPlace('sub_', this, () => ops.sub(this as Tensor, other));
  }
  /** x *= other. */
  mul_(other: Operand): this {
    return ops.inPlace('mul_', this, () => ops.mul(ops.factorOf(this, other), other));
  }
  /** x /= other. */
  div_(other: Operand): this {
    return ops.inPlace('div_', this, () => ops.div(ops.factorOf(this, other), other));
  }
  /** Sets all elements to 0. */
  zero_(): this {
    return ops.inPlace('zero_', this, () => ops.zerosLike(this), true);
  }
  /** Sets all elements to `value`; of bool, to whether it is not 0; of int32, without its fraction. */
  fill_(value: number | boolean): this {
    return ops.inPlace('fill_', this, () => ops.constant(this.executor, this.shape, value, this.dtype, 'fill_'), true);
  }
  /** Takes over the elements of `source`, which may be of another type and is stretched to this shape. */
  copy_(source: Tensor): this {
    return ops.inPlace('copy_', this, () => ops.cast(source, this.dtype).expand(this.shape));
  }
}

/** Whether it is a tensor. One of another copy of saraf is refused. */
export function isTensor(value: unknown): value is Tensor {
  return value instanceof Tensor || refuseOtherCopy(value);
}
