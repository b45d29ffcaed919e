/** softmax and logSoftmax as functions of `F`, where the dimension is an option. */
import { checkOptions, noMore, VALUE } from '../options.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { logSoftmax as logSoftmaxAlong, type SoftmaxOptions, softmax as softmaxAlong } from './classify.ts';

/** Options of functions along one dimension. */
export interface DimOptions {
  /** The dimension of the sum; negative ones count from the end. Default −1. */
  dim?: number;
}

/**
 * eˣ / Σ eˣ along a dimension.
 *
 * @example
 * F.softmax(tensor([[0, 0], [1, 1]]), { dim: 1 }).toArray(); // [[0.5, 0.5], [0.5, 0.5]]
 */
export function softmax(x: Tensor, options: DimOptions & SoftmaxOptions = {}): Tensor {
  if (arguments.length > 2) noMore('softmax', 2, arguments);
  checkOptions('softmax', options, { dim: VALUE, dtype: VALUE });
  return softmaxAlong(x, options.dim, { dtype: options.dtype });
}

/**
 * x − ln Σ eˣ along a dimension.
 *
 * @example
 * F.logSoftmax(tensor([0, 0])).toArray(); // [-0.6931, -0.6931]
 */
export function logSoftmax(x: Tensor, options: DimOptions & SoftmaxOptions = {}): Tensor {
  if (arguments.length > 2) noMore('logSoftmax', 2, arguments);
  checkOptions('logSoftmax', options, { dim: VALUE, dtype: VALUE });
  return logSoftmaxAlong(x, options.dim, { dtype: options.dtype });
}
