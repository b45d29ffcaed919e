/**
 * Cases for every row of the table of gradient rules: a function that uses the rule, and inputs. The points are away
 * from kinks; the fixtures test ties.
 */
import { recurrentKinds } from '../../bindings/commands/recurrent.ts';
import { gateCount } from '../../src/emit/recurrent.ts';
import { F, grad, type Tensor, tensor } from '../../src/index.ts';
import * as ops from '../../src/ops/index.ts';
import { embeddingRows } from '../../src/ops/lookup.ts';
import { recurrent } from '../../src/ops/recurrent.ts';
import { ReferenceExecutor } from '../../src/reference/executor.ts';
import type { Primitive } from '../../src/tape/primitives.ts';
import type { Node } from '../../src/tensor/graph.ts';

/** Numbers between low and high, no two alike and none near 0, in a fixed irregular order. */
export function points(shape: number[], low: number, high: number, offset = 0): Tensor {
  const n = shape.reduce((a, b) => a * b, 1);
  const share = (i: number) => ((i + offset) * 0.6180339887498949 + 0.137) % 1;
  return tensor(
    Float32Array.from({ length: n }, (_, i) => low + (high - low) * share(i)),
    { shape, requiresGrad: true },
  );
}

const any = (...shape: number[]) => points(shape, -1.7, 1.9);
const more = (...shape: number[]) => points(shape, -1.6, 1.5, 5.5);
const positive = (...shape: number[]) => points(shape, 0.3, 2.4);
const share = (...shape: number[]) => points(shape, 0.15, 0.85);
const indices = (...values: number[]) => tensor(values, { dtype: 'int32' });
const fixed = (t: Tensor) => t.detach();

export type Case = [fn: (...inputs: Tensor[]) => Tensor, ...inputs: Tensor[]];
const one = (fn: (x: Tensor) => Tensor, x: Tensor): Case[] => [[fn, x]];
/** All ways in which two shapes broadcast. */
const two = (fn: (a: Tensor, b: Tensor) => Tensor, make = any, other = more): Case[] => [
  [fn, make(2, 3), other(2, 3)],
  [fn, make(2, 1), other(1, 3)],
  [fn, make(3), other(2, 2, 3)],
  [fn, make(), other(2, 2)],
  [fn, make(2, 3), fixed(other(3))],
  [fn, fixed(make(3)), other(2, 1)],
];

const elsewhere = new ReferenceExecutor({ precision: 64 });
const target = indices(2, 0, 1, 0);
const weight = fixed(positive(3));
/** Geometry of a convolution of [2, 2, 4, 3] with [2, 1, 3, 2] to [2, 2, 2, 2]. */
const smallGeometry = {
  batch: 2,
  inChannels: 2,
  height: 4,
  width: 3,
  outChannels: 2,
  outHeight: 2,
  outWidth: 2,
  kernelHeight: 3,
  kernelWidth: 2,
  strideHeight: 2,
  strideWidth: 1,
  padTop: 1,
  padLeft: 0,
  dilationHeight: 1,
  dilationWidth: 1,
  groups: 2,
};
const bce = (x: Tensor, y: Tensor) => F.binaryCrossEntropy(x, y, { reduction: 'none' });

const planes = { height: 3, width: 5, outHeight: 2, outWidth: 2 };
const window = {
  kernelHeight: 2,
  kernelWidth: 3,
  strideHeight: 1,
  strideWidth: 2,
  dilationHeight: 1,
  dilationWidth: 1,
};
const pooling = { ...planes, ...window, padHeight: 0, padWidth: 0, countPad: 1 } as const;
/** Sequences of every kind, in both directions, whole and with lengths. */
function recurrentCases(of: (result: ReturnType<typeof recurrent>) => Tensor): Case[] {
  const [steps, batch, inputs, size] = [3, 2, 2, 3];
  return [false, true].flatMap((reverse) =>
    recurrentKinds.map((kind): Case => {
      const n = gateCount(kind) * size;
      const weights = [any(n, inputs), more(n, size), any(n), more(n)];
      const states = [any(batch, size), more(batch, size)].slice(0, kind === 'lstm' ? 2 : 1);
      const fn = (...[x, wIh, wHh, biasIh, biasHh, h0, c0]: Tensor[]) => {
        const lengths = reverse ? indices(2, 3) : null;
        const operands = { x: x!, wIh: wIh!, wHh: wHh!, biasIh: biasIh!, biasHh: biasHh!, h0: h0!, c0: c0 ?? null };
        return of(recurrent(kind, reverse, { ...operands, lengths }));
      };
      return [fn, any(steps, batch, inputs), ...weights, ...states];
    }),
  );
}

