/**
 * Operations without a gradient, and code that runs the commands that gradient rules do not use: integers, random
 * numbers, optimizers, compiled programs. Each case runs on the executor that is the default when it is called.
 */
import { encodeIm2col, encodeQgemm } from '../../bindings/generated/encode.ts';
import { empty } from '../../src/emit/emit.ts';
import { emitWinogradConv, emitWinogradInputGrad, emitWinogradWeightGrad } from '../../src/emit/winograd.ts';
import { compile, F, nn, noGrad, optim, rand, randint, randn, randperm, type Tensor, tensor } from '../../src/index.ts';
import * as ops from '../../src/ops/index.ts';

const float = () => tensor([-2.5, -1, -0, 0, 0.5, 1, 2.5, NaN, Infinity, -Infinity]);
const other = () => tensor([-2.5, 1, 0, 0.5, 0.5, -1, 3, 1, Infinity, NaN]);
const int = () => tensor([-7, -1, 0, 1, 2, 46341], { dtype: 'int32' });
const otherInt = () => tensor([3, -1, 0, 2, 2, 46341], { dtype: 'int32' });
const bool = () => tensor([true, false, true, false]);
const otherBool = () => tensor([true, true, false, false]);
const grid = () => tensor([3, 1, 2, 9, 9, -4, 0.5, 7, 7, 1, 2, 5], { dtype: 'float32' }).reshape(2, 3, 2);
const intGrid = () => grid().to('int32');

/** The operations by name. */
const named = { ...ops };

/** Irregular numbers, the same everywhere. */
function spread(...shape: number[]): Tensor {
  const n = shape.reduce((a, b) => a * b, 1);
  return tensor(
    Float32Array.from({ length: n }, (_, i) => ((i * 0.6180339887 + 0.3) % 1) - 0.5),
    { shape },
  );
}

const comparisons = ['eq', 'ne', 'gt', 'ge', 'lt', 'le'] as const;
const integerBinary = ['add', 'sub', 'mul', 'maximum', 'minimum', 'quotient', 'remainder'] as const;
const integerUnary = ['neg', 'abs', 'sign', 'square', 'floor', 'ceil', 'round', 'logicalNot'] as const;
const integerReductions = ['sum', 'prod', 'max', 'min'] as const;

/** Two steps of an optimizer on one parameter, with a gradient of both signs. */
function steps(make: (params: nn.Parameter[]) => { zeroGrad(): void; step(): unknown }): Tensor[] {
  const parameter = new nn.Parameter(spread(5));
  const optimizer = make([parameter]);
  for (let step = 0; step < 2; step++) {
    optimizer.zeroGrad();
    parameter.square().mul(spread(5)).sum().backward();
    optimizer.step();
  }
  return [parameter];
}

/** A compiled training step; its program has strips and groups. */
function compiledSteps(): Tensor[] {
  const [a, b] = [new nn.Parameter(spread(6, 5)), new nn.Parameter(spread(6))];
  const optimizer = new optim.Adam([a, b], { lr: 0.01 });
  const step = compile((x: Tensor) => {
    optimizer.zeroGrad();
    const loss = F.linear(x, a, b).relu().square().exp().add(1).log().mean();
    loss.backward();
    optimizer.step();
    return loss;
  });
  const losses = [0, 1, 2].map(() => step(spread(4, 5)).clone());
  step.dispose();
  return [...losses, a, b];
}

/** Products and convolutions whose activation the kernel applies itself. */
function fused(fn: 'relu' | 'sigmoid' | 'tanh'): Tensor[] {
  const program = compile((x: Tensor, w: Tensor, image: Tensor, filter: Tensor) => [
    named[fn](F.linear(x, w)),
    named[fn](F.conv2d(image, filter)),
  ]);
  const results = program(spread(3, 4), spread(5, 4), spread(1, 2, 5, 5), spread(3, 2, 2, 2)).map((t) => t.clone());
  program.dispose();
  return results;
}

