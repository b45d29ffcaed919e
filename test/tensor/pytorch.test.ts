/**
 * Details of PyTorch's semantics that are easily missed: integers, empty lists of dimensions, type promotion, names and
 * forms of arguments.
 */
import { describe, expect, it } from 'vitest';
import {
  argmax,
  cat,
  DTypeError,
  full,
  nn,
  ones,
  optim,
  randint,
  ShapeError,
  stack,
  tensor,
  zeros,
} from '../../src/index.ts';

const whole = (...values: number[]) => tensor(values, { dtype: 'int32' });
const grid = () =>
  tensor([
    [1, -2, 3],
    [4, 5, -6],
  ]);

describe('integers and bools behave as in torch 1.13', () => {
  it('relu of integers gives integers, clamp by a fraction gives floats', () => {
    expect([whole(-2, 3).relu().dtype, whole(-2, 3).relu().toArray()]).toEqual(['int32', [0, 3]]);
    expect([whole(1, -2).clamp(0.5).dtype, whole(1, -2).clamp(0.5).toArray()]).toEqual(['float32', [1, 0.5]]);
    expect(whole(7, -2).clamp(-1, 5).dtype).toBe('int32');
    expect(whole(7, -2).clamp(-Infinity, 5).toArray()).toEqual([5, -2]);
  });

  it('products of integers wrap, for every rank', () => {
    const a = tensor(
      [
        [1, 2],
        [3, 4],
      ],
      { dtype: 'int32' },
    );
    expect(a.matmul(a).toArray()).toEqual([
      [7, 10],
      [15, 22],
    ]);
    expect([a.matmul(whole(5, 6)).toArray(), whole(5, 6).matmul(a).toArray()]).toEqual([
      [17, 39],
      [23, 34],
    ]);
    expect([
      whole(2, 3).dot(whole(4, 5)).item(),
      whole(2 ** 30)
        .dot(whole(4))
        .item(),
    ]).toEqual([23, 0]);
    expect(whole(1, 2).outer(whole(3, 4)).toArray()).toEqual([
      [3, 4],
      [6, 8],
    ]);
    expect(
      stack([a, a])
        .bmm(stack([a, a]))
        .select(0, 1)
        .toArray(),
    ).toEqual([
      [7, 10],
      [15, 22],
    ]);
    expect(() => a.matmul(ones(2, 2))).toThrow(DTypeError);
    expect(() => a.matmul(whole(1, 2, 3))).toThrow(ShapeError);
    expect(
      zeros([2, 0], { dtype: 'int32' })
        .matmul(zeros([0, 1], { dtype: 'int32' }))
        .toArray(),
    ).toEqual([[0], [0]]);
  });

  it('joined tensors get the widest type', () => {
    const joined = cat([whole(2), tensor([0.5], { requiresGrad: true }), tensor([true])]);
    expect([joined.dtype, joined.toArray(), joined.requiresGrad]).toEqual(['float32', [2, 0.5, 1], true]);
    expect(cat([whole(2), tensor([true])]).dtype).toBe('int32');
    expect(stack([tensor([true]), tensor([false])]).dtype).toBe('bool');
  });

  it('a boolean fills a bool tensor', () => {
    expect(full([2], true).toArray()).toEqual([true, true]);
    expect(full([2], false, { dtype: 'float32' }).toArray()).toEqual([0, 0]);
  });

  it('floor and similar functions give a new tensor', () => {
    const x = whole(1, 2);
    x.floor().dispose();
    expect(x.toArray()).toEqual([1, 2]);
  });
});

describe('forms of arguments are as in PyTorch', () => {
  it('an empty list of dimensions means all', () => {
    expect([grid().sum([]).item(), grid().mean([]).item(), grid().norm([], { p: 1 }).item()]).toEqual([
      5,
      expect.closeTo(5 / 6, 6),
      21,
    ]);
    expect(grid().sum([], { keepdim: true }).toArray()).toEqual([[5]]);
  });

  it('argmax over all keeps dimensions when asked to', () => {
    expect(argmax(grid(), undefined, { keepdim: true }).toArray()).toEqual([[4]]);
  });

  it('randint may omit low, which is 0', () => {
    const t = randint(3, [50]);
    expect([t.shape, t.dtype, t.min().item() >= 0, t.max().item() < 3]).toEqual([[50], 'int32', true, true]);
    expect(() => randint(3, 'x' as never)).toThrow('randint: shape must be');
  });

  it('only one size may be -1', () => {
    expect(() => grid().reshape(-1, -1)).toThrow('only one size may be -1');
  });

  it('rates of dropout and ranges of Flatten may be positional or named', () => {
    expect([new nn.Dropout({ p: 0.2 }).p, new nn.Dropout2d({ p: 0.3 }).p, new nn.Dropout().p]).toEqual([0.2, 0.3, 0.5]);
    expect(() => new nn.Dropout({ rate: 0.2 } as never)).toThrow('Dropout: unknown option rate (known: p)');
    expect(new nn.Flatten({ startDim: 0 }).forward(zeros(2, 3)).shape).toEqual([6]);
    expect(new nn.Flatten(1, -2).forward(zeros(2, 3, 4, 5)).shape).toEqual([2, 12, 5]);
    expect(() => new nn.Flatten({ start: 0 } as never)).toThrow('Flatten: unknown option start');
  });

  it('modes may have the names of PyTorch, gains are found by name', () => {
    const w = zeros(3, 5);
    expect(nn.init.kaimingUniform_(w, { mode: 'fan_out', nonlinearity: 'leaky_relu', a: 1 })).toBe(w);
    expect(w.abs().max().item()).toBeLessThanOrEqual(1);
    nn.init.xavierUniform_(w, { gain: 1e-6 });
    expect(w.abs().max().item()).toBeLessThan(1e-5);
  });

  it('a Sequential is iterable, a parameter group can have a single parameter', () => {
    const model = new nn.Sequential(new nn.Linear(1, 1), new nn.ReLU());
    expect([...model].map((layer) => layer.constructor.name)).toEqual(['Linear', 'ReLU']);
    const { weight, bias } = model[0] as nn.Linear;
    const sgd = new optim.SGD([{ params: weight, lr: 3 }, { params: [bias!] }], { lr: 1 });
    expect(sgd.paramGroups.map(({ lr, params }) => [lr, params.length])).toEqual([
      [3, 1],
      [1, 1],
    ]);
  });
});