/** Every second element of three, in two rows of seven. */
const PART = { offset: 1, shape: [2, 3], strides: [7, 2], length: 14 };

export const cases: Record<Primitive, Case[]> = {
  neg: one((x) => x.neg(), any(2, 3)),
  abs: one((x) => x.abs(), any(2, 3)),
  clampBetween: [[(x, low, high) => ops.clamp(x, low, high), any(2, 3), any(3).sub(2), any(2, 1).add(0.5)]],
  step: [
    [(x) => x.floor().add(x), any(2, 3)],
    [(x) => x.sign().mul(x), any(2, 3)],
    [(x) => x.ceil().mul(x), any(2, 3)],
    [(x) => x.round().add(x), any(2, 3)],
  ],
  sqrt: one((x) => x.sqrt(), positive(2, 3)),
  rsqrt: one((x) => x.rsqrt(), positive(2, 3)),
  reciprocal: one((x) => x.reciprocal(), positive(2, 3)),
  square: one((x) => x.square(), any(2, 3)),
  exp: one((x) => x.exp(), any(2, 3)),
  log: one((x) => x.log(), positive(2, 3)),
  log1p: one((x) => x.log1p(), positive(2, 3)),
  sin: one((x) => x.sin(), any(2, 3)),
  cos: one((x) => x.cos(), any(2, 3)),
  tanh: one((x) => x.tanh(), any(2, 3)),
  sigmoid: one((x) => x.sigmoid(), any(2, 3)),
  relu: one((x) => x.relu(), any(2, 3)),
  atan: one((x) => x.atan(), any(2, 3)),
  erf: one((x) => x.erf(), any(2, 3)),
  clamp: one((x) => x.clamp(-1, 0.8), any(3, 3)),
  add: two(ops.add),
  sub: two(ops.sub),
  mul: two(ops.mul),
  div: two(ops.div, any, positive),
  pow: two(ops.pow, positive, more),
  maximum: two(ops.maximum),
  minimum: two(ops.minimum),
  addScalar: [
    ...one((x) => x.add(1.5), any(2, 3)),
    ...one((x) => ops.add(2.5, x), any(2, 3)),
    ...one((x) => x.sub(3), any(3)),
  ],
  mulScalar: [...one((x) => x.mul(1.5), any(2, 3)), ...one((x) => ops.mul(-2, x), any(2, 3))],
  divScalar: one((x) => x.div(2.5), any(2, 3)),
  rsubScalar: one((x) => ops.sub(2, x), any(2, 3)),
  rdivScalar: one((x) => ops.div(2, x), positive(2, 3)),
  powScalar: [3, 2, 0.5, -1, 1.5].flatMap((p) => one((x) => x.pow(p), positive(2, 3))),
  rpowScalar: [2, 0.5].flatMap((b) => one((x) => ops.pow(b, x), any(2, 3))),
  reluGrad: [[ops.reluGrad, fixed(any(2, 3)), more(2, 3)]],
  sigmoidGrad: [[ops.sigmoidGrad, any(2, 3), more(2, 3)]],
  tanhGrad: [[ops.tanhGrad, any(2, 3), more(2, 3)]],
  where: [
    [ops.where, tensor([true, false, true]), any(2, 3), more(2, 3)],
    [ops.where, tensor([[true], [false]]), any(3), more(2, 1)],
    [(c, x) => ops.where(c, x, 2), tensor([true, false, true]), any(2, 3)],
    [(c, x) => ops.where(c, 2, x), tensor([true, false, true]), any(2, 3)],
  ],
  matmul: [
    [ops.matmul, any(2, 3), more(3, 4)],
    [ops.matmul, any(3), more(3)],
    [ops.matmul, any(2, 3), more(3)],
    [ops.matmul, any(3), more(2, 3, 2)],
    [ops.matmul, any(2, 2, 3), more(3, 2)],
    [ops.matmul, any(2, 1, 2, 3), more(3, 3, 2)],
    [(a, b) => ops.matmul(a.T, b.T), any(3, 2), more(4, 3)],
    [ops.bmm, any(2, 2, 3), more(2, 3, 2)],
    [ops.dot, any(4), more(4)],
    [ops.outer, any(2), more(3)],
  ],
  linear: [
    [F.linear, any(3, 2), more(4, 2), positive(4)],
    [F.linear, any(3, 2), more(4, 2)],
    [F.linear, any(2, 2, 3), more(2, 3), positive(2)],
    [F.linear, any(3), more(2, 3), positive(2)],
    [(x, w) => F.linear(x.T, w.T), any(2, 3), more(2, 4)],
  ],
  sum: [undefined, 0, -1, [0, 2]].flatMap((dim) => [
    ...one((x) => x.sum(dim), any(2, 3, 2)),
    ...one((x) => x.square().sum(dim, { keepdim: true }), any(2, 3, 2)),
  ]),
  mean: [undefined, 1, [0, 1]].flatMap((dim) => one((x) => x.mean(dim), any(2, 3, 2))),
  prod: [
    ...[undefined, 1, [0, 2]].flatMap((dim) => one((x) => x.prod(dim), any(2, 2, 2))),
    ...one(
      (x) => x.prod(1),
      tensor(
        [
          [2, 0, -1.5],
          [0, 0.5, 0],
          [0, 0, 0],
          [1.5, 2, 3],
        ],
        { requiresGrad: true },
      ),
    ),
    ...one(
      (x) => x.prod([0, 2]),
      tensor(
        [
          [[2], [0]],
          [[1.5], [3]],
        ],
        { requiresGrad: true },
      ),
    ),
  ],
  extreme: [
    ...one((x) => x.max(1).values, any(3, 4)),
    ...one((x) => x.min(0, { keepdim: true }).values, any(3, 4)),
    ...one((x) => x.T.max(-1).values, any(3, 4)),
  ],
  extremeAll: [
    ...one((x) => x.max(), any(3, 4)),
    ...one((x) => x.min(), any(3, 4)),
    ...one((x) => x.norm([0, 2], { p: Infinity }), any(2, 3, 2)),
    ...one((x) => x.norm(1, { p: -Infinity, keepdim: true }), any(2, 3, 2)),
  ],
  cumsum: [0, 1, 2].flatMap((dim) => one((x) => x.cumsum(dim), any(2, 3, 2))),
  softmax: [0, 1, -1].flatMap((dim) => one((x) => ops.softmax(x, dim), any(2, 3, 2))),
  logSoftmax: [0, 1, -1].flatMap((dim) => one((x) => ops.logSoftmax(x, dim), any(2, 3, 2))),
  softmaxGrad: [[ops.softmaxGrad, any(2, 3), more(2, 3)]],
  logSoftmaxGrad: [[ops.logSoftmaxGrad, any(2, 3), more(2, 3)]],
  crossEntropy: [
    [(x, t) => F.crossEntropy(x, t), any(4, 3), target],
    [(x, t) => F.crossEntropy(x, t, { reduction: 'none', labelSmoothing: 0.2 }), any(4, 3), target],
    [(x, t) => F.crossEntropy(x, t, { reduction: 'sum', ignoreIndex: 0 }), any(4, 3), target],
    [(x, t, w) => F.crossEntropy(x, t, { weight: w, labelSmoothing: 0.1 }), any(4, 3), target, weight],
    [(x, t, w) => F.crossEntropy(x, t, { weight: w, ignoreIndex: 1 }), any(4, 3), target, weight],
  ],
  binaryCrossEntropy: [
    [bce, share(2, 3), fixed(points([2, 3], 0, 1, 3))],
    [bce, share(2, 3), points([2, 3], 0, 1, 3)],
  ],
  conv: [
    [(x, w, b) => F.conv2d(x, w, b, { padding: 1 }), any(2, 2, 3, 4), more(2, 2, 3, 2), positive(2)],
    [(x, w) => F.conv2d(x, w, null, { stride: 2, groups: 2, padding: [1, 0] }), any(1, 2, 4, 3), more(4, 1, 2, 2)],
    [(x, w) => F.conv2d(x, w, null, { dilation: [2, 1], padding: 'same' }), any(1, 1, 3, 3), more(1, 1, 2, 2)],
    [(x, w, b) => F.conv1d(x, w, b, { stride: 2 }), any(2, 1, 5), more(2, 1, 2), positive(2)],
  ],
  convInputGrad: [
    [
      (x, w, b) => F.convTranspose2d(x, w, b, { stride: 2, padding: 1, outputPadding: 1 }),
      any(2, 1, 2, 3),
      more(1, 2, 3, 2),
      positive(2),
    ],
    [(x, w) => F.convTranspose2d(x, w, null, { groups: 2, dilation: 2 }), any(1, 2, 2, 2), more(2, 1, 2, 2)],
  ],
  convWeightGrad: [[(x, g) => ops.convWeightGrad(x, g, smallGeometry), any(2, 2, 4, 3), more(2, 2, 2, 2)]],
  clone: one((x) => x.clone(), any(2, 3)),
  move: one(
    (x) => {
      const there = ops.moveTo(x, elsewhere);
      return ops.moveTo(there.mul(there), x.executor);
    },
    any(2, 3),
  ),
  reshape: [
    ...one((x) => x.reshape(3, 2), any(2, 3)),
    ...one((x) => x.T.reshape(-1), any(2, 3)),
    ...one((x) => x.unsqueeze(1).squeeze(0).flatten(), any(1, 3, 1)),
    ...one((x) => x.unflatten(1, [2, -1]), any(2, 4)),
  ],
  expand: one((x) => x.expand(2, 3, 4), any(3, 1)),
  permute: [...one((x) => x.permute(2, 0, 1), any(2, 3, 2)), ...one((x) => x.transpose(0, -1), any(2, 3, 2))],
  slice: [
    ...one((x) => x.slice(1, 1, 4, 2), any(2, 5)),
    ...one((x) => x.slice(0, -2), any(4, 2)),
    ...one((x) => x.select(1, -1), any(2, 3)),
    ...one((x) => x.T.slice(0, 1, 3), any(2, 3)),
  ],
  unslice: one((x) => ops.unslice(x, 1, 1, 6, 2), any(2, 3)),
  cat: [
    [(a, b) => ops.cat([a, b, a], 1), any(2, 2), more(2, 3)],
    [(a, b) => ops.stack([a, b], -1), any(2, 2), fixed(more(2, 2))],
  ],
  indexSelect: [0, 1].flatMap((dim): Case[] => [[(x, i) => x.indexSelect(dim, i), any(2, 2, 2), indices(1, 0, 1)]]),
  region: one((x) => ops.region(x, PART), any(14)),
  overwrite: [[(x, y) => ops.overwrite(x, y!, PART), any(14), any(2, 3)]],
  indexAdd: [[(g, i) => ops.indexAddTo(4, 0, i, g), any(3, 2), indices(3, 1, 3)]],
  maxPool: [
    [(x) => F.maxPool2d(x, 2), any(2, 1, 4, 5)],
    [(x) => F.maxPool2d(x, 3, { stride: 2, padding: 1 }), any(1, 2, 5, 6)],
    [(x) => F.adaptiveMaxPool2d(x, [2, 3]), any(1, 5, 4)],
  ],
  maxPoolGrad: [[(g, i) => ops.maxPoolGrad(g, i.reshape(2, 1, 2), [2, 3, 2]), any(2, 1, 2), indices(4, 1, 0, 0)]],
  avgPool: [
    [(x) => F.avgPool2d(x, 2, { padding: 1 }), any(2, 1, 4, 5)],
    [(x) => F.avgPool2d(x, 3, { stride: 2, padding: 1, countIncludePad: false, ceilMode: true }), any(1, 5, 6)],
    [(x) => F.adaptiveAvgPool2d(x, [2, 3]), any(1, 5, 4)],
    [(x) => F.avgPool1d(x, 2), any(2, 5)],
  ],
  avgPoolGrad: [[(g) => ops.avgPoolGrad(g, pooling), any(2, 2, 2)]],
  resize: [
    [(x) => F.interpolate(x, { scaleFactor: 2 }), any(1, 2, 2, 3)],
    [(x) => F.interpolate(x, { size: [5, 2], mode: 'bilinear' }), any(1, 1, 3, 4)],
    [(x) => F.interpolate(x, { size: [3, 5], mode: 'bilinear', alignCorners: true }), any(1, 1, 2, 4)],
  ],
  resizeGrad: [
    [(g) => ops.resizeGrad(g, { ...planes, scaleHeight: 1.5, scaleWidth: 2.5, mode: 'bilinear' }), any(2, 2, 2)],
  ],
  norm: [
    [
      (x, w, b) => F.batchNorm(x, null, null, { weight: w, bias: b, training: true }),
      any(3, 2, 2),
      positive(2),
      any(2),
    ],
    [(x, w) => F.batchNorm(x, null, null, { weight: w, training: true }), any(4, 3), positive(3)],
    [(x, b) => F.batchNorm(x, fixed(any(2)), fixed(positive(2)), { bias: b }), any(3, 2, 2), any(2)],
    [(x, w, b) => F.layerNorm(x, [2, 3], { weight: w, bias: b }), any(2, 2, 3), positive(2, 3), any(2, 3)],
    [(x, w) => F.groupNorm(x, 2, { weight: w }), any(2, 4, 3), positive(4)],
    [(x) => F.groupNorm(x, 2), any(2, 6)],
    [(x, w, b) => F.instanceNorm(x, { weight: w, bias: b }), any(2, 2, 2, 3), positive(2), any(2)],
  ],
  rmsNorm: [
    [(x, w) => F.rmsNorm(x, [2, 3], { weight: w }), any(2, 2, 3), positive(2, 3)],
    [(x) => F.rmsNorm(x, 5, { eps: 0.1 }), any(3, 5)],
    [(x) => F.rmsNorm(x, 2, { weight: fixed(any(2)) }), any(2, 3, 2)],
    [(w) => F.rmsNorm(fixed(any(4, 3)), 3, { weight: w }), any(3)],
  ],
  pad: [
    [(x) => x.pad([1, 2, 0, 1], { value: 3 }), any(2, 3)],
    [(x) => x.pad([-1, 1]).square(), any(2, 3)],
  ],
  embedding: [
    [(w, i) => embeddingRows(w, i, { padding: null, scaleGradByFreq: false }), any(4, 3), indices(2, 0, 2)],
    [(w, i) => embeddingRows(w, i, { padding: 3, scaleGradByFreq: false }), any(4, 3), indices(1, 0, 1)],
  ],
  recurrent: recurrentCases((result) => result.out),
  recurrentCell: recurrentCases(({ out, cell }) => cell ?? out).filter((_, i) => i % 4 === 2),
  gather: [
    [(x, i) => x.gather(1, i), any(2, 3), indices(2, 0, 2, 1).reshape(2, 2)],
    [(x, i) => x.gather(0, i), any(3, 2), indices(2, 0).reshape(2, 1)],
    ...one((x) => x.sort(0, { descending: true }).values, any(3, 2)),
    ...one((x) => x.topk(2, 1).values, any(2, 4)),
  ],
  scatterAdd: [
    [(x, i, g) => x.scatterAdd(0, i, g), any(3), indices(2, 0, 2), more(4)],
    [(x, i, g) => x.scatterAdd(1, i, g), any(3, 2), indices(1, 0, 1, 1).reshape(2, 2), more(2, 3)],
  ],
  gelu: one((x) => F.gelu(x), any(2, 3)),
  geluTanh: one((x) => F.gelu(x, { approximate: 'tanh' }), any(2, 3)),
  silu: one((x) => F.silu(x), any(2, 3)),
  geluGrad: [[(x, g) => ops.activationGrad('geluGrad', x, g), any(2, 3), more(2, 3)]],
  geluTanhGrad: [[(x, g) => ops.activationGrad('geluTanhGrad', x, g), any(2, 3), more(2, 3)]],
  siluGrad: [[(x, g) => ops.activationGrad('siluGrad', x, g), any(2, 3), more(2, 3)]],
  softplus: one((x) => F.softplus(x, { beta: 1.7, threshold: 2 }), any(2, 3)),
  elu: [...one((x) => F.elu(x, { alpha: 0.7 }), any(2, 3)), ...one((x) => F.celu(x, { alpha: 1.3 }), any(2, 3))],
  leakyRelu: one((x) => F.leakyRelu(x, { negativeSlope: 0.2 }), any(2, 3)),
  flip: one((x) => x.flip(0, 2), any(2, 2, 3)),
};

/** Rules whose gradient cannot be differentiated again: they throw. */
export const once: Primitive[] = ['recurrent', 'recurrentCell'];

/** All primitives in the graph behind a tensor. */
export function recorded(y: Tensor): Set<string> {
  const found = new Set<string>();
  const nodes: (Node | null | undefined)[] = [y.variable?.node];
  for (let node = nodes.pop(); node !== undefined || nodes.length > 0; node = nodes.pop()) {
    if (!node) continue;
    found.add(node.primitive);
    nodes.push(...node.inputs.map((input) => input?.node));
  }
  return found;
}

/** Σ w·gradient of fn, with the gradient of its result as the first input: everything that differentiating twice uses. */
export function gradientOf(fn: Case[0]): Case[0] {
  return (upstream, ...inputs) => {
    const wanted = inputs.filter((x) => x.requiresGrad);
    const gradients = grad(fn(...inputs), wanted, { gradOutputs: upstream, createGraph: true });
    // Gradients of linear functions do not depend on their inputs: 0·x connects them anyway.
    return gradients.map((g, i) => g.add(0.7).square().sum().add(wanted[i]!.sum().mul(0))).reduce((a, b) => a.add(b));
  };
}