function im2col(): Tensor[] {
  const x = spread(1, 2, 4, 3);
  const y = empty(x.executor, [8, 6], 'float32');
  encodeIm2col(x.executor.program, {
    batch: 1,
    inChannels: 2,
    height: 4,
    width: 3,
    outChannels: 1,
    outHeight: 3,
    outWidth: 2,
    kernelHeight: 2,
    kernelWidth: 2,
    strideHeight: 1,
    strideWidth: 1,
    padTop: 0,
    padLeft: 0,
    dilationHeight: 1,
    dilationWidth: 1,
    groups: 1,
    x: x.address,
    y: y.address,
  });
  x.executor.run();
  return [y];
}

/** Products of int8 matrices, 2×8 and 3×8, as integers and as floats. */
function qgemm(): Tensor[] {
  const [a, b] = [16, 24].map((n) =>
    tensor(
      Array.from({ length: n / 4 }, (_, i) => Math.imul(i + 3, 0x9e3779b9)),
      { dtype: 'int32' },
    ),
  ) as [Tensor, Tensor];
  const [bZero, intBias] = [
    [3, -7, 0, 0],
    [1000, -5, 7, 0],
  ].map((values) => tensor(values, { dtype: 'int32' })) as [Tensor, Tensor];
  const [scale, bias] = [spread(4), spread(4)];
  return (['int32', 'float32'] as const).map((dtype) => {
    const y = empty(a.executor, [2, 3], dtype);
    encodeQgemm(a.executor.program, {
      a: a.address,
      b: b.address,
      c: y.address,
      bZero: bZero.address,
      scale: dtype === 'int32' ? 0 : scale.address,
      bias: (dtype === 'int32' ? intBias : bias).address,
      m: 2,
      n: 3,
      k: 8,
      aZero: -4,
    });
    a.executor.run();
    return y;
  });
}

/** Winograd's convolution and its gradients, even on executors that would not choose it. */
function winograd(): Tensor[] {
  const [x, w, bias, g] = [spread(2, 3, 6, 5), spread(9, 3, 3, 3), spread(9), spread(2, 9, 6, 5)];
  const geometry = {
    batch: 2,
    inChannels: 3,
    height: 6,
    width: 5,
    outChannels: 9,
    outHeight: 6,
    outWidth: 5,
    kernelHeight: 3,
    kernelWidth: 3,
    strideHeight: 1,
    strideWidth: 1,
    padTop: 1,
    padLeft: 1,
    dilationHeight: 1,
    dilationWidth: 1,
    groups: 1,
  };
  const [y, gx, gw] = [g, x, w].map((like) => empty(x.executor, like.shape, 'float32')) as [Tensor, Tensor, Tensor];
  emitWinogradConv(x, w, bias, y, geometry);
  emitWinogradInputGrad(g, w, null, gx, geometry);
  emitWinogradWeightGrad(x, g, gw, geometry);
  return [y, gx, gw];
}

/** Enough elements for the pass that makes strips. */
function strip(): Tensor[] {
  const program = compile((x: Tensor) => x.mul(2).exp().add(x));
  const result = program(spread(20_000)).clone();
  program.dispose();
  return [result];
}

/** A layer whose batch is large enough for packed weights. */
function packedWeights(): Tensor[] {
  const [size, inputs] = [5, 3];
  const layer = new nn.GRU(inputs, size);
  for (const parameter of layer.parameters()) noGrad(() => parameter.copy_(spread(...parameter.shape)));
  const x = spread(2, 6, inputs);
  x.requiresGrad = true;
  const [out] = layer.forward(x);
  out.square().sum().backward();
  return [out, x.grad!];
}

