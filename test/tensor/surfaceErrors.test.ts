/** Refusals of operations by index, sorting, activations and losses: before anything runs, also when compiled. */
import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  compile,
  DTypeError,
  F,
  keep,
  optim,
  ShapeError,
  scope,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.ts';
import { check } from '../support/refusals.ts';

const ints = (...values: number[]) => tensor(values, { dtype: 'int32' });
const x = keep(
  tensor([
    [1, 2],
    [3, 4],
  ]),
);
const wrong = (value: unknown) => value as never;

describe('operations refuse', () => {
  check([
    [
      'gather out of range',
      () => x.gather(1, ints(0, 2).reshape(2, 1)),
      ArgumentError,
      'gather: index 2 is out of range, expected 0 to 1',
    ],
    ['gather below 0', () => x.gather(1, ints(0, -1).reshape(2, 1)), ArgumentError, 'gather: index -1 is out of range'],
    [
      'gather with a different number of dimensions',
      () => x.gather(1, ints(0)),
      ShapeError,
      'gather: index [1] is not within input [2,2] outside dim 1',
    ],
    ['gather by floats', () => x.gather(1, x), DTypeError, 'gather: index must be int32, got float32'],
    [
      'scatterAdd out of range',
      () => zeros(2).scatterAdd(0, ints(2), zeros(1)),
      ArgumentError,
      'scatterAdd: index 2 is out of range',
    ],
    [
      'scatterAdd of a small source',
      () => zeros(2).scatterAdd(0, ints(0, 1), zeros(1)),
      ShapeError,
      'is not within source [1]',
    ],
    [
      'scatterAdd of two types',
      () => zeros(2).scatterAdd(0, ints(0), ints(1)),
      DTypeError,
      'must both be float32 or int32',
    ],
    ['topk of too many', () => x.topk(3), ArgumentError, 'topk: k is 3, but dimension -1 of [2,2] has 2 elements'],
    [
      'sort with a misspelt option',
      () => x.sort(0, wrong({ descend: true })),
      ArgumentError,
      'sort: unknown option descend',
    ],
    [
      'repeat with too few numbers',
      () => x.repeat(2),
      ShapeError,
      'repeat: [2] has fewer numbers than [2,2] dimensions',
    ],
    ['split into nothing', () => x.split(0), ArgumentError, 'split: size must be a whole number of at least 1'],
    ['split that does not add up', () => x.split([1, 2]), ArgumentError, 'split: sizes [1,2] do not add up to 2'],
    ['chunk into none', () => x.chunk(0), ArgumentError, 'chunk: n must be a whole number of at least 1'],
    ['tril of a vector', () => zeros(2).tril(), ShapeError, 'tril: needs at least two dimensions'],
    ['flip twice', () => x.flip(0, 0), ArgumentError, 'flip: dim 0 appears twice'],
    ['difference of bools', () => x.gt(1).sub(x.gt(2)), DTypeError, 'sub: bool tensors cannot be subtracted'],
    [
      'int32 to a negative power',
      () => ints(2).pow(-1),
      ArgumentError,
      'pow: an integer to the power -1 is not an integer',
    ],
    [
      'scope of a value that is not a function',
      () => scope(wrong(3)),
      ArgumentError,
      'scope: expected a function, got number',
    ],
    [
      'keep of a value that is not a tensor',
      () => keep(wrong(3)),
      ArgumentError,
      'keep: expected a tensor, got number',
    ],
    [
      'probabilities above 1',
      () => F.binaryCrossEntropy(tensor([0.5, 1.5]), tensor([0, 1])),
      ArgumentError,
      'binaryCrossEntropy: input must be between 0 and 1, got 1.5',
    ],
    [
      'probabilities below 0',
      () => F.binaryCrossEntropy(tensor([-1, 0.5]), tensor([0, 1]), { reduction: 'none' }),
      ArgumentError,
      'got -1',
    ],
    [
      'gelu with an unknown approximation',
      () => F.gelu(x, wrong({ approximate: 'erf' })),
      ArgumentError,
      "gelu: approximate must be 'none' or 'tanh'",
    ],
    ['relu6 of int32', () => F.relu6(ints(1)), DTypeError, 'relu6: input must be float32, got int32'],
    [
      'prelu with too many weights',
      () => F.prelu(x, zeros(3)),
      ShapeError,
      'prelu: weight must have 1 or 2 elements, got [3]',
    ],
    ['celu with alpha 0', () => F.celu(x, { alpha: 0 }), ArgumentError, 'celu: alpha must not be 0'],
    [
      'nllLoss out of range',
      () => F.nllLoss(x, ints(0, 2)),
      ArgumentError,
      'nllLoss: target 2 is out of range for 2 classes',
    ],
    ['nllLoss of another shape', () => F.nllLoss(x, ints(0)), ShapeError, 'nllLoss: target must be [2]'],
    [
      'huberLoss with delta 0',
      () => F.huberLoss(x, x, { delta: 0 }),
      ArgumentError,
      'huberLoss: delta must be at least',
    ],
    [
      'RMSprop with a negative rate',
      () => new optim.RMSprop([zeros(1)], { lr: -1 }),
      ArgumentError,
      'RMSprop: lr must be at least 0',
    ],
    [
      'a schedule without optimizer',
      () => new optim.lrScheduler.StepLR(wrong({}), { stepSize: 2 }),
      ArgumentError,
      'StepLR: expected an optimizer',
    ],
  ]);
});

it('compiled functions check indices at every run', () => {
  scope(() => {
    const f = compile((t: Tensor, i: Tensor) => t.gather(0, i));
    expect(f(zeros(3), ints(2)).toArray()).toEqual([0]);
    expect(() => f(zeros(3), ints(3))).toThrow('gather: index 3 is out of range');
    const loss = compile((t: Tensor, i: Tensor) => F.nllLoss(t, i));
    loss(x, ints(0, 1));
    expect(() => loss(x, ints(0, 2))).toThrow('nllLoss: target 2 is out of range');
    const bce = compile((p: Tensor, y: Tensor) => F.binaryCrossEntropy(p, y));
    bce(tensor([0.5]), tensor([1]));
    expect(() => bce(tensor([2]), tensor([1]))).toThrow('input must be between 0 and 1, got 2');
  });
});

it('sorting, losses and activations give the same results when compiled', () => {
  scope(() => {
    const both = (fn: (t: Tensor) => Tensor) => expect(compile(fn)(x).toArray()).toEqual(fn(x).toArray());
    both((t) => t.sort(1, { descending: true }).values);
    both((t) => t.topk(1, 0).values.add(t.flip(0).tril()));
    both((t) => F.gelu(t).add(F.mish(t)).add(F.elu(t.neg())));
    both((t) => F.focalLoss(t, ints(0, 1)).add(F.huberLoss(t, t.mul(3))));
    both((t) => t.repeat(2, 2).split([1, 3])[1]!.sum(0));
  });
});
