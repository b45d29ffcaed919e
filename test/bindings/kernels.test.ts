import { beforeAll, describe, expect, it } from 'vitest';
import * as kernels from '../../bindings/kernels/index.ts';

const { alloc, free, gemm } = kernels;

beforeAll(() => kernels.init({ memoryMiB: 8 }));

/** The same numbers in a plain array, in wasm memory, and in a part of a larger array. */
const homes = {
  plain: (values: number[]) => new Float32Array(values),
  allocated: (values: number[]) => {
    const array = alloc(values.length);
    array.set(values);
    return array;
  },
  'part of a larger array': (values: number[]) => {
    const larger = new Float32Array(values.length + 5).fill(99);
    larger.set(values, 3);
    return larger.subarray(3, 3 + values.length);
  },
  'part of an allocated array': (values: number[]) => {
    const larger = alloc(values.length + 5).fill(99);
    larger.set(values, 3);
    return larger.subarray(3, 3 + values.length);
  },
};

describe.each(Object.entries(homes))('arrays: %s', (_, make) => {
  it('gemm takes transposes, leading sizes, alpha, beta, bias and activation', () => {
    const a = make([1, 4, 2, 5, 3, 6]); // [[1,2,3],[4,5,6]] transposed
    const b = make([1, 0, 9, 0, 1, 9, 1, 1, 9]); // 3×2 in rows of 3
    const c = make([1, 1, 77, -100, 1, 77]); // 2×2 in rows of 3
    gemm({
      m: 2,
      n: 2,
      k: 3,
      a,
      b,
      c,
      transA: true,
      ldb: 3,
      ldc: 3,
      alpha: 2,
      beta: 1,
      bias: make([10, 20]),
      activation: 'relu',
    });
    expect(Array.from(c)).toEqual([19, 31, 77, 0, 43, 77]);
    const t = make([0, 0, 0, 0]);
    gemm({ m: 2, n: 2, k: 3, a: make([1, 2, 3, 4, 5, 6]), b: make([1, 0, 1, 0, 1, 1]), c: t, transB: true });
    expect(Array.from(t)).toEqual([4, 5, 10, 11]);
  });

  it('gemv multiplies by a matrix and by its transpose', () => {
    const a = make([1, 2, 3, 4, 5, 6]);
    const y = make([Number.NaN, Number.NaN]);
    kernels.gemv({ m: 2, n: 3, a, x: make([1, 1, 1]), y });
    expect(Array.from(y)).toEqual([6, 15]);
    const z = make([1, 1, 1]);
    kernels.gemv({ m: 2, n: 3, a, x: make([1, 1]), y: z, transA: true, alpha: 2, beta: 1 });
    expect(Array.from(z)).toEqual([11, 15, 19]);
  });

  it('functions of one element work, also in place', () => {
    const x = make([-1, 0, 2]);
    const y = make([0, 0, 0]);
    for (const [fn, exact] of [
      [kernels.relu, (v: number) => Math.max(v, 0)],
      [kernels.sigmoid, (v: number) => 1 / (1 + Math.exp(-v))],
      [kernels.tanh, Math.tanh],
      [kernels.exp, Math.exp],
      // 0.5·(1 + erf(x/√2)) at −1, 0 and 2, from a table of the normal distribution.
      [kernels.gelu, (v: number) => v * ({ '-1': 0.158655254, 0: 0.5, 2: 0.977249868 }[v] as number)],
    ] as const) {
      fn({ x, y });
      Array.from([-1, 0, 2], exact).forEach((value, i) => {
        expect(y[i]).toBeCloseTo(value, 6);
      });
    }
    kernels.relu({ x, y: x });
    expect(Array.from(x)).toEqual([0, 0, 2]);
  });

  it('functions of two elements work', () => {
    const a = make([1, 2, 3]);
    const y = make([4, 5, 6]);
    kernels.add({ a, b: y, y });
    expect(Array.from(y)).toEqual([5, 7, 9]);
    kernels.mul({ a, b: a, y });
    expect(Array.from(y)).toEqual([1, 4, 9]);
    kernels.axpy({ alpha: -2, x: a, y });
    expect(Array.from(y)).toEqual([-1, 0, 3]);
  });

  it('softmax and sums work', () => {
    const y = make([0, 0, 0, 0]);
    kernels.softmax({ x: make([0, 0, 1000, 1000]), y, rows: 2, cols: 2 });
    expect(Array.from(y)).toEqual([0.5, 0.5, 0.5, 0.5]);
    expect(kernels.sum({ x: make([1, 2, 3.5]) })).toBe(6.5);
    expect(kernels.sum({ x: new Float32Array(0) })).toBe(0);
    expect(kernels.dot({ x: make([1, 2, 3]), y: make([4, 5, 6]) })).toBe(32);
  });

  it('an output may overlap an input', () => {
    const a = make([1, 2, 3, 4]);
    gemm({ m: 2, n: 2, k: 2, a, b: make([0, 1, 1, 0]), c: a });
    expect(Array.from(a)).toEqual([2, 1, 4, 3]);
    const long = make([1, 2, 3, 4, 5]);
    kernels.relu({ x: long.subarray(0, 4), y: long.subarray(1, 5) });
    expect(Array.from(long)).toEqual([1, 1, 2, 3, 4]);
  });
});

