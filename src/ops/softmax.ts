/** softmax and logSoftmax as functions of `F`, where the dimension is an option. */
import { checkOptions, noMore, type OptionKinds, VALUE } from '../options.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { logSoftmax as logSoftmaxAlong, type SoftmaxOptions, softmax as softmaxAlong } from './classify.ts';

/** Options of functions along one dimension. */
export interface DimOptions {
  /** The dimension of the sum; negative ones count from the end. Default −1. */
  dim?: number;
}

const KINDS: OptionKinds<DimOptions & SoftmaxOptions> = { dim: VALUE, dtype: VALUE };

/**
 * eˣ / Σ eˣ along a dimension.
 *
 * @example
 * F.softmax(tensor([[0, 0], [1, 1]]), { dim: 1 }).toArray(); // [[0.5, 0.5], [0.5, 0.5]]
 */
export function softmax(x: Tensor, options: DimOptions & SoftmaxOptions = {}): Tensor {
  if (arguments.length > 2) noMore('softmax', 2, arguments);
  checkOptions('softmax', options, KINDS);
  const { dim, dtype } = options;
  return softmaxAlong(x, dim, dtype === undefined ? undefined : { dtype });
}

/**
 * x − ln Σ eˣ along a dimension.
 *
 * @example
 * F.logSoftmax(tensor([0, 0])).toArray(); // [-0.6931, -0.6931]
 */
export function logSoftmax(x: Tensor, options: DimOptions & SoftmaxOptions = {}): Tensor {
  if (arguments.length > 2) noMore('logSoftmax', 2, arguments);
  checkOptions('logSoftmax', options, KINDS);
  const { dim, dtype } = options;
  return logSoftmaxAlong(x, dim, dtype === undefined ? undefined : { dtype });
}
