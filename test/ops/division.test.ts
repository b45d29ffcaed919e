/** Options of arithmetic: alpha, roundingMode, decimals and dtype, with PyTorch 2's numbers. */
import { describe, expect, it } from 'vitest';
import { add, compile, div, F, noGrad, round, sub, type Tensor, tensor } from '../../src/index.ts';

const whole = (...values: number[]) => tensor(values, { dtype: 'int32' });
const bools = (...values: boolean[]) => tensor(values);
const values = (t: Tensor) => [...t.dataSync()];

describe('alpha', () => {
  it.each<[string, Tensor, number[], string]>([
    ['floats', add(tensor([1, 2]), tensor([3, 4]), { alpha: 10 }), [31, 42], 'float32'],
    ['a number', sub(tensor([1, 2]), 3, { alpha: 0.5 }), [-0.5, 0.5], 'float32'],
    ['a number as the first operand', sub(1, tensor([3, 4]), { alpha: 2 }), [-5, -7], 'float32'],
    ['integers', add(whole(1, 2), whole(3, 4), { alpha: 2 }), [7, 10], 'int32'],
    ['an integer that wraps', add(whole(1, 2), 2 ** 30, { alpha: 4 }), [1, 2], 'int32'],
    ['float and integer', add(tensor([1, 2]), whole(3), { alpha: 0.5 }), [2.5, 3.5], 'float32'],
    ['integer and float', add(whole(1, 2), tensor([1.5]), { alpha: 0.5 }), [1.75, 2.75], 'float32'],
    ['bools', add(bools(true, false), bools(true, true), { alpha: 2 }), [1, 1], 'bool'],
    ['bools, alpha 0', add(bools(true, false), bools(true, true), { alpha: 0 }), [1, 0], 'bool'],
    [
      'broadcasting',
      tensor([[1], [2]])
        .add(tensor([1, 10]), { alpha: 2 })
        .flatten(),
      [3, 21, 4, 22],
      'float32',
    ],
    ['in place', tensor([1, 2]).add_(tensor([1, 1]), { alpha: 3 }), [4, 5], 'float32'],
    ['in place, sub', whole(1, 2).sub_(2, { alpha: 3 }), [-5, -4], 'int32'],
    ['an empty object', add(whole(1), whole(2), {}), [3], 'int32'],
  ])('is right for %s', (_, y, expected, dtype) => {
    expect(values(y)).toEqual(expected);
    expect(y.dtype).toBe(dtype);
  });

  it('has a gradient', () => {
    const [a, b] = [tensor([7, -7], { requiresGrad: true }), tensor([2, 3], { requiresGrad: true })];
    a.sub(b, { alpha: 3 }).sum().backward();
    expect([a.grad!.toArray(), b.grad!.toArray()]).toEqual([
      [1, 1],
      [-3, -3],
    ]);
  });

  it('must be a whole number for integers', () => {
    expect(() => add(whole(1), whole(2), { alpha: 0.5 })).toThrow('add: alpha must be a whole number');
    expect(() => sub(tensor([1]), 2, { alpha: '2' as never })).toThrow('sub: alpha must be a number, got "2"');
  });
});

