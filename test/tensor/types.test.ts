/** Shapes that TypeScript knows: `tsc` checks the types (npm run check), the tests check that the values agree. */
import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  add,
  F,
  matmul,
  mean,
  nn,
  type Operand,
  ones,
  relu,
  type Shape,
  ShapeError,
  Tensor,
  tensor,
  zeros,
} from '../../src/index.ts';

const x = zeros([64, 784] as const);
const w = ones([784, 10] as const);

describe('shapes known at compile time', () => {
  it('are tuples', () => {
    expectTypeOf(x.shape).toEqualTypeOf<readonly [64, 784]>();
    expectTypeOf(tensor(new Float32Array(6), { shape: [2, 3] as const }).shape).toEqualTypeOf<readonly [2, 3]>();
    expect(x.shape).toEqual([64, 784]);
  });

  it('are inferred through products', () => {
    const y = x.matmul(w);
    expectTypeOf(y.shape).toEqualTypeOf<readonly [64, 10]>();
    expectTypeOf(matmul(w.T, x.T).shape).toEqualTypeOf<readonly [10, 64]>();
    expectTypeOf(F.linear(x, zeros([10, 784] as const)).shape).toEqualTypeOf<readonly [64, 10]>();
    expect([y.shape, matmul(w.T, x.T).shape, w.T.shape]).toEqual([
      [64, 10],
      [10, 64],
      [10, 784],
    ]);
  });

  it('are inferred through arithmetic, with broadcasting', () => {
    const row = zeros([10] as const);
    expectTypeOf(x.matmul(w).add(row).shape).toEqualTypeOf<readonly [64, 10]>();
    expectTypeOf(x.mul(2).shape).toEqualTypeOf<readonly [64, 784]>();
    expectTypeOf(add(1, row).shape).toEqualTypeOf<readonly [10]>();
    expectTypeOf(add(zeros([3, 1] as const), row).shape).toEqualTypeOf<readonly [3, 10]>();
    expect(add(zeros([3, 1] as const), row).shape).toEqual([3, 10]);
  });

  it('are inferred through functions of one element', () => {
    expectTypeOf(x.relu().shape).toEqualTypeOf<readonly [64, 784]>();
    expectTypeOf(relu(x).exp().neg().round().clamp(0, 1).logicalNot().shape).toEqualTypeOf<readonly [64, 784]>();
    expectTypeOf(x.softmax(1).shape).toEqualTypeOf<readonly [64, 784]>();
    expectTypeOf(zeros(2, 3).relu()).toEqualTypeOf<Tensor>();
    expect(relu(x).logicalNot().shape).toEqual([64, 784]);
  });

  it('are inferred through reductions', () => {
    const cube = zeros([2, 3, 4] as const);
    expectTypeOf(cube.sum().shape).toEqualTypeOf<readonly []>();
    expectTypeOf(mean(cube, 0).shape).toEqualTypeOf<readonly [3, 4]>();
    expectTypeOf(cube.prod(1).shape).toEqualTypeOf<readonly [2, 4]>();
    expectTypeOf(cube.argmax(-1).shape).toEqualTypeOf<readonly [2, 3]>();
    expectTypeOf(cube.std(2, { correction: 0 }).shape).toEqualTypeOf<readonly [2, 3]>();
    expectTypeOf(cube.max().shape).toEqualTypeOf<readonly []>();
    // Shapes that are not inferred have any numbers.
    expectTypeOf(cube.sum(-2)).toEqualTypeOf<Tensor>();
    expectTypeOf(cube.sum([0, 1])).toEqualTypeOf<Tensor>();
    expectTypeOf(cube.sum(1, { keepdim: true })).toEqualTypeOf<Tensor>();
    expectTypeOf(zeros(2, 3).sum()).toEqualTypeOf<Tensor>();
    expectTypeOf(zeros(2, 3).sum(0)).toEqualTypeOf<Tensor>();
    expect([cube.sum(), mean(cube, 0), cube.prod(1), cube.argmax(-1), cube.max()].map((t) => t.shape)).toEqual([
      [],
      [3, 4],
      [2, 4],
      [2, 3],
      [],
    ]);
    // @ts-expect-error a misspelt option
    expect(() => cube.sum(0, { keepdims: true })).toThrow('sum: unknown option keepdims');
    // @ts-expect-error a misspelt option next to a right one
    expect(() => cube.std(0, { correction: 0, keepDim: true })).toThrow('std: unknown option keepDim');
  });

  it('are inferred through reshape', () => {
    expectTypeOf(x.reshape([64, 28, 28] as const).shape).toEqualTypeOf<readonly [64, 28, 28]>();
    expectTypeOf(x.reshape([-1, 28] as const).shape).toEqualTypeOf<readonly [number, 28]>();
    expect(x.reshape([-1, 28] as const).shape).toEqual([1792, 28]);
  });

  it('are refused where they do not fit', () => {
    // @ts-expect-error inner sizes differ
    expect(() => w.matmul(x)).toThrow(ShapeError);
    // @ts-expect-error inner sizes differ
    expect(() => matmul(x, x)).toThrow(ShapeError);
    // @ts-expect-error shapes do not broadcast
    expect(() => x.add(w)).toThrow(ShapeError);
    // @ts-expect-error shapes do not broadcast
    expect(() => add(w, zeros([9] as const))).toThrow(ShapeError);
    // @ts-expect-error 784 input features, not 10
    expect(() => F.linear(x, w)).toThrow(ShapeError);
  });
});

describe('ordinary code', () => {
  it('has shapes of any numbers', () => {
    let h = zeros([2, 3]);
    expectTypeOf(h).toEqualTypeOf<Tensor>();
    expectTypeOf(zeros(2, 3)).toEqualTypeOf<Tensor>();
    h = h.matmul(zeros(3, 4)).add(1).reshape(4, 2).T;
    h = h.reshape([8]);
    h = h.add(ones([8] as const));
    expectTypeOf(h.shape).toEqualTypeOf<Shape>();
    expect(h.shape).toEqual([8]);
  });

  it('accepts tensors of known shapes', () => {
    expectTypeOf(x).toExtend<Tensor>();
    const any: Tensor[] = [x, w, new nn.Parameter(w)];
    const operand: Operand = x;
    const total = (list: readonly Tensor[], start: Operand) =>
      list.reduce((a, t) => a.add(t.sum()), tensor(0).add(start));
    expect(total(any, 1).item()).toBe(1 + 2 * 7840);
    expect(operand).toBeInstanceOf(Tensor);
    expect(new nn.Linear(784, 3).forward(x).shape).toEqual([64, 3]);
  });

  it('may accept numbers or tensors as an operand', () => {
    const twice = (t: Tensor, other: Operand): Tensor => t.add(other).mul(other);
    expect(twice(tensor([1]), 2).toArray()).toEqual([6]);
  });
});
