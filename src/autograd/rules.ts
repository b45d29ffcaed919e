/**
 * The gradient rules: one row a primitive, in one table. A row says what the operation must save and gives, from the
 * gradient `g` of its result, the gradients of its inputs (null where there is none). Rules are made of differentiable
 * operations, so that gradients can be differentiated again. They need not undo broadcasting: the engine does.
 *
 * Ties are decided as PyTorch does: relu'(0) = 0; clamp passes the gradient at its limits; maximum and minimum share it
 * equally; max along a dimension gives it to the returned index, max over everything and the norm ∞ share it equally, among
 * all NaN if there are any.
 */
import type { MathFn } from '../../bindings/commands/unary.ts';
import type { Executor } from '../../bindings/executor.ts';
import type { Tensor } from '../methods/tensor.ts';
import * as ops from '../ops/index.ts';
import { rowGradient } from '../ops/rowGradient.ts';
import type { Region } from '../tape/views.ts';
import type { Context } from './engine.ts';
import { type ActivationAttributes, activationRules } from './rules/activations.ts';
import { type ConvAttributes, convRules } from './rules/conv.ts';
import { type EmbeddingPrimitives, embeddingRules } from './rules/embedding.ts';
import { type GatherAttributes, gatherRules } from './rules/gather.ts';
import { type NormAttributes, normRules } from './rules/norm.ts';
import { type PoolAttributes, poolRules } from './rules/pool.ts';
import { type RecurrentPrimitives, recurrentRules } from './rules/recurrent.ts';

/** Attributes of each primitive that its rule needs. */
export interface Attributes
  extends Record<MathFn, undefined>,
    ConvAttributes,
    NormAttributes,
    PoolAttributes,
    EmbeddingPrimitives,
    RecurrentPrimitives,
    ActivationAttributes,
    GatherAttributes {
  neg: undefined;
  abs: undefined;
  step: undefined;
  square: undefined;
  clamp: { min: number; max: number; isOpen?: boolean; passesNaN?: boolean };
  clampBetween: { isBoth: boolean };
  add: undefined;
  sub: undefined;
  mul: undefined;
  div: undefined;
  pow: undefined;
  maximum: undefined;
  minimum: undefined;
  addScalar: undefined;
  mulScalar: { scalar: number };
  divScalar: { scalar: number };
  rsubScalar: undefined;
  rdivScalar: undefined;
  powScalar: { scalar: number };
  rpowScalar: { scalar: number };
  reluGrad: undefined;
  sigmoidGrad: undefined;
  tanhGrad: undefined;
  where: undefined;
  matmul: undefined;
  linear: undefined;
  sum: { keepShape: readonly number[] };
  mean: { keepShape: readonly number[]; count: number };
  prod: { keepShape: readonly number[]; dims: number[] };
  extreme: { dim: number };
  extremeAll: { keepShape: readonly number[]; dims: number[] };
  cumsum: { dim: number; reverse: boolean };
  softmax: undefined;
  logSoftmax: undefined;
  softmaxGrad: undefined;
  logSoftmaxGrad: undefined;
  crossEntropy: ops.CrossEntropyAttributes;
  binaryCrossEntropy: undefined;
  clone: undefined;
  move: { executor: Executor };
  reshape: undefined;
  expand: undefined;
  permute: { dims: readonly number[] };
  slice: { dim: number; start: number; step: number };
  unslice: { dim: number; start: number; end: number; step: number };
  cat: { dim: number };
  indexSelect: { dim: number };
  indexAdd: { dim: number };
  region: Region;
  overwrite: Region;
}

export type Primitive = keyof Attributes;

/** What a primitive saves: inputs by number, all of them, or each one whose fellow requires grad; its output. */
interface Saves {
  inputs?: 'all' | 'others' | readonly number[];
  output?: boolean;
}

export interface Rule<A> {
  saves?: Saves;
  backward(g: Tensor, c: Context<A>): (Tensor | null)[];
}

/** One rule for each primitive of A. */
export type Rules<A> = { [P in keyof A]: Rule<A[P]> };

const input: Saves = { inputs: 'all' };
const output: Saves = { output: true };
const others: Saves = { inputs: 'others' };

const TWO_OVER_SQRT_PI = 2 / Math.sqrt(Math.PI);

