/** Normalisation: what BatchNorm, InstanceNorm, GroupNorm and LayerNorm share, from checks to gradients, and RMSNorm. */
import { ArgumentError, refuse, ShapeError } from '../../bindings/errors.ts';
import { commonExecutor, dense } from '../emit/emit.ts';
import {
  emitMoments,
  emitNormalize,
  emitNormGrad,
  emitNormSums,
  emitRmsNorm,
  type Moments,
  type NormView,
  type Running,
} from '../emit/norm.ts';
import { isGradEnabled, noGrad } from '../tape/mode.ts';
import type { Context, NormAttributes } from '../tape/primitives.ts';
import { record } from '../tape/record.ts';
import { numelOf, type Shape, sameShape, show } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { restate } from '../tensor/watch.ts';
import { checkFloat } from './check.ts';
import { compose } from './compose.ts';

/** A factor and a summand per channel. */
export interface Affine {
  /** The factors, float32: one per channel, or in `normalizedShape`. Absent or null: 1. */
  weight?: Tensor | null;
  /** The summands, float32: one per channel, or in `normalizedShape`. Absent or null: 0. */
  bias?: Tensor | null;
}

/** Running statistics. */
interface Statistics {
  mean: Tensor;
  variance: Tensor;
  /** How many batches they are of, int32. */
  tracked?: Tensor | null;
}

function checkShape(op: string, argument: string, x: Tensor, expected: Shape): void {
  checkFloat(op, argument, x);
  if (!sameShape(x.shape, expected))
    refuse(ShapeError, op, `${argument} must be ${show(expected)}, got ${show(x.shape)}`, {
      argument,
      got: x.shape,
      expected,
    });
}

/** Refuses x without channels, and weights and statistics that are not [channels]. */
function checkChannels(op: string, x: Tensor, affine: Affine, statistics?: Statistics | null): void {
  checkFloat(op, 'input', x);
  if (x.ndim < 2)
    refuse(ShapeError, op, `input must be [N,C,…], got ${show(x.shape)}`, { argument: 'input', got: x.shape });
  const shape = x.shape.slice(1, 2);
  if (affine.weight) checkShape(op, 'weight', affine.weight, shape);
  if (affine.bias) checkShape(op, 'bias', affine.bias, shape);
  if (!statistics) return;
  for (const [argument, value] of [
    ['runningMean', statistics.mean],
    ['runningVar', statistics.variance],
  ] as const) {
    checkShape(op, argument, value, shape);
    if (!value.contiguous)
      refuse(ArgumentError, op, `${argument} is changed in place and must be contiguous`, { argument });
  }
}

/** x [N, C, …] with `groupChannels` channels in each group. */
function viewOfChannels(x: Tensor, groupChannels: number): NormView {
  const [outer = 1, channels = 1, ...spatial] = x.shape;
  return { outer, channels, spatial: numelOf(spatial), groupChannels };
}

/** x normalised as `view` sees it: by its own statistics, which update `running`, or by `fixed` ones. */
function normalize(
  op: string,
  x: Tensor,
  affine: Affine,
  view: NormView,
  eps: number,
  running: Running | null,
  fixed: Statistics | null,
): Tensor {
  const weight = affine.weight ?? null;
  const bias = affine.bias ?? null;
  const parts = [weight, bias].filter((part) => part !== null);
  commonExecutor(op, x, ...parts, ...(running === null ? [] : [running.mean, running.variance]));
  if (fixed !== null) commonExecutor(op, x, fixed.mean, fixed.variance);
  return compose(() => {
    const source = dense(x);
    const moments: Moments =
      fixed === null
        ? emitMoments(source, view, eps, running)
        : { mean: fixed.mean, rstd: noGrad(() => fixed.variance.add(eps).rsqrt()) };
    const y = emitNormalize(source, moments, weight && dense(weight), bias && dense(bias), view);
    const hasWeight = weight !== null;
    if (fixed === null) restate('norm', [x, weight, bias], y, { op, view, eps, hasWeight, hasBias: bias !== null });
    else
      restate('batchNorm', [x, weight, bias, fixed.mean, fixed.variance], y, {
        eps,
        hasWeight,
        hasBias: bias !== null,
      });
    return record('norm', [x, moments.mean, moments.rstd, ...parts], y, {
      view,
      eps,
      fixed: fixed !== null,
      hasWeight,
      hasBias: bias !== null,
    });
  });
}

