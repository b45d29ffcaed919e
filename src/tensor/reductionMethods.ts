/** Reductions as methods of a tensor. What each does is said at the function of the same name in src/ops. */

import type { Dims, Extremes, ReduceOptions, SpreadOptions } from '../ops/index.ts';
import * as ops from '../ops/index.ts';
import { ArithmeticMethods } from './arithmeticMethods.ts';
import type { Shape } from './shapes.ts';
import type { Tensor } from './tensor.ts';

export class ReductionMethods<S extends Shape = Shape> extends ArithmeticMethods<S> {
  /** Sum of the elements. */
  sum(this: Tensor, dim?: Dims, options?: ReduceOptions): Tensor {
    return ops.sum(this, dim, options);
  }
  /** Mean of the elements. */
  mean(this: Tensor, dim?: Dims, options?: ReduceOptions): Tensor {
    return ops.mean(this, dim, options);
  }
  /** Product of the elements. */
  prod(this: Tensor, dim?: Dims, options?: ReduceOptions): Tensor {
    return ops.prod(this, dim, options);
  }
  /** Largest element; with a dimension: the largest along it and its (first) index. */
  max(this: Tensor): Tensor;
  max(this: Tensor, dim: number, options?: ReduceOptions): Extremes;
  max(this: Tensor, dim?: number, options?: ReduceOptions): Tensor | Extremes {
    return dim === undefined ? ops.max(this) : ops.max(this, dim, options);
  }
  /** Smallest element; with a dimension: the smallest along it and its (first) index. */
  min(this: Tensor): Tensor;
  min(this: Tensor, dim: number, options?: ReduceOptions): Extremes;
  min(this: Tensor, dim?: number, options?: ReduceOptions): Tensor | Extremes {
    return dim === undefined ? ops.min(this) : ops.min(this, dim, options);
  }
  /** Index of the largest element, int32. */
  argmax(this: Tensor, dim?: number, options?: ReduceOptions): Tensor {
    return ops.argmax(this, dim, options);
  }
  /** Index of the smallest element, int32. */
  argmin(this: Tensor, dim?: number, options?: ReduceOptions): Tensor {
    return ops.argmin(this, dim, options);
  }
  /** Mean squared distance from the mean, with count − correction (default 1) in the denominator. */
  variance(this: Tensor, dim?: Dims, options?: SpreadOptions): Tensor {
    return ops.variance(this, dim, options);
  }
  /** Square root of the variance. */
  std(this: Tensor, dim?: Dims, options?: SpreadOptions): Tensor {
    return ops.std(this, dim, options);
  }
  /** (Σ |x|ᵖ)^(1/p), p = 2 by default. */
  norm(this: Tensor, dim?: Dims, options?: ReduceOptions & { p?: number }): Tensor {
    return ops.norm(this, dim, options);
  }
  /** ln Σ eˣ, without overflow. */
  logsumexp(this: Tensor, dim: Dims, options?: ReduceOptions): Tensor {
    return ops.logsumexp(this, dim, options);
  }
  /** Running sums along a dimension. */
  cumsum(this: Tensor, dim: number): Tensor {
    return ops.cumsum(this, dim);
  }
}
