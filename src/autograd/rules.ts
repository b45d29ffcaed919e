/**
 * The gradient rules: one for each primitive, in one table. From the gradient `g` of an operation's result, a rule computes the
 * gradients of its inputs (null if an input has none). Rules consist of differentiable operations, so that gradients can be
 * differentiated again. They need not undo broadcasting: the engine does that.
 *
 * Ties are broken as in PyTorch: relu'(0) = 0; clamp passes the gradient at its limits; maximum and minimum share it
 * equally; max along a dimension gives it to the returned index; max over everything and the norm ∞ share it equally, among
 * all NaN if there are any.
 */
import * as ops from '../ops/index.ts';
import { rowGradient } from '../ops/rowGradient.ts';
import type { Primitive } from '../tape/primitives.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { activationRules } from './rules/activations.ts';
import { convRules } from './rules/conv.ts';
import { embeddingRules } from './rules/embedding.ts';
import { gatherRules } from './rules/gather.ts';
import { normRules } from './rules/norm.ts';
import { poolRules } from './rules/pool.ts';
import { recurrentRules } from './rules/recurrent.ts';
import type { Rules } from './rules/rule.ts';

const TWO_OVER_SQRT_PI = 2 / Math.sqrt(Math.PI);

/** The limit by which PyTorch keeps the gradient of binary cross-entropy finite. */
const SMALLEST_SPREAD = 1e-12;

/** The part of g that one of two competing operands gets: nothing where it loses, half at a tie. At NaN both get all of it. */
function share(g: Tensor, loses: Tensor, ties: Tensor): Tensor {
  return ops.where(loses, 0, ops.where(ties, g.mul(0.5), g));
}

