/**
 * torch.nn.functional's functions that layers are made of: activations, linear maps, dropout, losses. Functions without
 * memory: what they need comes as arguments. `F` and `functional` are the same.
 *
 * @module
 */

import { empty } from '../emit/emit.ts';
import { generator } from '../emit/random.ts';
import { checkOptions, checkRange, FLAG, noMore, VALUE } from '../options.ts';
import type { Tensor } from '../tensor/tensor.ts';
import {
  type Conv1dOptions,
  type ConvOptions,
  type ConvTransposeOptions,
  type CrossEntropyOptions,
  checkTensor,
  compose,
  conv1d,
  conv2d,
  convTranspose2d,
  crossEntropy as crossEntropyOp,
  type FocalLossOptions,
  focalLoss,
  linear,
  logSoftmax as logSoftmaxOp,
  type NllLossOptions,
  type NumberList,
  nllLoss,
  relu,
  type SoftmaxOptions,
  sigmoid,
  softmax as softmaxOp,
  tanh,
  zerosLike,
} from './index.ts';

export * from './activations.ts';
export { type ScaledDotProductAttentionOptions, scaledDotProductAttention } from './attention.ts';
export { bilinear } from './bilinear.ts';
export { type EmbeddingOptions, embedding, oneHot } from './embedding.ts';
export { type PadOptions, pad } from './index.ts';
export { dropout2d, type InterpolateOptions, interpolate } from './interpolate.ts';
export { binaryCrossEntropy, type LossOptions, mseLoss, type WeightedLossOptions } from './losses.ts';
export * from './moreLosses.ts';
export {
  type AffineOptions,
  type BatchNormOptions,
  batchNorm,
  groupNorm,
  type InstanceNormOptions,
  instanceNorm,
  layerNorm,
} from './norm.ts';
export {
  type AvgPoolOptions,
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveMaxPool2d,
  avgPool1d,
  avgPool2d,
  type IndicesOptions,
  type MaxPoolOptions,
  maxPool1d,
  maxPool2d,
  type PoolOptions,
} from './pool.ts';

export {
  type Conv1dOptions,
  type ConvOptions,
  type ConvTransposeOptions,
  type CrossEntropyOptions,
  conv1d,
  conv2d,
  convTranspose2d,
  type FocalLossOptions,
  focalLoss,
  linear,
  type NllLossOptions,
  nllLoss,
  relu,
  sigmoid,
  tanh,
};

/** Options of functions along one dimension. */
export interface DimOptions {
  /** The dimension along which is summed; negative ones count from the end. Default −1. */
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
  return softmaxOp(x, options.dim, { dtype: options.dtype });
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
  return logSoftmaxOp(x, options.dim, { dtype: options.dtype });
}

/**
 * Cross-entropy of logits [N, C, d1, …] (or [C]) and class indices [N, d1, …] (int32), or class probabilities (float32) in the
 * shape of the logits.
 *
 * @throws ShapeError where the target does not fit the input, ArgumentError where a class is out of range
 * @example
 * F.crossEntropy(tensor([[2, 0], [0, 2]]), tensor([0, 1], { dtype: 'int32' })).item(); // 0.1269
 * F.crossEntropy(model.forward(x), y, { labelSmoothing: 0.1 }).backward();
 */
export function crossEntropy(input: Tensor, target: Tensor | NumberList, options: CrossEntropyOptions = {}): Tensor {
  if (arguments.length > 3) noMore('crossEntropy', 3, arguments);
  checkOptions('crossEntropy', options, { weight: VALUE, reduction: VALUE, ignoreIndex: VALUE, labelSmoothing: VALUE });
  return crossEntropyOp(input, target, options);
}

/** Options of `dropout`. */
export interface DropoutOptions {
  /** Share of the elements that become 0. Default 0.5. */
  p?: number;
  /** Whether to drop anything; otherwise x comes back as it is. Default true. */
  training?: boolean;
}

/**
 * Sets a random share p of the elements to 0 and multiplies the others by 1/(1 − p).
 *
 * @throws ArgumentError where p is not between 0 and 1
 * @see https://jmlr.org/papers/v15/srivastava14a.html
 * @example
 * F.dropout(ones(4), { p: 0.5 }); // some 0, the others 2
 * F.dropout(ones(4), { training: false }).toArray(); // [1, 1, 1, 1]
 */
export function dropout(x: Tensor, options: DropoutOptions = {}): Tensor {
  if (arguments.length > 2) noMore('dropout', 2, arguments);
  checkTensor('dropout', 'input', x);
  checkOptions('dropout', options, { p: VALUE, training: FLAG });
  const { p = 0.5, training = true } = options;
  checkRange('dropout', 'p', p, 0, 1);
  if (!training || p === 0) return x;
  return compose(() => {
    if (p === 1) return x.mul(zerosLike(x));
    const mask = empty(x.executor, x.shape, 'float32');
    generator.fill(mask, 'bernoulli', 1 - p, 1 / (1 - p));
    return x.mul(mask);
  });
}