/** Refuses statistics of one element: every result would be 0. */
function checkSamples(op: string, x: Tensor, n: number, of: string): void {
  if (n < 2)
    refuse(ShapeError, op, `Expected more than 1 ${of} when training, got input size ${show(x.shape)}`, {
      argument: 'input',
      got: x.shape,
    });
}

export interface BatchNormCall extends Affine {
  statistics: Statistics | null;
  /** Whether x's own statistics are used, and update the given ones. */
  training: boolean;
  /** Share of the new value; null: 1 / the number of batches so far. */
  momentum: number | null;
  eps: number;
}

/** Each channel of x [N, C, …] with mean 0 and variance 1 over the batch, or by the statistics given. */
export function normalizeBatch(op: string, x: Tensor, call: BatchNormCall): Tensor {
  const { statistics, training, momentum, eps } = call;
  checkChannels(op, x, call, statistics);
  const view = viewOfChannels(x, 0);
  if (!training && statistics !== null) return normalize(op, x, call, view, eps, null, statistics);
  checkSamples(op, x, view.outer * view.spatial, 'value per channel');
  if (statistics === null || !training) return normalize(op, x, call, view, eps, null, null);
  const { mean, variance, tracked } = statistics;
  if (tracked) noGrad(() => tracked.add_(1));
  return normalize(op, x, call, view, eps, { mean, variance, momentum: momentum ?? tracked ?? 0 }, null);
}

/** Each channel of each example of x [N, C, …] separately; the mean over the batch updates the statistics. */
export function normalizeInstance(op: string, x: Tensor, call: BatchNormCall): Tensor {
  const { statistics, training, momentum, eps } = call;
  checkChannels(op, x, call, statistics);
  if (!training && statistics !== null) return normalize(op, x, call, viewOfChannels(x, 0), eps, null, statistics);
  const view = viewOfChannels(x, 1);
  checkSamples(op, x, view.spatial, 'spatial element');
  if (!training || statistics === null) return normalize(op, x, call, view, eps, null, null);
  return compose(() => {
    const each = (t: Tensor) => t.unsqueeze(0).expand(view.outer, view.channels).clone();
    const running = noGrad(() => ({
      mean: each(statistics.mean),
      variance: each(statistics.variance),
      momentum: momentum ?? 0,
    }));
    const y = normalize(op, x, call, view, eps, running, null);
    noGrad(() => {
      statistics.mean.copy_(running.mean.mean(0));
      statistics.variance.copy_(running.variance.mean(0));
    });
    return y;
  });
}

/** Channels of each example of x [N, C, …] in `groups` groups. */
export function normalizeGroups(x: Tensor, groups: number, affine: Affine, eps: number): Tensor {
  const op = 'groupNorm';
  checkChannels(op, x, affine);
  const [, channels = 1] = x.shape;
  if (!(Number.isInteger(groups) && groups > 0 && channels % groups === 0))
    refuse(ShapeError, op, `${channels} channels cannot be divided into ${groups} groups`, {
      argument: 'numGroups',
      got: groups,
      expected: channels,
    });
  const view = viewOfChannels(x, channels / groups);
  checkSamples(op, x, view.outer * view.groupChannels * view.spatial, 'value per channel');
  return normalize(op, x, affine, view, eps, null, null);
}

/** Refuses x that does not end in `shape`, and weights that do not have it. Returns x as rows: their number and length. */
function rowsOf(op: string, x: Tensor, shape: Shape, affine: Affine): { rows: number; cols: number } {
  checkFloat(op, 'input', x);
  const lead = x.ndim - shape.length;
  if (shape.length === 0 || lead < 0 || !sameShape(x.shape.slice(lead), shape))
    refuse(ShapeError, op, `input must end in the normalized shape ${show(shape)}, got ${show(x.shape)}`, {
      argument: 'input',
      got: x.shape,
      expected: shape,
    });
  if (affine.weight) checkShape(op, 'weight', affine.weight, shape);
  if (affine.bias) checkShape(op, 'bias', affine.bias, shape);
  return { rows: numelOf(x.shape.slice(0, lead)), cols: numelOf(shape) };
}