describe('bad input', () => {
  const a = new Float32Array(6);
  const c = new Float32Array(4).fill(5);
  const good = { m: 2, n: 2, k: 3, a, b: a, c };

  it.each([
    [{ a: new Float32Array(5) }, kernels.ShapeError, 'gemm: a has 5 elements, 6 are needed'],
    [{ b: new Float32Array(5) }, kernels.ShapeError, 'gemm: b has 5 elements, 6 are needed'],
    [{ c: new Float32Array(3) }, kernels.ShapeError, 'gemm: c has 3 elements, 4 are needed'],
    [{ bias: new Float32Array(1) }, kernels.ShapeError, 'gemm: bias has 1 elements, 2 are needed'],
    [{ a: [1, 2, 3, 4, 5, 6] }, kernels.ArgumentError, 'gemm: a must be a Float32Array, got an array'],
    [{ a: new Float64Array(6) }, kernels.ArgumentError, 'gemm: a must be a Float32Array, got Float64Array'],
    [{ a: null }, kernels.ArgumentError, 'gemm: a must be a Float32Array, got null'],
    [{ m: -1 }, kernels.ArgumentError, 'gemm: m must be a whole number of at least 0, got -1'],
    [{ n: 1.5 }, kernels.ArgumentError, 'gemm: n must be a whole number of at least 0, got 1.5'],
    [{ k: 2 ** 33 }, kernels.ArgumentError, 'gemm: k must be'],
    [{ lda: 2 }, kernels.ArgumentError, 'gemm: lda is 2, rows have 3 elements'],
    [{ alpha: '1' }, kernels.ArgumentError, 'gemm: alpha must be a number, got string'],
    [{ activation: 'swish' }, kernels.ArgumentError, 'gemm: unknown activation swish (known: none, relu'],
  ])('gemm refuses %o', (change, kind, message) => {
    const call = () => gemm({ ...good, ...change } as unknown as kernels.GemmOptions);
    expect(call).toThrow(kind as unknown as new () => Error);
    expect(call).toThrow(message as string);
    expect(Array.from(c)).toEqual([5, 5, 5, 5]);
  });

  it('refuses arrays of different lengths', () => {
    expect(() => kernels.relu({ x: new Float32Array(3), y: new Float32Array(4) })).toThrow(
      'relu: y has 4 elements, expected 3',
    );
    expect(() => kernels.add({ a, b: new Float32Array(5), y: a })).toThrow('add: b has 5 elements, 6 are needed');
    expect(() => kernels.softmax({ x: a, y: a, rows: 2, cols: 4 })).toThrow('softmax: x has 6 elements, 8 are needed');
    expect(() => kernels.dot({ x: a, y: new Float32Array(5) })).toThrow('dot: y has 5 elements, 6 are needed');
    expect(() => kernels.dot({ x: a, y: new Float32Array(7) })).toThrow('dot: y has 7 elements, expected 6');
  });

  it('refuses freed arrays, and freeing an array twice or one that is not from alloc', () => {
    const x = alloc(4);
    free(x);
    expect(() => kernels.relu({ x, y: x })).toThrow(kernels.DisposedError);
    expect(() => free(x)).toThrow('not from alloc, or was freed before');
    expect(() => free(new Float32Array(3))).toThrow(kernels.ArgumentError);
    expect(() => alloc(-1)).toThrow('alloc: n must be a whole number of at least 0, got -1');
    expect(() => alloc(2 ** 31)).toThrow(kernels.OutOfMemoryError);
  });

  it('refuses new settings while arrays are alive', async () => {
    const x = alloc(4);
    await expect(kernels.init({ memoryMiB: 64 })).rejects.toThrow('are alive in wasm memory');
    await expect(kernels.init({ memoryMiB: -1 })).rejects.toThrow('memoryMiB must be above 0');
    free(x);
  });

  it('does not write outside an output', () => {
    const guarded = alloc(20).fill(7);
    gemm({ m: 2, n: 3, k: 2, a: new Float32Array(4), b: new Float32Array(6), c: guarded.subarray(5, 11) });
    expect(Array.from(guarded)).toEqual([7, 7, 7, 7, 7, 0, 0, 0, 0, 0, 0, 7, 7, 7, 7, 7, 7, 7, 7, 7]);
    free(guarded);
  });
});