export const rules: Rules<Primitive> = {
  neg: (g) => [g.neg()],
  abs: (g, c) => [g.mul(c.input(0).sign())],
  step: (g) => [ops.zerosLike(g)],
  sqrt: (g, c) => [g.div(c.output.mul(2))],
  rsqrt: (g, c) => [g.mul(c.output.pow(3)).mul(-0.5)],
  reciprocal: (g, c) => [g.mul(c.output.square()).neg()],
  square: (g, c) => [g.mul(c.input(0)).mul(2)],
  exp: (g, c) => [g.mul(c.output)],
  log: (g, c) => [g.div(c.input(0))],
  log1p: (g, c) => [g.div(c.input(0).add(1))],
  sin: (g, c) => [g.mul(c.input(0).cos())],
  cos: (g, c) => [g.mul(c.input(0).sin()).neg()],
  tanh: (g, c) => [ops.tanhGrad(c.output, g)],
  sigmoid: (g, c) => [ops.sigmoidGrad(c.output, g)],
  relu: (g, c) => [ops.reluGrad(c.output, g)],
  atan: (g, c) => [g.div(c.input(0).square().add(1))],
  erf: (g, c) => [g.mul(c.input(0).square().neg().exp().mul(TWO_OVER_SQRT_PI))],
  clamp: (g, c) => {
    const x = c.input(0);
    const { min, max, isOpen = false, passesNaN = false } = c.attributes;
    if (passesNaN) return [ops.where(x.le(min).add(x.ge(max)), 0, g)];
    return [ops.where(isOpen ? x.gt(min).mul(x.lt(max)) : x.ge(min).mul(x.le(max)), g, 0)];
  },
  clampBetween: (g, c) => {
    const [x, min, max] = [c.input(0), c.input(1), c.input(2)];
    return [
      c.needs(0) ? ops.where(x.ge(min).mul(x.le(max)), g, 0) : null,
      // If the limits cross, the upper one counts.
      c.needs(1) ? ops.where(c.attributes.isBoth ? x.lt(min).mul(min.lt(max)) : x.lt(min), g, 0) : null,
      c.needs(2) ? ops.where(c.attributes.isBoth ? x.gt(max).add(max.lt(min)) : x.gt(max), g, 0) : null,
    ];
  },
  add: (g) => [g, g],
  sub: (g, c) => [g, c.needs(1) ? g.neg() : null],
  mul: (g, c) => [c.needs(0) ? g.mul(c.input(1)) : null, c.needs(1) ? g.mul(c.input(0)) : null],
  div: (g, c) => {
    const b = c.input(1);
    return [c.needs(0) ? g.div(b) : null, c.needs(1) ? g.mul(c.input(0).div(b).div(b)).neg() : null];
  },
  pow: (g, c) => {
    const a = c.input(0);
    const b = c.input(1);
    return [
      c.needs(0) ? ops.where(b.eq(0), 0, g.mul(b).mul(a.pow(b.sub(1)))) : null,
      c.needs(1) ? g.mul(ops.where(a.eq(0).mul(b.ge(0)), 0, c.output.mul(a.log()))) : null,
    ];
  },
  maximum: (g, c) => {
    const a = c.input(0);
    const b = c.input(1);
    const ties = a.eq(b);
    return [share(g, a.lt(b), ties), share(g, b.lt(a), ties)];
  },
  minimum: (g, c) => {
    const a = c.input(0);
    const b = c.input(1);
    const ties = a.eq(b);
    return [share(g, a.gt(b), ties), share(g, b.gt(a), ties)];
  },
  addScalar: (g) => [g],
  mulScalar: (g, c) => [g.mul(c.attributes.scalar)],
  divScalar: (g, c) => [g.div(c.attributes.scalar)],
  rsubScalar: (g) => [g.neg()],
  rdivScalar: (g, c) => [g.mul(c.output.div(c.input(0))).neg()],
  powScalar: (g, c) => {
    const p = c.attributes.scalar;
    return [p === 0 ? ops.zerosLike(g) : g.mul(c.input(0).pow(p - 1)).mul(p)];
  },
  rpowScalar: (g, c) => {
    const gradient = g.mul(c.output).mul(Math.log(c.attributes.scalar));
    return [c.attributes.scalar === 0 ? ops.where(c.input(0).ge(0), 0, gradient) : gradient];
  },
  reluGrad: (h, c) => [null, c.needs(1) ? ops.reluGrad(c.input(0), h) : null],
  sigmoidGrad: (h, c) => {
    const y = c.input(0);
    return [c.needs(0) ? h.mul(c.input(1)).mul(ops.sub(1, y.mul(2))) : null, c.needs(1) ? ops.sigmoidGrad(y, h) : null];
  },
  tanhGrad: (h, c) => {
    const y = c.input(0);
    return [c.needs(0) ? h.mul(c.input(1)).mul(y).mul(-2) : null, c.needs(1) ? ops.tanhGrad(y, h) : null];
  },
  where: (g, c) => {
    const condition = c.input(0);
    return [null, c.needs(1) ? ops.where(condition, g, 0) : null, c.needs(2) ? ops.where(condition, 0, g) : null];
  },
  matmul: (g, c) => [
    c.needs(0) ? ops.matmul(g, c.input(1).transpose(-1, -2)) : null,
    c.needs(1) ? ops.matmul(c.input(0).transpose(-1, -2), g) : null,
  ],
  linear: (g, c) => [
    c.needs(0) ? ops.matmul(g, c.input(1)) : null,
    c.needs(1) ? ops.matmul(g.transpose(0, 1), c.input(0)) : null,
    c.count > 2 && c.needs(2) ? g.sum(0) : null,
  ],
  sum: (g, c) => [g.reshape(c.attributes.keepShape).expand(c.shape(0))],
  mean: (g, c) => [g.div(c.attributes.count).reshape(c.attributes.keepShape).expand(c.shape(0))],
  prod: (g, c) => [g.reshape(c.attributes.keepShape).mul(ops.productOfOthers(c.input(0), c.attributes.dims))],
  extreme: (g, c) => {
    const { dim } = c.attributes;
    const size = c.shape(0)[dim];
    if (size === undefined) return [g];
    const indices = c.input(1);
    const positions = ops.alongDim(size, dim, c.shape(0).length, g.executor);
    return [ops.where(positions.eq(indices.unsqueeze(dim)), g.unsqueeze(dim), 0)];
  },
  extremeAll: (g, c) => {
    const { keepShape, dims } = c.attributes;
    const x = c.input(0);
    const y = c.output.reshape(keepShape);
    const mask = x.eq(y).add(x.ne(x).mul(y.ne(y)));
    return [ops.where(mask, g.reshape(keepShape).div(mask.sum(dims, { keepdim: true })), 0)];
  },
  cumsum: (g, c) => [ops.cumsumAlong(g, c.attributes.dim, !c.attributes.reverse)],
  softmax: (g, c) => [ops.softmaxGrad(c.output, g)],
  logSoftmax: (g, c) => [ops.logSoftmaxGrad(c.output, g)],
  softmaxGrad: (h, c) => {
    const y = c.input(0);
    const g = c.input(1);
    const along = (a: Tensor, b: Tensor) => a.mul(b).sum(-1, { keepdim: true });
    return [
      c.needs(0) ? h.mul(g.sub(along(g, y))).sub(g.mul(along(h, y))) : null,
      c.needs(1) ? ops.softmaxGrad(y, h) : null,
    ];
  },
  logSoftmaxGrad: (h, c) => {
    const p = c.input(0).exp();
    const weighted = h.mul(p);
    return [
      c.needs(0) ? weighted.mul(c.input(1).sum(-1, { keepdim: true })).neg() : null,
      c.needs(1) ? h.sub(weighted.sum(-1, { keepdim: true })) : null,
    ];
  },
  crossEntropy: (g, c) => [ops.crossEntropyGrad(g, c)],
  binaryCrossEntropy: (g, c) => {
    const x = c.input(0);
    const y = c.input(1);
    const spread = ops.sub(1, x).mul(x).clamp(SMALLEST_SPREAD);
    return [
      c.needs(0) ? g.mul(x.sub(y).div(spread)) : null,
      // Without the limit, as in PyTorch.
      c.needs(1) ? g.mul(x.neg().log1p().sub(x.log())) : null,
    ];
  },
  clone: (g) => [g],
  move: (g, c) => [ops.moveTo(g, c.attributes.executor)],
  reshape: (g, c) => [g.reshape(c.shape(0))],
  expand: (g) => [g],
  permute: (g, c) => {
    const { dims } = c.attributes;
    const inverse = dims.map((_, i) => dims.indexOf(i));
    return [g.permute(inverse)];
  },
  slice: (g, c) => {
    const { dim, start, step } = c.attributes;
    return [ops.unslice(g, dim, start, c.shape(0)[dim]!, step)];
  },
  unslice: (g, c) => {
    const { dim, start, end, step } = c.attributes;
    return [g.slice(dim, start, end, step)];
  },
  cat: (g, c) => {
    const { dim } = c.attributes;
    let at = 0;
    return Array.from({ length: c.count }, (_, i) => {
      const start = at;
      at += c.shape(i)[dim]!;
      return c.needs(i) ? g.slice(dim, start, at) : null;
    });
  },
  indexSelect: (g, c) => {
    const { dim } = c.attributes;
    const index = c.input(1);
    const rows = c.shape(0)[dim];
    const isTable = dim === 0 && rows !== undefined;
    return [isTable ? rowGradient(g, c, 0, index, null) : ops.indexAddTo(rows ?? 1, dim, index, g)];
  },
  indexAdd: (g, c) => [g.indexSelect(c.attributes.dim, c.input(1))],
  region: (g, c) => [ops.placeRegion(g, c.attributes)],
  overwrite: (g, c) => [
    c.needs(0) ? ops.overwrite(g, null, c.attributes) : null,
    c.needs(1) ? ops.region(g, c.attributes) : null,
  ],
  ...poolRules,
  ...normRules,
  ...convRules,
  ...embeddingRules,
  ...recurrentRules,
  ...gatherRules,
  ...activationRules,
};
