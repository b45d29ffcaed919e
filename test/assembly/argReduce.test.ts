import { describe, expect, test } from 'vitest';
import { ArgReduceFn, encodeArgReduce } from '../../bindings/generated/encode.ts';
import { columnsOf, inSandbox, kernelExecutors, randomInts, views } from '../support/heap.ts';

type View = (typeof views)[number];

function oracle(fn: ArgReduceFn, column: number[]): number {
  const nan = column.findIndex(Number.isNaN);
  if (nan >= 0) return nan;
  return column.reduce((best, v, i) => ((fn.startsWith('max') ? v > column[best]! : v < column[best]!) ? i : best), 0);
}

const fns = Object.keys(ArgReduceFn) as ArgReduceFn[];

describe.each(kernelExecutors)('argReduce on %s', (_, executor) => {
  function argReduce(fn: ArgReduceFn, data: number[], [outer, size, inner]: View, withValues = true, offset = 0) {
    return inSandbox(executor, (box) => {
      const integer = fn.endsWith('I');
      const x = box.put(data, integer ? 'int32' : 'float32', offset);
      const values = withValues ? box.room(outer * inner, offset + 1) : 0;
      const indices = box.room(outer * inner, offset + 2);
      encodeArgReduce(executor.program, { fn: ArgReduceFn[fn], x, values, indices, outer, size, inner });
      box.run(`${fn} [${outer}, ${size}, ${inner}]`);
      const read = withValues ? (integer ? box.ints(values) : box.floats(values)) : [];
      return { indices: box.ints(indices), values: read };
    });
  }

  test.each(fns)('%s is right for every view, with many ties', (fn) => {
    views.forEach((view, seed) => {
      const data = randomInts(view[0] * view[1] * view[2], seed, -4, 4);
      const columns = columnsOf(data, view);
      const indices = columns.map((column) => oracle(fn, column));
      for (const offset of [0, 1]) {
        const note = `${fn} [${view}] offset ${offset} seed ${seed}`;
        const found = argReduce(fn, data, view, true, offset);
        expect(found.indices, note).toEqual(indices);
        expect(found.values, note).toEqual(indices.map((index, i) => columns[i]![index]));
      }
      expect(argReduce(fn, data, view, false).indices).toEqual(indices);
    });
  });

  test('finds the extreme element at every place', () => {
    for (const size of [1, 3, 4, 5, 18, 35, 70, 4100]) {
      for (let at = 0; at < size; at += size > 100 ? 97 : 1) {
        const high = new Array(size).fill(0);
        high[at] = 1;
        for (const fn of fns) {
          const data = fn.startsWith('max') ? high : high.map((v) => -v);
          expect(argReduce(fn, data, [1, size, 1]).indices, `${fn} of ${size} at ${at}`).toEqual([at]);
        }
      }
    }
  });

  test('returns the first NaN', () => {
    for (const fn of ['max', 'min'] as const) {
      for (const size of [2, 5, 21, 80]) {
        for (let at = 0; at < size; at++) {
          const data = randomInts(size, at, -9, 9);
          data[0] = fn === 'max' ? Infinity : -Infinity;
          data[at] = NaN;
          data[size - 1] = NaN;
          const rows = argReduce(fn, data, [1, size, 1]);
          expect(rows, `${fn} of ${size}, NaN at ${at}`).toEqual({ indices: [at], values: [NaN] });
          const columns = argReduce(
            fn,
            data.flatMap((v) => [v, v, v, v, v]),
            [1, size, 5],
          );
          expect(columns.indices, `${fn} of ${size} rows, NaN at ${at}`).toEqual([at, at, at, at, at]);
        }
      }
    }
  });

  test('gives the numbers of PyTorch', () => {
    // torch 1.13: max([1, nan, 3, nan]), max([1, 3, 3]), argmin([2, -inf, nan]), argmax([-0., 0.]), argmax([-inf, -inf]).
    expect(argReduce('max', [1, NaN, 3, NaN], [1, 4, 1])).toEqual({ values: [NaN], indices: [1] });
    expect(argReduce('max', [1, 3, 3], [1, 3, 1])).toEqual({ values: [3], indices: [1] });
    expect(argReduce('min', [2, -Infinity, NaN], [1, 3, 1]).indices).toEqual([2]);
    expect(argReduce('max', [-0, 0], [1, 2, 1])).toEqual({ values: [-0], indices: [0] });
    expect(argReduce('max', [-Infinity, -Infinity], [1, 2, 1]).indices).toEqual([0]);
  });

  test('compares integers at the ends of their range', () => {
    const ends = [2 ** 31 - 1, -(2 ** 31), 2 ** 31 - 1, -(2 ** 31)];
    expect(argReduce('maxI', ends, [1, 4, 1])).toEqual({ values: [2 ** 31 - 1], indices: [0] });
    expect(argReduce('minI', ends, [1, 4, 1])).toEqual({ values: [-(2 ** 31)], indices: [1] });
  });
});
