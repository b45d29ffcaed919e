import { describe, expect, test } from 'vitest';
import { encodeSoftmax, encodeSoftmaxGrad } from '../../bindings/generated/encode.ts';
import { expectClose, inSandbox, kernelExecutors, lengths, randomFloats, withAt } from '../support/heap.ts';

const rowsOf = (x: number[], cols: number) =>
  Array.from({ length: x.length / cols }, (_, r) => x.slice(r * cols, (r + 1) * cols));

function softmaxOracle(x: number[], cols: number, log: boolean): number[] {
  return rowsOf(x, cols).flatMap((row) => {
    const max = Math.max(...row);
    const sum = row.reduce((s, v) => s + Math.exp(v - max), 0);
    return row.map((v) => (log ? v - max - Math.log(sum) : Math.exp(v - max) / sum));
  });
}

function gradOracle(y: number[], g: number[], cols: number, log: boolean): number[] {
  const gs = rowsOf(g, cols);
  return rowsOf(y, cols).flatMap((row, r) => {
    const sum = row.reduce((s, v, i) => s + gs[r]![i]! * (log ? 1 : v), 0);
    return row.map((v, i) => (log ? gs[r]![i]! - Math.exp(v) * sum : v * (gs[r]![i]! - sum)));
  });
}

describe.each(kernelExecutors)('softmax on %s', (_, executor) => {
  function softmax(data: number[], cols: number, log: boolean, inPlace = false, offset = 0): number[] {
    return inSandbox(executor, (box) => {
      const x = box.put(data, 'float32', offset);
      const y = inPlace ? x : box.room(data.length, offset + 1);
      encodeSoftmax(executor.program, { x, y, rows: data.length / cols, cols, log: Number(log) });
      box.run(`softmax of ${cols} columns`);
      return box.floats(y);
    });
  }

  function softmaxGrad(
    yData: number[],
    gData: number[],
    cols: number,
    log: boolean,
    alias: 'y' | 'g' | 'none',
    offset = 0,
  ) {
    return inSandbox(executor, (box) => {
      const y = box.put(yData, 'float32', offset);
      const g = box.put(gData, 'float32', offset + 2);
      const gx = alias === 'y' ? y : alias === 'g' ? g : box.room(yData.length, offset + 1);
      encodeSoftmaxGrad(executor.program, { y, g, gx, rows: yData.length / cols, cols, log: Number(log) });
      box.run(`softmaxGrad of ${cols} columns`);
      return box.floats(gx);
    });
  }

  describe.each([false, true])('log %s', (log) => {
    // In the softmax, the rounding of x − max is already 1e-6 here.
    const relative = log ? 5e-7 : 2e-6;

    test('is right for rows of every length at every offset, in place or not', () => {
      for (const cols of [...lengths, 10, 12, 1000, 9001]) {
        const data = randomFloats(7 * cols, cols, -10, 10);
        const expected = softmaxOracle(data, cols, log);
        for (const offset of [0, 1]) {
          for (const inPlace of [false, true]) {
            const note = `${cols} columns, offset ${offset}, in place ${inPlace}, seed ${cols}`;
            expectClose(
              softmax(data, cols, log, inPlace, offset),
              expected,
              { relative, absolute: 1e-6 * Number(log) },
              note,
            );
          }
        }
      }
    });

    test('large numbers neither overflow nor vanish', () => {
      const data = [1e4, 1e4 - 1, 1e4 - 2, -1e4, -1e4 - 1, -1e4 - 3, 1e38, -1e38, 1e38];
      expectClose(softmax(data, 3, log), softmaxOracle(data, 3, log), { relative: 1e-6 }, 'large numbers');
    });

    test('its gradient is right at every length, and can overwrite every operand', () => {
      for (const cols of [...lengths, 10, 1000, 9001]) {
        const g = randomFloats(2 * cols, cols);
        const y = softmaxOracle(randomFloats(2 * cols, cols + 1, -3, 3), cols, log).map(Math.fround);
        const expected = gradOracle(y, g, cols, log);
        for (const alias of ['none', 'y', 'g'] as const) {
          const note = `${cols} columns, into ${alias}, seed ${cols}`;
          const actual = softmaxGrad(y, g, cols, log, alias, cols % 4);
          expectClose(actual, expected, { relative: 2e-6, absolute: (log ? 5e-6 : 1e-6) / Math.sqrt(cols) }, note);
        }
      }
    });

    test('a row with +∞ or NaN, or with only −∞, gives NaN and does not affect other rows', () => {
      for (const cols of [1, 2, 3, 5, 8, 10, 33]) {
        const fine = new Array<number>(cols).fill(0);
        for (let at = 0; at < cols; at++) {
          const infinite = withAt(fine, at, Infinity);
          const nan = withAt(fine, at, NaN);
          const y = softmax([...fine, ...infinite, ...nan, ...fine.map(() => -Infinity), ...fine], cols, log);
          const share = log ? -Math.log(cols) : 1 / cols;
          const expected = [fine.map(() => share), new Array(3 * cols).fill(NaN), fine.map(() => share)].flat();
          expectClose(y, expected, { relative: 1e-6, absolute: 1e-7 }, `${cols} columns, special at ${at}`);
        }
      }
    });

    test('accepts arrays without rows', () => {
      expect(softmax([], 4, log)).toEqual([]);
      expect(softmaxGrad([], [], 4, log, 'none')).toEqual([]);
    });
  });

  test('gives the numbers of PyTorch', () => {
    // F.softmax and F.log_softmax of the row, torch 1.13, printed with 4 digits.
    const row = [-Infinity, 0, 1, -Infinity, 2];
    expectClose(softmax(row, 5, false), [0, 0.09, 0.2447, 0, 0.6652], { absolute: 5e-5 }, 'softmax');
    const logs = [-Infinity, -2.4076, -1.4076, -Infinity, -0.4076];
    expectClose(softmax(row, 5, true), logs, { absolute: 5e-5 }, 'log_softmax');
  });
});
