/** Commands of normalisation. Tensors are contiguous, and the caller has checked shapes. */
import {
  encodeMoments,
  encodeNormalize,
  encodeNormGrad,
  encodeNormSums,
  encodeRmsNorm,
} from '../../bindings/generated/encode.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { addressOf, empty } from './emit.ts';

/** A tensor seen as [outer, channels, spatial], and how many channels share a mean: 0 is BatchNorm, which has one mean per channel. */
export interface NormView {
  outer: number;
  channels: number;
  spatial: number;
  groupChannels: number;
}

/** Means and reciprocal standard deviations. */
export interface Moments {
  mean: Tensor;
  rstd: Tensor;
}

/** Running statistics, updated in place. */
export interface Running {
  mean: Tensor;
  variance: Tensor;
  /** The share of the new value, or the int32 count of which it is the reciprocal. */
  momentum: number | Tensor;
}

/** Statistics of x as `view` sees it. They update `running`. */
export function emitMoments(x: Tensor, view: NormView, eps: number, running: Running | null): Moments {
  const { executor } = x;
  const { outer, channels, spatial, groupChannels } = view;
  const isBatch = groupChannels === 0;
  const groups = isBatch ? channels : (outer * channels) / groupChannels;
  const mean = empty(executor, [groups], 'float32');
  const rstd = empty(executor, [groups], 'float32');
  if (x.numel === 0) return { mean, rstd };
  const momentum = running === null ? 0 : running.momentum;
  running?.mean.storage.willChange();
  running?.variance.storage.willChange();
  encodeMoments(executor.program, {
    x: x.address,
    mean: mean.address,
    rstd: rstd.address,
    runningMean: running === null ? 0 : running.mean.address,
    runningVariance: running === null ? 0 : running.variance.address,
    tracked: typeof momentum === 'number' ? 0 : momentum.address,
    outer: isBatch ? outer : 1,
    groups,
    size: isBatch ? spatial : groupChannels * spatial,
    eps,
    momentum: typeof momentum === 'number' ? momentum : 0,
  });
  executor.run();
  if (running !== null) {
    running.mean.storage.version++;
    running.variance.storage.version++;
  }
  return { mean, rstd };
}

/** (x − mean)·rstd·weight + bias. */
export function emitNormalize(
  x: Tensor,
  { mean, rstd }: Moments,
  weight: Tensor | null,
  bias: Tensor | null,
  view: NormView,
): Tensor {
  const { executor } = x;
  const y = empty(executor, x.shape, 'float32');
  if (y.numel > 0) {
    encodeNormalize(executor.program, {
      ...view,
      x: x.address,
      mean: mean.address,
      rstd: rstd.address,
      weight: addressOf(weight),
      bias: addressOf(bias),
      y: y.address,
    });
    executor.run();
  }
  return y;
}

/** Σ g and Σ g·x̂ for each channel: the gradients of bias and weight, which normGrad needs for BatchNorm. */
export interface NormSums {
  sums: Tensor;
  products: Tensor;
}

export function emitNormSums(x: Tensor, g: Tensor, { mean, rstd }: Moments, view: NormView): NormSums {
  const { executor } = x;
  const sums = empty(executor, [view.channels], 'float32');
  const products = empty(executor, [view.channels], 'float32');
  if (view.channels > 0) {
    encodeNormSums(executor.program, {
      ...view,
      x: x.address,
      g: g.address,
      mean: mean.address,
      rstd: rstd.address,
      sums: sums.address,
      products: products.address,
    });
    executor.run();
  }
  return { sums, products };
}

/** Gradient with respect to x. Without `batch`, the statistics of BatchNorm do not depend on x. */
export function emitNormGrad(
  x: Tensor,
  g: Tensor,
  { mean, rstd }: Moments,
  weight: Tensor | null,
  batch: NormSums | null,
  view: NormView,
): Tensor {
  const { executor } = x;
  const gx = empty(executor, x.shape, 'float32');
  if (gx.numel > 0) {
    encodeNormGrad(executor.program, {
      ...view,
      x: x.address,
      g: g.address,
      mean: mean.address,
      rstd: rstd.address,
      weight: addressOf(weight),
      sums: addressOf(batch?.sums),
      products: addressOf(batch?.products),
      gx: gx.address,
    });
    executor.run();
  }
  return gx;
}

/** x·rstd·weight for x seen as [rows, cols], and rstd [rows]. */
export function emitRmsNorm(
  x: Tensor,
  weight: Tensor | null,
  rows: number,
  cols: number,
  eps: number,
): { y: Tensor; rstd: Tensor } {
  const { executor } = x;
  const y = empty(executor, x.shape, 'float32');
  const rstd = empty(executor, [rows], 'float32');
  if (y.numel > 0) {
    encodeRmsNorm(executor.program, {
      x: x.address,
      weight: addressOf(weight),
      y: y.address,
      rstd: rstd.address,
      rows,
      cols,
      eps,
    });
    executor.run();
  }
  return { y, rstd };
}
