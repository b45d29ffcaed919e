import { describe, expect, test } from 'vitest';
import { encodeCumsum } from '../../bindings/generated/encode.ts';
import { expectClose, inSandbox, kernelExecutors, randomFloats, randomInts, views } from '../support/heap.ts';

type View = (typeof views)[number];

function oracle(x: number[], [outer, size, inner]: View, reverse: boolean, integer: boolean): number[] {
  const y = new Array<number>(x.length);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      let sum = 0;
      for (let step = 0; step < size; step++) {
        const at = (o * size + (reverse ? size - 1 - step : step)) * inner + i;
        sum = integer ? (sum + x[at]!) | 0 : sum + x[at]!;
        y[at] = sum;
      }
    }
  }
  return y;
}

describe.each(kernelExecutors)('cumsum on %s', (_, executor) => {
  function cumsum(
    data: number[],
    [outer, size, inner]: View,
    reverse = false,
    integer = false,
    inPlace = false,
    offset = 0,
  ) {
    return inSandbox(executor, (box) => {
      const x = box.put(data, integer ? 'int32' : 'float32', offset);
      const y = inPlace ? x : box.room(data.length, offset + 1);
      encodeCumsum(executor.program, { x, y, outer, size, inner, reverse: Number(reverse), integer: Number(integer) });
      box.run(`cumsum [${outer}, ${size}, ${inner}]`);
      return integer ? box.ints(y) : box.floats(y);
    });
  }

  test.each([false, true])('is right for every view, reverse %s', (reverse) => {
    views.forEach((view, seed) => {
      const n = view[0] * view[1] * view[2];
      const floats = randomFloats(n, seed);
      const ints = randomInts(n, seed, -(2 ** 31), 2 ** 31);
      for (const inPlace of [false, true]) {
        const note = `[${view}] in place ${inPlace} seed ${seed}`;
        const sums = cumsum(floats, view, reverse, false, inPlace, seed % 4);
        expectClose(sums, oracle(floats, view, reverse, false), { relative: 1e-6, absolute: 1e-6 }, note);
        expect(cumsum(ints, view, reverse, true, inPlace, seed % 4), note).toEqual(oracle(ints, view, reverse, true));
      }
    });
  });

  test('gives the numbers of PyTorch', () => {
    // torch.cumsum of these, torch 1.13 on a CPU, which sums floats in double precision.
    expect(cumsum([1e8, 1, -1e8, 1], [1, 4, 1])).toEqual([1e8, 1e8, 1, 2]);
    expect(cumsum([1, Infinity, -Infinity, 2], [1, 4, 1])).toEqual([1, Infinity, NaN, NaN]);
  });

  test('accepts empty arrays', () => {
    expect(cumsum([], [2, 0, 3])).toEqual([]);
  });
});
