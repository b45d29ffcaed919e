/** RMS normalisation: rows of every length at every offset, in place, very large and very small numbers. */
import { describe, expect, test } from 'vitest';
import { encodeRmsNorm } from '../../bindings/generated/encode.ts';
import { expectClose, inSandbox, kernelExecutors, lengths, randomFloats, withAt } from '../support/heap.ts';

interface Given {
  weight?: number[];
  eps?: number;
  inPlace?: boolean;
  offset?: number;
}

/** y, then rstd, in double precision. */
function oracle(x: number[], cols: number, { weight, eps = 1e-5 }: Given): [number[], number[]] {
  const rstd = Array.from({ length: x.length / cols }, (_, r) => {
    const row = x.slice(r * cols, (r + 1) * cols);
    return 1 / Math.sqrt(row.reduce((sum, v) => sum + v * v, 0) / cols + Math.fround(eps));
  });
  return [x.map((v, i) => v * rstd[Math.floor(i / cols)]! * (weight?.[i % cols] ?? 1)), rstd];
}

describe.each(kernelExecutors)('RMS normalisation on %s', (_, executor) => {
  function rmsNorm(data: number[], cols: number, given: Given): [number[], number[]] {
    const { weight, eps = 1e-5, inPlace = false, offset = 0 } = given;
    return inSandbox(executor, (box) => {
      const rows = data.length / cols;
      const x = box.put(data, 'float32', offset);
      const y = inPlace ? x : box.room(data.length, offset + 1);
      const rstd = box.room(rows, 3);
      const factors = weight === undefined ? 0 : box.put(weight, 'float32', offset + 2);
      encodeRmsNorm(executor.program, { x, weight: factors, y, rstd, rows, cols, eps });
      box.run(`${rows} rows of ${cols}`);
      return [box.floats(y), box.floats(rstd)];
    });
  }

  function expectRight(data: number[], cols: number, given: Given, note: string): void {
    const [y, rstd] = rmsNorm(data, cols, given);
    const [expected, expectedRstd] = oracle(data, cols, given);
    expectClose(y, expected, { relative: 1e-6 }, `y, ${note}`);
    expectClose(rstd, expectedRstd, { relative: 1e-6 }, `rstd, ${note}`);
  }

  test('is right for rows of every length at every offset, in place or not', () => {
    for (const cols of [...lengths, 1000, 4096, 4099, 9001]) {
      const data = randomFloats(5 * cols, cols, -2, 3);
      const weight = randomFloats(cols, cols + 1, 0.5, 2);
      for (const offset of [0, 1, 2]) {
        for (const inPlace of [false, true]) {
          const note = `${cols} columns, offset ${offset}, in place ${inPlace}`;
          expectRight(data, cols, { weight, inPlace, offset }, note);
          expectRight(data, cols, { inPlace, offset }, `${note}, without weights`);
        }
      }
    }
  });

  test('squares neither overflow nor vanish', () => {
    for (const cols of [1, 3, 4, 17, 70]) {
      const data = randomFloats(3 * cols, cols, 0.5, 2);
      for (const scale of [1e20, 1e30, 1e-15, 1e-25])
        expectRight(
          data.map((v) => Math.fround(v * scale)),
          cols,
          { eps: 0 },
          `${cols} columns of about ${scale}`,
        );
    }
  });

  test('denormals and zeros of both signs count as what they are', () => {
    const row = [1e-40, -0, 0, -1e-45, 2e-38];
    const [y, rstd] = rmsNorm(row, 5, { eps: 1 });
    expectClose(rstd, [1], {}, 'rstd');
    expectClose(y, row.map(Math.fround), { absolute: 2e-45 }, 'y');
    expect(Object.is(y[1], -0)).toBe(true);
    expect(rmsNorm([0, 0, 0], 3, { eps: 0.25 })).toEqual([[0, 0, 0], [2]]);
  });

  test('NaN and infinite elements stay in their row', () => {
    for (const cols of [1, 2, 3, 5, 8, 10, 33]) {
      const fine = new Array<number>(cols).fill(1);
      for (let at = 0; at < cols; at++) {
        const data = [...fine, ...withAt(fine, at, Infinity), ...withAt(fine, at, NaN), ...fine];
        const [y, rstd] = rmsNorm(data, cols, { eps: 0 });
        const expected = [
          fine,
          withAt(new Array<number>(cols).fill(0), at, NaN),
          new Array<number>(cols).fill(NaN),
          fine,
        ];
        expectClose(y, expected.flat(), {}, `${cols} columns, special at ${at}`);
        expectClose(rstd, [1, 0, NaN, 1], {}, `rstd, ${cols} columns, special at ${at}`);
      }
    }
  });

  test('accepts no rows', () => {
    expect(rmsNorm([], 4, {})).toEqual([[], []]);
  });
});
