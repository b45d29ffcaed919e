import { describe, expect, test } from 'vitest';
import { encodeReduce, ReduceFn } from '../../bindings/generated/encode.ts';
import {
  columnsOf,
  expectClose,
  inSandbox,
  kernelExecutors,
  randomFloats,
  randomInts,
  views,
} from '../support/heap.ts';

type View = (typeof views)[number];

const oracle: Record<ReduceFn, (column: number[]) => number> = {
  sum: (c) => c.reduce((a, b) => a + b, 0),
  prod: (c) => c.reduce((a, b) => a * b, 1),
  max: (c) => Math.max(...c),
  min: (c) => Math.min(...c),
  sumI: (c) => c.reduce((a, b) => (a + b) | 0, 0),
  prodI: (c) => c.reduce((a, b) => Math.imul(a, b), 1),
  maxI: (c) => c.reduce((a, b) => Math.max(a, b), -(2 ** 31)),
  minI: (c) => c.reduce((a, b) => Math.min(a, b), 2 ** 31 - 1),
};

const floatFns = ['sum', 'prod', 'max', 'min'] as const;
const intFns = ['sumI', 'prodI', 'maxI', 'minI'] as const;

describe.each(kernelExecutors)('reduce on %s', (_, executor) => {
  function reduce(fn: ReduceFn, data: number[], [outer, size, inner]: View, scale = 1, offset = 0): number[] {
    return inSandbox(executor, (box) => {
      const x = box.put(data, fn.endsWith('I') ? 'int32' : 'float32', offset);
      const y = box.room(outer * inner, offset + 1);
      encodeReduce(executor.program, { fn: ReduceFn[fn], x, y, outer, size, inner, scale });
      box.run(`${fn} [${outer}, ${size}, ${inner}]`);
      return fn.endsWith('I') ? box.ints(y) : box.floats(y);
    });
  }

  test.each(floatFns)('%s is right for every view at every offset', (fn) => {
    views.forEach((view, seed) => {
      const data = randomFloats(view[0] * view[1] * view[2], seed, 0.9, 1.1);
      const expected = columnsOf(data, view).map(oracle[fn]);
      for (const offset of [0, 1, 3]) {
        const note = `${fn} [${view}] offset ${offset} seed ${seed}`;
        const relative = fn === 'prod' ? 1e-6 + view[1] * 6e-8 : fn === 'sum' ? 5e-7 : 0;
        expectClose(reduce(fn, data, view, 1, offset), expected, { relative }, note);
      }
    });
  });

  test.each(intFns)('%s is right for every view, with overflow', (fn) => {
    views.forEach((view, seed) => {
      const data = randomInts(view[0] * view[1] * view[2], seed, -(2 ** 31), 2 ** 31).map((v) => v | 1);
      expect(reduce(fn, data, view, 3), `${fn} [${view}] seed ${seed}`).toEqual(columnsOf(data, view).map(oracle[fn]));
    });
  });

  test('scale only multiplies sums of floats', () => {
    const data = randomFloats(24, 1);
    for (const view of [
      [2, 12, 1],
      [2, 3, 4],
      [1, 4, 6],
    ] as View[]) {
      const mean = columnsOf(data, view).map((c) => oracle.sum(c) / c.length);
      expectClose(reduce('sum', data, view, 1 / view[1]), mean, { relative: 1e-6, absolute: 1e-7 }, `mean [${view}]`);
      expect(reduce('max', data, view, 0.5)).toEqual(columnsOf(data, view).map(oracle.max));
    }
  });

  test('gives the identity if there is nothing to reduce', () => {
    for (const view of [
      [2, 0, 1],
      [1, 0, 2],
    ] as View[]) {
      expect(reduce('sum', [], view)).toEqual([0, 0]);
      expect(reduce('prod', [], view)).toEqual([1, 1]);
      expect(reduce('max', [], view)).toEqual([-Infinity, -Infinity]);
      expect(reduce('min', [], view)).toEqual([Infinity, Infinity]);
      expect(reduce('sumI', [], view)).toEqual([0, 0]);
      expect(reduce('prodI', [], view)).toEqual([1, 1]);
      expect(reduce('maxI', [], view)).toEqual([-(2 ** 31), -(2 ** 31)]);
      expect(reduce('minI', [], view)).toEqual([2 ** 31 - 1, 2 ** 31 - 1]);
    }
    expect(reduce('sum', [], [1, 0, 1], Infinity), 'mean of nothing').toEqual([NaN]);
  });

  test('NaN anywhere gives NaN; infinities and signed zeros are kept', () => {
    for (const size of [1, 2, 3, 4, 6, 19, 40, 133]) {
      for (let at = 0; at < size; at++) {
        const data = randomFloats(size, at);
        data[at] = NaN;
        for (const fn of floatFns) {
          expect(reduce(fn, data, [1, size, 1]), `${fn} of ${size}, NaN at ${at}`).toEqual([NaN]);
          const columns = data.flatMap((v) => [v, 1, 1, 1, v]);
          expect(reduce(fn, columns, [1, size, 5])[0], `${fn} of ${size} rows, NaN at ${at}`).toBe(NaN);
          expect(reduce(fn, columns, [1, size, 5])[4], `${fn} of ${size} rows, NaN at ${at}`).toBe(NaN);
        }
      }
    }
    expect(reduce('max', [-Infinity, -Infinity], [1, 2, 1])).toEqual([-Infinity]);
    expect(reduce('max', [-5, -Infinity, -3], [1, 3, 1])).toEqual([-3]);
    expect(reduce('min', [5, Infinity, 3], [1, 3, 1])).toEqual([3]);
    expect(reduce('sum', [Infinity, 1, -Infinity], [1, 3, 1])).toEqual([NaN]);
    expect(reduce('sum', [Infinity, 1, 2], [1, 3, 1])).toEqual([Infinity]);
    expect(reduce('prod', [-0, 5], [1, 2, 1])).toEqual([-0]);
  });

  test('gives the numbers of PyTorch', () => {
    // torch.tensor([2**31 - 1, 1], dtype=torch.int32).sum(dtype=torch.int32), and prod of [65536, 65537]; torch 1.13.
    expect(reduce('sumI', [2 ** 31 - 1, 1], [1, 2, 1])).toEqual([-2147483648]);
    expect(reduce('prodI', [65536, 65537], [1, 2, 1])).toEqual([65536]);
  });

  test('long sums stay near the exact ones', () => {
    const n = 4 << 20;
    const data = randomFloats(n, 7, 0, 1);
    const exact = oracle.sum(data);
    expectClose(reduce('sum', data, [1, n, 1]), [exact], { relative: 2e-7 }, 'sum of 4 Mi, seed 7');
    expectClose(reduce('sum', data, [1, n - 1, 1], 1, 3), [exact - data[n - 1]!], { relative: 2e-7 }, '4 Mi − 1');
    const wide: View = [1, 1 << 20, 4];
    const sums = columnsOf(data, wide).map(oracle.sum);
    expectClose(reduce('sum', data, wide), sums, { relative: 1e-6 }, 'columns of 1 Mi, seed 7');
    expect(reduce('max', data, [1, n, 1])).toEqual([data.reduce((a, b) => Math.max(a, b))]);
  });
});
