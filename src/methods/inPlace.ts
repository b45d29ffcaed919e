/** Changes in place as methods of tensors. */
import type { Operand } from '../ops/index.ts';
import * as ops from '../ops/index.ts';
import { noMore } from '../options.ts';
import type { Tensor } from '../tensor/tensor.ts';

export class InPlaceMethods {
  /** x += alpha · other. Refused for leaves that require grad, except inside `noGrad`. */
  add_<T extends Tensor>(this: T, other: Operand, options?: ops.AlphaOptions): T {
    if (arguments.length > 2) noMore('add_', 2, arguments);
    return ops.inPlace('add_', this, () => ops.add(this as Tensor, other, options));
  }
  /** x −= alpha · other. */
  sub_<T extends Tensor>(this: T, other: Operand, options?: ops.AlphaOptions): T {
    if (arguments.length > 2) noMore('sub_', 2, arguments);
    return ops.inPlace('sub_', this, () => ops.sub(this as Tensor, other, options));
  }
  /** x *= other. */
  mul_<T extends Tensor>(this: T, other: Operand): T {
    if (arguments.length > 1) noMore('mul_', 1, arguments);
    return ops.inPlace('mul_', this, () => ops.mul(ops.factorOf(this, other), other));
  }
  /** x /= other. */
  div_<T extends Tensor>(this: T, other: Operand, options?: ops.DivOptions): T {
    if (arguments.length > 2) noMore('div_', 2, arguments);
    return ops.inPlace('div_', this, () => ops.div(ops.factorOf(this, other), other, options));
  }
  /** Sets all elements to 0. */
  zero_<T extends Tensor>(this: T): T {
    if (arguments.length > 0) noMore('zero_', 0, arguments);
    return ops.inPlace('zero_', this, () => ops.zerosLike(this), true);
  }
  /** Sets all elements to `value`: a bool tensor takes whether it is not 0, an int32 tensor drops its fraction. */
  fill_<T extends Tensor>(this: T, value: number | boolean): T {
    if (arguments.length > 1) noMore('fill_', 1, arguments);
    return ops.inPlace('fill_', this, () => ops.constant(this.executor, this.shape, value, this.dtype, 'fill_'), true);
  }
  /** Copies the elements of `source`, which may have another type and is broadcast to this shape. */
  copy_<T extends Tensor>(this: T, source: Tensor): T {
    if (arguments.length > 1) noMore('copy_', 1, arguments);
    return ops.inPlace('copy_', this, () => ops.cast(source, this.dtype).expand(this.shape));
  }
}