/** Operations without a gradient. */
export const plainCases: Record<string, () => Tensor[]> = {
  ...Object.fromEntries(
    comparisons.map((name) => [
      name,
      () => [
        named[name](float(), other()),
        named[name](float(), 0.5),
        named[name](int(), otherInt()),
        named[name](int(), 1),
      ],
    ]),
  ),
  ...Object.fromEntries(integerUnary.map((name) => [`${name} (int32)`, () => [named[name](int())]])),
  ...Object.fromEntries(
    integerBinary.map((name) => [
      `${name} (int32)`,
      () => [named[name](int(), otherInt()), named[name](int(), 3), named[name](2, int())],
    ]),
  ),
  ...Object.fromEntries(
    integerReductions.map((name) => [`${name} (int32)`, () => [(named[name] as (x: Tensor) => Tensor)(intGrid())]]),
  ),
  'pow (int32)': () => [ops.pow(int(), 3), ops.pow(int(), tensor([0, 1, 2, 3, 4, 5], { dtype: 'int32' }))],
  'clamp (int32)': () => [int().clamp(-1, 2)],
  'cumsum (int32)': () => [intGrid().cumsum(1)],
  'max with a dim (int32)': () => [intGrid().max(1).values, intGrid().max(1).indices],
  'min with a dim (int32)': () => [intGrid().min(2).values, intGrid().min(2).indices],
  'sort (int32)': () => Object.values(intGrid().sort(1)),
  'scatterAdd (int32)': () => [
    int().scatterAdd(0, tensor([5, 0, 5], { dtype: 'int32' }), tensor([1, 2, 3], { dtype: 'int32' })),
  ],
  'add mul maximum minimum (bool)': () =>
    (['add', 'mul', 'maximum', 'minimum'] as const).map((name) => named[name](bool(), otherBool())),
  logicalNot: () => [float().logicalNot(), bool().logicalNot()],
  'to int32': () => [float().to('int32'), bool().to('int32')],
  'to bool': () => [float().to('bool'), int().to('bool')],
  'to float32': () => [int().to('float32'), bool().to('float32')],
  argmax: () => [float().argmax(), grid().argmax(1), intGrid().argmax(-1), intGrid().argmax()],
  argmin: () => [float().argmin(), grid().argmin(1), intGrid().argmin(-1), intGrid().argmin()],
  'sort, indices': () => [grid().sort(1).indices, float().sort(0, { descending: true }).indices],
  'topk, indices': () => [grid().topk(2, 1).indices, float().topk(3).indices],
  binaryStep: () => [F.binaryStep(float())],
  oneHot: () => [F.oneHot(tensor([2, 0, 1], { dtype: 'int32' }), 4)],
  rand: () => [rand(7)],
  randn: () => [randn(7)],
  randint: () => [randint(-3, 9, [7])],
  randperm: () => [randperm(9)],
  dropout: () => [F.dropout(spread(12))],
};

/** A program that checks whether its indices are in range. */
function computedIndices(): Tensor[] {
  const rows = compile((i: Tensor) =>
    tensor([
      [1, 2],
      [3, 4],
      [5, 6],
      [7, 8],
    ]).indexSelect(0, i.add(1)),
  );
  return [rows(tensor([2, 0, -1], { dtype: 'int32' }))];
}

/** Programs that run the remaining commands. */
export const programCases: Record<string, () => Tensor[]> = {
  SGD: () => steps((params) => new optim.SGD(params, { lr: 0.1, momentum: 0.9 })),
  Adam: () => steps((params) => new optim.Adam(params, { lr: 0.1 })),
  AdamW: () => steps((params) => new optim.AdamW(params, { lr: 0.1, weightDecay: 0.1 })),
  RMSprop: () => steps((params) => new optim.RMSprop(params, { lr: 0.1, centered: true, momentum: 0.5 })),
  Adagrad: () => steps((params) => new optim.Adagrad(params, { lr: 0.1 })),
  Adadelta: () => steps((params) => new optim.Adadelta(params, { lr: 1 })),
  NAdam: () => steps((params) => new optim.NAdam(params, { lr: 0.1 })),
  'a compiled training step': compiledSteps,
  'fused relu': () => fused('relu'),
  'fused sigmoid': () => fused('sigmoid'),
  'fused tanh': () => fused('tanh'),
  im2col,
  qgemm,
  winograd,
  strip,
  'packed weights': packedWeights,
  'indices that are computed': computedIndices,
};