/** The last dimensions of x together, which are `shape`. */
export function normalizeLayer(x: Tensor, shape: Shape, affine: Affine, eps: number): Tensor {
  const op = 'layerNorm';
  const { rows, cols } = rowsOf(op, x, shape, affine);
  const view = { outer: rows, channels: cols, spatial: 1, groupChannels: cols };
  return normalize(op, x, affine, view, eps, null, null);
}

/** The same without a mean: x divided by the root of its mean square. */
export function normalizeRms(x: Tensor, shape: Shape, weight: Tensor | null, eps: number): Tensor {
  const op = 'rmsNorm';
  const { rows, cols } = rowsOf(op, x, shape, { weight });
  const parts = weight === null ? [] : [weight];
  commonExecutor(op, x, ...parts);
  return compose(() => {
    const { y, rstd } = emitRmsNorm(dense(x), weight && dense(weight), rows, cols, eps);
    restate(op, [x, weight], y, { eps, dims: shape.length });
    return record(op, [x, rstd, ...parts], y, { rows, cols, eps });
  });
}

type Gradients = (Tensor | null)[];

/** Gradients of a normalisation with respect to its inputs. */
export function normGrad(g: Tensor, c: Context<NormAttributes>): Gradients {
  if (isGradEnabled()) return composedGrad(g, c);
  const { view, fixed, hasWeight, hasBias } = c.attributes;
  const x = dense(c.input(0));
  const upstream = dense(g);
  const moments = { mean: c.input(1), rstd: c.input(2) };
  const needsAffine = (hasWeight && c.needs(3)) || (hasBias && c.needs(c.count - 1));
  const dependent = view.groupChannels === 0 && !fixed;
  const sums = needsAffine || (dependent && c.needs(0)) ? emitNormSums(x, upstream, moments, view) : null;
  const gx = c.needs(0)
    ? emitNormGrad(x, upstream, moments, hasWeight ? dense(c.input(3)) : null, dependent ? sums : null, view)
    : null;
  const gradients: Gradients = [gx, null, null];
  if (hasWeight) gradients.push(sums?.products.reshape(c.shape(3)) ?? null);
  if (hasBias) gradients.push(sums?.sums.reshape(c.shape(c.count - 1)) ?? null);
  return gradients;
}

/** The same from differentiable operations, for second derivatives: the statistics are computed again. */
function composedGrad(g: Tensor, c: Context<NormAttributes>): Gradients {
  const { view, eps, fixed, hasWeight, hasBias } = c.attributes;
  const { outer, channels, spatial, groupChannels } = view;
  const inGroup = groupChannels === 0 ? 1 : groupChannels;
  const groups = channels / inGroup;
  const shape = [outer, groups, inGroup, spatial];
  const dims = groupChannels === 0 ? [0, 2, 3] : [2, 3];
  const mean = (t: Tensor) => t.mean(dims, { keepdim: true });
  const x = c.input(0).reshape(shape);
  const upstream = g.reshape(shape);
  const statistic = (i: number) => c.input(i).reshape([1, groups, 1, 1]);
  const centered = x.sub(fixed ? statistic(1) : mean(x));
  const rstd = fixed ? statistic(2) : mean(centered.square()).add(eps).rsqrt();
  const normal = centered.mul(rstd);
  const weighted = hasWeight ? upstream.mul(c.input(3).reshape([1, groups, inGroup, 1])) : upstream;
  const direct = fixed ? weighted : weighted.sub(mean(weighted)).sub(normal.mul(mean(weighted.mul(normal))));
  const gradients: Gradients = [direct.mul(rstd).reshape(c.shape(0)), null, null];
  if (hasWeight) gradients.push(upstream.mul(normal).sum([0, 3]).reshape(c.shape(3)));
  if (hasBias) gradients.push(upstream.sum([0, 3]).reshape(c.shape(c.count - 1)));
  return gradients;
}