describe('roundingMode', () => {
  const numerators = [-7, 7, -7, 7, 1, -1, 1, -1, 0, -0, Infinity, -Infinity, 5, -5, 0, NaN, 1e-40, -1e-40, 1, 1];
  const divisors = [2, 2, -2, -2, Infinity, Infinity, -Infinity, -Infinity, 3, 3, 2, 2, 0, 0, 0, 1, 3, 3, 0.1, -0.1];

  it.each(['eager', 'compiled'])('of floats, %s', (how) => {
    const divide = (roundingMode: 'floor' | 'trunc') => {
      const fn = (a: Tensor, b: Tensor) => a.div(b, { roundingMode });
      return values((how === 'eager' ? fn : compile(fn))(tensor(numerators), tensor(divisors)));
    };
    expect(divide('floor')).toEqual(
      [-4, 3, 3, -4, 0, -1, -1, 0, 0, -0, NaN, NaN, Infinity, -Infinity, NaN, NaN, 0, -1, 9, -10], //
    );
    expect(divide('trunc')).toEqual(
      [-3, 3, 3, -3, 0, -0, -0, 0, 0, -0, Infinity, -Infinity, Infinity, -Infinity, NaN, NaN, 0, -0, 10, -10], //
    );
  });

  it('of integers is exact', () => {
    const [least, most] = [-(2 ** 31), 2 ** 31 - 1];
    const edges = [least, least + 1, -16777217, -7, -1, 0, 1, 3, 7, 16777217, most - 1, most];
    const pairs = edges.flatMap((a) => edges.filter((b) => b !== 0).map((b) => [a, b] as const));
    for (const [mode, of] of [
      ['floor', Math.floor],
      ['trunc', Math.trunc],
    ] as const) {
      const [a, b] = [whole(...pairs.map(([a]) => a)), whole(...pairs.map(([, b]) => b))];
      // The one quotient that does not fit, −2³¹ / −1, wraps.
      expect(values(div(a, b, { roundingMode: mode }))).toEqual(pairs.map(([a, b]) => of(a / b) | 0));
    }
    expect(div(whole(7), 2, { roundingMode: 'floor' }).dtype).toBe('int32');
    expect(values(div(whole(7, -7), 2.5, { roundingMode: 'floor' }))).toEqual([2, -3]);
    expect(values(whole(-7, 7).div_(2, { roundingMode: 'floor' }))).toEqual([-4, 3]);
    expect(values(div(7, tensor([2]), { roundingMode: 'floor' }))).toEqual([3]);
  });

  it('of integers refuses division by 0, also in compiled programs', () => {
    const divide = (a: Tensor, b: Tensor) => a.div(b, { roundingMode: 'floor' });
    const compiled = compile(divide);
    expect(values(compiled(whole(7), whole(2)))).toEqual([3]);
    for (const fn of [divide, compiled])
      expect(() => fn(whole(7, 1), whole(2, 0))).toThrow('div: an integer cannot be divided by 0');
    expect(() => whole(1).div(0, { roundingMode: 'trunc' })).toThrow('div: an integer cannot be divided by 0');
  });

  it('has gradient 0', () => {
    for (const roundingMode of ['floor', 'trunc'] as const) {
      const [a, b] = [tensor([7, -7, 3], { requiresGrad: true }), tensor([2, 0, 0.7], { requiresGrad: true })];
      div(a, b, { roundingMode }).sum().backward();
      expect([a.grad!.toArray(), b.grad!.toArray()]).toEqual([
        [0, 0, 0],
        [0, 0, 0],
      ]);
    }
  });

  it('must be one of its two values', () => {
    expect(() => div(tensor([1]), 2, { roundingMode: 'constructor' as never })).toThrow(
      "div: roundingMode must be 'trunc' or 'floor', got constructor",
    );
  });
});

describe('decimals', () => {
  const rounded = (list: number[], decimals: number) => values(round(tensor(list), { decimals }));

  it('are digits after the decimal point', () => {
    expect(rounded([1.25, 1.35, -1.25, 123.4], 1)).toEqual([1.2, 1.4, -1.2, 123.4].map(Math.fround));
    expect(rounded([1.25, 1.35, -15, 125], -1)).toEqual([0, 0, -20, 120]);
    expect(rounded([Infinity, NaN, 3e38], 3)).toEqual([Infinity, NaN, Infinity]);
    expect(values(whole(15, 25).round({ decimals: 0 }))).toEqual([15, 25]);
  });

  it('have gradient 0, and must be a whole number', () => {
    const x = tensor([1.25], { requiresGrad: true });
    x.round({ decimals: 1 }).sum().backward();
    expect(x.grad!.toArray()).toEqual([0]);
    expect(() => x.round({ decimals: 0.5 })).toThrow('round: decimals must be a whole number');
    expect(() => whole(15).round({ decimals: 1 })).toThrow('round: input must be float32');
  });
});

describe('dtype', () => {
  it('converts the input first', () => {
    const x = tensor([1.7, 2.6]);
    for (const [y, expected, dtype] of [
      [x.sum(undefined, { dtype: 'int32' }), [3], 'int32'],
      [x.prod(0, { dtype: 'int32', keepdim: true }), [2], 'int32'],
      [x.cumsum(0, { dtype: 'int32' }), [1, 3], 'int32'],
      [whole(1, 2).sum(0, { dtype: 'float32' }), [3], 'float32'],
      [bools(true, true).cumsum(0, { dtype: 'float32' }), [1, 2], 'float32'],
    ] as const) {
      expect(values(y)).toEqual(expected);
      expect(y.dtype).toBe(dtype);
    }
    const shares = [0.26894143, 0.7310586].map((share) => expect.closeTo(share, 6));
    expect(values(whole(1, 2).softmax(0, { dtype: 'float32' }))).toEqual(shares);
    expect(values(F.softmax(whole(1, 2), { dtype: 'float32' }))).toEqual(shares);
    expect(values(noGrad(() => F.logSoftmax(whole(1, 2), { dtype: 'float32' }).exp()))).toEqual(shares);
  });

  it('is refused where it is not supported', () => {
    const x = tensor([1.7, 2.6]);
    expect(() => x.sum(0, { dtype: 'bool' as never })).toThrow("sum: dtype must be 'float32' or 'int32', got bool");
    expect(() => x.softmax(0, { dtype: 'int32' as never })).toThrow("softmax: dtype must be 'float32', got int32");
    expect(() => x.mean(0, { dtype: 'float32' } as never)).toThrow('mean: unknown option dtype');
  });

  it('keeps the gradient', () => {
    const x = tensor([1.5, 2], { requiresGrad: true });
    x.cumsum(0, { dtype: 'float32' }).sum().backward();
    expect(x.grad!.toArray()).toEqual([2, 1]);
  });
});
