/** Reductions as methods of tensors. The functions of the same names in src/ops say more about each. */

import type { Dims, Extremes, Keep, ReduceOptions, SpreadOptions, SumDtype, SumOptions } from '../ops/index.ts';
import * as ops from '../ops/index.ts';
import { noMore } from '../options.ts';
import type { Reduced } from '../tensor/knownShapes.ts';
import type { Shape } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';

export class ReductionMethods {
  /** Sum of the elements. */
  sum<A extends Shape, D extends Dims | undefined = undefined, K extends boolean = false>(
    this: Tensor<A>,
    dim?: D,
    options?: SumOptions & Keep<K>,
  ): Tensor<Reduced<A, D, K>> {
    if (arguments.length > 2) noMore('sum', 2, arguments);
    return ops.sum(this, dim, options);
  }
  /** Mean of the elements. */
  mean<A extends Shape, D extends Dims | undefined = undefined, K extends boolean = false>(
    this: Tensor<A>,
    dim?: D,
    options?: ReduceOptions & Keep<K>,
  ): Tensor<Reduced<A, D, K>> {
    if (arguments.length > 2) noMore('mean', 2, arguments);
    return ops.mean(this, dim, options);
  }
  /** Product of the elements. */
  prod<A extends Shape, D extends Dims | undefined = undefined, K extends boolean = false>(
    this: Tensor<A>,
    dim?: D,
    options?: SumOptions & Keep<K>,
  ): Tensor<Reduced<A, D, K>> {
    if (arguments.length > 2) noMore('prod', 2, arguments);
    return ops.prod(this, dim, options);
  }
  /** The largest element; with a dimension, the largest elements along it and their (first) indices. */
  max<A extends Shape>(this: Tensor<A>): Tensor<Reduced<A, undefined, false>>;
  max(this: Tensor, dim: number, options?: ReduceOptions): Extremes;
  max(this: Tensor, dim?: number, options?: ReduceOptions): Tensor | Extremes {
    if (arguments.length > 2) noMore('max', 2, arguments);
    return ops.max(this, dim as number, options);
  }
  /** The smallest element; with a dimension, the smallest elements along it and their (first) indices. */
  min<A extends Shape>(this: Tensor<A>): Tensor<Reduced<A, undefined, false>>;
  min(this: Tensor, dim: number, options?: ReduceOptions): Extremes;
  min(this: Tensor, dim?: number, options?: ReduceOptions): Tensor | Extremes {
    if (arguments.length > 2) noMore('min', 2, arguments);
    return ops.min(this, dim as number, options);
  }
  /** Index of the largest element, as int32. */
  argmax<A extends Shape, D extends number | undefined = undefined, K extends boolean = false>(
    this: Tensor<A>,
    dim?: D,
    options?: ReduceOptions & Keep<K>,
  ): Tensor<Reduced<A, D, K>> {
    if (arguments.length > 2) noMore('argmax', 2, arguments);
    return ops.argmax(this, dim, options);
  }
  /** Index of the smallest element, as int32. */
  argmin<A extends Shape, D extends number | undefined = undefined, K extends boolean = false>(
    this: Tensor<A>,
    dim?: D,
    options?: ReduceOptions & Keep<K>,
  ): Tensor<Reduced<A, D, K>> {
    if (arguments.length > 2) noMore('argmin', 2, arguments);
    return ops.argmin(this, dim, options);
  }
  /** Sum of the squared distances from the mean, divided by count − correction (default 1). */
  variance<A extends Shape, D extends Dims | undefined = undefined, K extends boolean = false>(
    this: Tensor<A>,
    dim?: D,
    options?: SpreadOptions & Keep<K>,
  ): Tensor<Reduced<A, D, K>> {
    if (arguments.length > 2) noMore('variance', 2, arguments);
    return ops.variance(this, dim, options);
  }
  /** Square root of the variance. */
  std<A extends Shape, D extends Dims | undefined = undefined, K extends boolean = false>(
    this: Tensor<A>,
    dim?: D,
    options?: SpreadOptions & Keep<K>,
  ): Tensor<Reduced<A, D, K>> {
    if (arguments.length > 2) noMore('std', 2, arguments);
    return ops.std(this, dim, options);
  }
  /** (Σ |x|ᵖ)^(1/p), p = 2 by default. */
  norm<A extends Shape, D extends Dims | undefined = undefined, K extends boolean = false>(
    this: Tensor<A>,
    dim?: D,
    options?: ReduceOptions & { p?: number } & Keep<K>,
  ): Tensor<Reduced<A, D, K>> {
    if (arguments.length > 2) noMore('norm', 2, arguments);
    return ops.norm(this, dim, options);
  }
  /** ln Σ eˣ, without overflow. */
  logsumexp<A extends Shape, D extends Dims, K extends boolean = false>(
    this: Tensor<A>,
    dim: D,
    options?: ReduceOptions & Keep<K>,
  ): Tensor<Reduced<A, D, K>> {
    if (arguments.length > 2) noMore('logsumexp', 2, arguments);
    return ops.logsumexp(this, dim, options);
  }
  /** Running sums along a dimension. */
  cumsum(this: Tensor, dim: number, options?: SumDtype): Tensor {
    if (arguments.length > 2) noMore('cumsum', 2, arguments);
    return ops.cumsum(this, dim, options);
  }
}