/** Limits with which PyTorch keeps binary cross-entropy and its gradient finite. */
const SMALLEST_SPREAD = 1e-12;
export const LOG_FLOOR = -100;

/** The part of g that one of two competing operands gets: nothing where it loses, half at a tie; at NaN both get all. */
function share(g: Tensor, loses: Tensor, ties: Tensor): Tensor {
  return ops.where(loses, 0, ops.where(ties, g.mul(0.5), g));
}

export const rules: Rules<Attributes> = {
  neg: { backward: (g) => [g.neg()] },
  abs: { saves: input, backward: (g, c) => [g.mul(c.input(0).sign())] },
  step: { backward: (g) => [ops.zerosLike(g)] },
  sqrt: { saves: output, backward: (g, c) => [g.div(c.output.mul(2))] },
  rsqrt: { saves: output, backward: (g, c) => [g.mul(c.output.pow(3)).mul(-0.5)] },
  reciprocal: { saves: output, backward: (g, c) => [g.mul(c.output.square()).neg()] },
  square: { saves: input, backward: (g, c) => [g.mul(c.input(0)).mul(2)] },
  exp: { saves: output, backward: (g, c) => [g.mul(c.output)] },
  log: { saves: input, backward: (g, c) => [g.div(c.input(0))] },
  log1p: { saves: input, backward: (g, c) => [g.div(c.input(0).add(1))] },
  sin: { saves: input, backward: (g, c) => [g.mul(c.input(0).cos())] },
  cos: { saves: input, backward: (g, c) => [g.mul(c.input(0).sin()).neg()] },
  tanh: { saves: output, backward: (g, c) => [ops.tanhGrad(c.output, g)] },
  sigmoid: { saves: output, backward: (g, c) => [ops.sigmoidGrad(c.output, g)] },
  relu: { saves: output, backward: (g, c) => [ops.reluGrad(c.output, g)] },
  atan: { saves: input, backward: (g, c) => [g.div(c.input(0).square().add(1))] },
  erf: { saves: input, backward: (g, c) => [g.mul(c.input(0).square().neg().exp().mul(TWO_OVER_SQRT_PI))] },
  clamp: {
    saves: input,
    backward: (g, c) => {
      const x = c.input(0);
      const { min, max, isOpen = false, passesNaN = false } = c.attributes;
      if (passesNaN) return [ops.where(x.le(min).add(x.ge(max)), 0, g)];
      return [ops.where(isOpen ? x.gt(min).mul(x.lt(max)) : x.ge(min).mul(x.le(max)), g, 0)];
    },
  },
  clampBetween: {
    saves: input,
    backward: (g, c) => {
      const [x, min, max] = [c.input(0), c.input(1), c.input(2)];
      return [
        c.needs(0) ? ops.where(x.ge(min).mul(x.le(max)), g, 0) : null,
        // Limits that cross: the upper one counts.
        c.needs(1) ? ops.where(c.attributes.isBoth ? x.lt(min).mul(min.lt(max)) : x.lt(min), g, 0) : null,
        c.needs(2) ? ops.where(c.attributes.isBoth ? x.gt(max).add(max.lt(min)) : x.gt(max), g, 0) : null,
      ];
    },
  },
  add: { backward: (g) => [g, g] },
  sub: { backward: (g, c) => [g, c.needs(1) ? g.neg() : null] },
  mul: {
    saves: others,
    backward: (g, c) => [c.needs(0) ? g.mul(c.input(1)) : null, c.needs(1) ? g.mul(c.input(0)) : null],
  },
  div: {
    saves: input,
    backward: (g, c) => {
      const b = c.input(1);
      return [c.needs(0) ? g.div(b) : null, c.needs(1) ? g.mul(c.input(0).div(b).div(b)).neg() : null];
    },
  },
  pow: {
    saves: { inputs: 'all', output: true },
    backward: (g, c) => {
      const a = c.input(0);
      const b = c.input(1);
      return [
        c.needs(0) ? ops.where(b.eq(0), 0, g.mul(b).mul(a.pow(b.sub(1)))) : null,
        c.needs(1) ? g.mul(ops.where(a.eq(0).mul(b.ge(0)), 0, c.output.mul(a.log()))) : null,
      ];
    },
  },
  maximum: {
    saves: input,
    backward: (g, c) => {
      const a = c.input(0);
      const b = c.input(1);
      const ties = a.eq(b);
      return [share(g, a.lt(b), ties), share(g, b.lt(a), ties)];
    },
  },
  minimum: {
    saves: input,
    backward: (g, c) => {
      const a = c.input(0);
      const b = c.input(1);
      const ties = a.eq(b);
      return [share(g, a.gt(b), ties), share(g, b.gt(a), ties)];
    },
  },
  addScalar: { backward: (g) => [g] },
  mulScalar: { backward: (g, c) => [g.mul(c.attributes.scalar)] },
  divScalar: { backward: (g, c) => [g.div(c.attributes.scalar)] },
  rsubScalar: { backward: (g) => [g.neg()] },
  rdivScalar: { saves: { inputs: 'all', output: true }, backward: (g, c) => [g.mul(c.output.div(c.input(0))).neg()] },
  powScalar: {
    saves: input,
    backward: (g, c) => {
      const p = c.attributes.scalar;
      return [p === 0 ? ops.zerosLike(g) : g.mul(c.input(0).pow(p - 1)).mul(p)];
    },
  },
  rpowScalar: {
    saves: { inputs: 'all', output: true },
    backward: (g, c) => {
      const gradient = g.mul(c.output).mul(Math.log(c.attributes.scalar));
      return [c.attributes.scalar === 0 ? ops.where(c.input(0).ge(0), 0, gradient) : gradient];
    },
  },
  reluGrad: { saves: { inputs: [0] }, backward: (h, c) => [null, c.needs(1) ? ops.reluGrad(c.input(0), h) : null] },
  sigmoidGrad: {
    saves: input,
    backward: (h, c) => {
      const y = c.input(0);
      return [
        c.needs(0) ? h.mul(c.input(1)).mul(ops.sub(1, y.mul(2))) : null,
        c.needs(1) ? ops.sigmoidGrad(y, h) : null,
      ];
    },
  },
  tanhGrad: {
    saves: input,
    backward: (h, c) => {
      const y = c.input(0);
      return [c.needs(0) ? h.mul(c.input(1)).mul(y).mul(-2) : null, c.needs(1) ? ops.tanhGrad(y, h) : null];
    },
  },
  where: {
    saves: { inputs: [0] },
    backward: (g, c) => {
      const condition = c.input(0);
      return [null, c.needs(1) ? ops.where(condition, g, 0) : null, c.needs(2) ? ops.where(condition, 0, g) : null];
    },
  },
  matmul: {
    saves: others,
    backward: (g, c) => [
      c.needs(0) ? ops.matmul(g, c.input(1).transpose(-1, -2)) : null,
      c.needs(1) ? ops.matmul(c.input(0).transpose(-1, -2), g) : null,
    ],
  },
  linear: {
    saves: { inputs: [0, 1] },
    backward: (g, c) => [
      c.needs(0) ? ops.matmul(g, c.input(1)) : null,
      c.needs(1) ? ops.matmul(g.transpose(0, 1), c.input(0)) : null,
      c.count > 2 && c.needs(2) ? g.sum(0) : null,
    ],
  },
  sum: { backward: (g, c) => [g.reshape(c.attributes.keepShape).expand(c.shape(0))] },
  mean: { backward: (g, c) => [g.div(c.attributes.count).reshape(c.attributes.keepShape).expand(c.shape(0))] },
  prod: {
    saves: input,
    backward: (g, c) => [g.reshape(c.attributes.keepShape).mul(ops.productOfOthers(c.input(0), c.attributes.dims))],
  },
  extreme: {
    saves: { inputs: [1] },
    backward: (g, c) => {
      const { dim } = c.attributes;
      const size = c.shape(0)[dim];
      if (size === undefined) return [g];
      const indices = c.input(1);
      const positions = ops.alongDim(size, dim, c.shape(0).length, g.executor);
      return [ops.where(positions.eq(indices.unsqueeze(dim)), g.unsqueeze(dim), 0)];
    },
  },
  extremeAll: {
    saves: { inputs: 'all', output: true },
    backward: (g, c) => {
      const { keepShape, dims } = c.attributes;
      const x = c.input(0);
      const y = c.output.reshape(keepShape);
      const mask = x.eq(y).add(x.ne(x).mul(y.ne(y)));
      return [ops.where(mask, g.reshape(keepShape).div(mask.sum(dims, { keepdim: true })), 0)];
    },
  },
  cumsum: { backward: (g, c) => [ops.cumsumAlong(g, c.attributes.dim, !c.attributes.reverse)] },
  softmax: { saves: output, backward: (g, c) => [ops.softmaxGrad(c.output, g)] },
  logSoftmax: { saves: output, backward: (g, c) => [ops.logSoftmaxGrad(c.output, g)] },
  softmaxGrad: {
    saves: input,
    backward: (h, c) => {
      const y = c.input(0);
      const g = c.input(1);
      const along = (a: Tensor, b: Tensor) => a.mul(b).sum(-1, { keepdim: true });
      return [
        c.needs(0) ? h.mul(g.sub(along(g, y))).sub(g.mul(along(h, y))) : null,
        c.needs(1) ? ops.softmaxGrad(y, h) : null,
      ];
    },
  },
  logSoftmaxGrad: {
    saves: input,
    backward: (h, c) => {
      const p = c.input(0).exp();
      const weighted = h.mul(p);
      return [
        c.needs(0) ? weighted.mul(c.input(1).sum(-1, { keepdim: true })).neg() : null,
        c.needs(1) ? h.sub(weighted.sum(-1, { keepdim: true })) : null,
      ];
    },
  },
  crossEntropy: { saves: input, backward: (g, c) => [ops.crossEntropyGrad(g, c)] },
  binaryCrossEntropy: {
    saves: input,
    backward: (g, c) => {
      const x = c.input(0);
      const y = c.input(1);
      const spread = ops.sub(1, x).mul(x).clamp(SMALLEST_SPREAD);
      return [
        c.needs(0) ? g.mul(x.sub(y).div(spread)) : null,
        // As in PyTorch without the limits.
        c.needs(1) ? g.mul(x.neg().log1p().sub(x.log())) : null,
      ];
    },
  },
  clone: { backward: (g) => [g] },
  move: { backward: (g, c) => [ops.moveTo(g, c.attributes.executor)] },
  reshape: { backward: (g, c) => [g.reshape(c.shape(0))] },
  expand: { backward: (g) => [g] },
  permute: {
    backward: (g, c) => {
      const { dims } = c.attributes;
      const inverse = dims.map((_, i) => dims.indexOf(i));
      return [g.permute(inverse)];
    },
  },
  slice: {
    backward: (g, c) => {
      const { dim, start, step } = c.attributes;
      return [ops.unslice(g, dim, start, c.shape(0)[dim]!, step)];
    },
  },
  unslice: {
    backward: (g, c) => {
      const { dim, start, end, step } = c.attributes;
      return [g.slice(dim, start, end, step)];
    },
  },
  cat: {
    backward: (g, c) => {
      const { dim } = c.attributes;
      let at = 0;
      return Array.from({ length: c.count }, (_, i) => {
        const start = at;
        at += c.shape(i)[dim]!;
        return c.needs(i) ? g.slice(dim, start, at) : null;
      });
    },
  },
  indexSelect: {
    saves: { inputs: [1] },
    backward: (g, c) => {
      const { dim } = c.attributes;
      const index = c.input(1);
      const rows = c.shape(0)[dim];
      const isTable = dim === 0 && rows !== undefined;
      return [isTable ? rowGradient(g, c, 0, index, null) : ops.indexAddTo(rows ?? 1, dim, index, g)];
    },
  },
  indexAdd: { saves: { inputs: [1] }, backward: (g, c) => [g.indexSelect(c.attributes.dim, c.input(1))] },
  region: { backward: (g, c) => [ops.placeRegion(g, c.attributes)] },
  overwrite: {
    backward: (g, c) => [
      c.needs(0) ? ops.overwrite(g, null, c.attributes) : null,
      c.needs(1) ? ops.region(g, c.attributes) : null,
    ],
  },
  ...poolRules,
  ...normRules,
  ...convRules,
  ...embeddingRules,
  ...recurrentRules,
  ...gatherRules,
  ...activationRules,
};
