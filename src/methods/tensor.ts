/**
 * The tensor, put together: data (base.ts), arithmetic, reductions, changes of shape, and what changes it in place.
 */

import { refuseOtherCopy } from '../copies.ts';
import type { Operand } from '../ops/index.ts';
import * as ops from '../ops/index.ts';
import { noMore } from '../options.ts';
import type { Shape } from '../tensor/shapes.ts';
import { ShapeMethods } from './shape.ts';

/**
 * An array of numbers of any shape that knows where it came from. Made by `tensor`, `zeros`, `randn` and the like.
 *
 * @example
 * const x = tensor([[1, 2], [3, 4]], { requiresGrad: true });
 * x.square().sum().backward();
 * x.grad?.toArray(); // [[2, 4], [6, 8]]
 */
export class Tensor<S extends Shape = Shape> extends ShapeMethods<S> {
  /** x += alpha · other. Refused for leaves that require grad, outside `noGrad`. */
  add_(other: Operand, options?: ops.AlphaOptions): this {
    if (arguments.length > 2) noMore('add_', 2, arguments);
    return ops.inPlace('add_', this, () => ops.add(this as Tensor, other, options));
  }
  /** x −= alpha · other. */
  sub_(other: Operand, options?: ops.AlphaOptions): this {
    if (arguments.length > 2) noMore('sub_', 2, arguments);
    return ops.inPlace('sub_', this, () => ops.sub(this as Tensor, other, options));
  }
  /** x *= other. */
  mul_(other: Operand): this {
    if (arguments.length > 1) noMore('mul_', 1, arguments);
    return ops.inPlace('mul_', this, () => ops.mul(ops.factorOf(this, other), other));
  }
  /** x /= other. */
  div_(other: Operand, options?: ops.DivOptions): this {
    if (arguments.length > 2) noMore('div_', 2, arguments);
    return ops.inPlace('div_', this, () => ops.div(ops.factorOf(this, other), other, options));
  }
  /** Sets all elements to 0. */
  zero_(): this {
    if (arguments.length > 0) noMore('zero_', 0, arguments);
    return ops.inPlace('zero_', this, () => ops.zerosLike(this), true);
  }
  /** Sets all elements to `value`; of bool, to whether it is not 0; of int32, without its fraction. */
  fill_(value: number | boolean): this {
    if (arguments.length > 1) noMore('fill_', 1, arguments);
    return ops.inPlace('fill_', this, () => ops.constant(this.executor, this.shape, value, this.dtype, 'fill_'), true);
  }
  /** Takes over the elements of `source`, which may be of another type and is stretched to this shape. */
  copy_(source: Tensor): this {
    if (arguments.length > 1) noMore('copy_', 1, arguments);
    return ops.inPlace('copy_', this, () => ops.cast(source, this.dtype).expand(this.shape));
  }
}

/** Whether it is a tensor. One of another copy of saraf is refused. */
export function isTensor(value: unknown): value is Tensor {
  return value instanceof Tensor || refuseOtherCopy(value);
}
