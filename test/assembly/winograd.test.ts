import { describe, expect, test } from 'vitest';
import { gemmTiles } from '../../bindings/commands/tiles.ts';
import { ReferenceExecutor } from '../../src/reference/executor.ts';
import { wasmExecutors } from '../support/executors.ts';
import { inSandbox, kernelExecutors, randomInts } from '../support/heap.ts';
import { encodeGrad, encodeWinograd, type WinogradCase } from '../support/winograd.ts';

type Tested = (typeof kernelExecutors)[number][1];

/** Largest error, relative to the largest element. */
function errorOf(got: readonly number[], want: readonly number[]): number {
  const largest = want.reduce((max, v) => Math.max(max, Math.abs(v)), 1e-30);
  return got.reduce((max, v, i) => Math.max(max, Math.abs(v - want[i]!)), 0) / largest;
}

function check(executor: Tested, given: WinogradCase, seed: number, tolerance = 1e-5): void {
  inSandbox(executor, (box) => {
    const note = `seed ${seed}, ${JSON.stringify(given)}`;
    const { y, want } = encodeWinograd(box, executor.program, given, seed);
    box.run(note);
    const error = errorOf(box.floats(y), want);
    expect(error, note).toBeLessThanOrEqual(tolerance);
  });
}

function checkGrad(executor: Tested, given: WinogradCase, seed: number, tolerance = 1e-5): void {
  inSandbox(executor, (box) => {
    const note = `weight gradient, seed ${seed}, ${JSON.stringify(given)}`;
    const { gw, want } = encodeGrad(box, executor.program, given, seed);
    box.run(note);
    expect(errorOf(box.floats(gw), want), note).toBeLessThanOrEqual(tolerance);
  });
}

/** Sizes around those of tiles and vectors, channels around those of panels and quads. */
const cases: WinogradCase[] = [
  ...[4, 5, 6, 7, 8, 9, 13, 14].map((side): WinogradCase => ({ channels: [3, 5], size: [side, side] })),
  ...[1, 2, 3].map((height): WinogradCase => ({ channels: [2, 3], size: [height, 11] })),
  ...[1, 2, 3, 4, 5, 7, 8, 9, 12, 13, 16, 17].map(
    (c): WinogradCase => ({ channels: [c, 18 - c], size: [6, 9], bias: true }),
  ),
  ...([0, 1, 2] as const).flatMap((p) =>
    ([0, 1, 2] as const).map(
      (q): WinogradCase => ({ channels: [2, 4], size: [6, 7], pad: [p, q, q, 2 - p], offset: p }),
    ),
  ),
  { channels: [1, 1], size: [3, 4], pad: [0, 0, 0, 0] },
  { batch: 7, channels: [4, 6], size: [5, 4], bias: true },
  { batch: 3, channels: [40, 9], size: [9, 70], bias: true },
];

describe.each(kernelExecutors)('winograd on %s', (_, executor) => {
  test.each([false, true])('equals the direct convolution, transposed %s', (transposed) => {
    for (const [seed, given] of cases.entries()) check(executor, { ...given, transposed }, seed + 1);
  });

  test('gives the weight gradient of the direct convolution', () => {
    for (const [seed, given] of cases.entries()) checkGrad(executor, given, seed + 1);
    checkGrad(executor, { channels: [70, 3], size: [5, 6] }, 1);
  });

  test.each(['none', 'relu', 'sigmoid', 'tanh'] as const)('applies bias and %s', (activation) => {
    check(executor, { channels: [3, 7], size: [7, 10], bias: true, activation }, 1);
    check(executor, { channels: [3, 8], size: [8, 8], activation }, 2);
  });

  test('is right for random shapes', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const [batch, inChannels, outChannels, height, width] = randomInts(5, seed, 0, 1000) as [
        number,
        number,
        number,
        number,
        number,
      ];
      const [top, bottom, left, right, offset] = randomInts(5, seed + 1000, 0, 3) as [
        number,
        number,
        number,
        number,
        number,
      ];
      const given: WinogradCase = {
        batch: 1 + (batch % 4),
        channels: [1 + (inChannels % 20), 1 + (outChannels % 20)],
        size: [2 + (height % 14), 4 + (width % 20)],
        pad: [top, Math.max(bottom, 1 - top), left, right],
        bias: batch % 2 === 0,
        activation: seed % 3 === 0 ? 'relu' : 'none',
        transposed: seed % 2 === 0,
        offset,
      };
      check(executor, given, seed);
    }
  });

  test('keeps NaN and infinity in the tiles that read them', () => {
    for (const special of [NaN, Infinity, -Infinity]) {
      inSandbox(executor, (box) => {
        // Pixel (9, 9) only belongs to the patches of tile 2 in each direction.
        const put = (x: number[]) => {
          x[9 * 16 + 9] = special;
        };
        const { y, want } = encodeWinograd(box, executor.program, { channels: [1, 2], size: [16, 16] }, 3, put);
        box.run('special');
        box.floats(y).forEach((v, i) => {
          const [row, column] = [Math.floor(i / 16) % 16, i % 16];
          const isNear = row >= 8 && row < 12 && column >= 8 && column < 12;
          if (!Number.isFinite(want[i]!)) expect(Number.isFinite(v), `${special}, ${row}, ${column}`).toBe(false);
          else if (!isNear) expect(Math.abs(v - want[i]!), `${special}, ${row}, ${column}`).toBeLessThan(1e-5);
        });
      });
    }
  });
});

describe.each(wasmExecutors)('winograd on %s', (_, executor) => {
  test('stays precise with many channels', () => {
    check(executor, { channels: [512, 9], size: [7, 7] }, 1);
    check(executor, { batch: 5, channels: [512, 12], size: [7, 7] }, 2);
    check(executor, { channels: [256, 16], size: [14, 14] }, 3);
    check(executor, { channels: [511, 3], size: [5, 512] }, 4);
  });

  test('has a precise weight gradient over many tiles', () => {
    checkGrad(executor, { batch: 6, channels: [130, 9], size: [14, 14] }, 1);
    checkGrad(executor, { batch: 20, channels: [7, 12], size: [28, 28] }, 2);
  });

  test('gives the same bits for every GEMM tile, and when run twice', () => {
    const own = executor.program.tile;
    const results = [...gemmTiles.keys(), 0].map((tile) =>
      inSandbox(executor, (box) => {
        executor.program.tile = tile;
        const { y } = encodeWinograd(box, executor.program, { channels: [20, 21], size: [13, 15], bias: true }, 5);
        box.run(`tile ${tile}`);
        return box.ints(y);
      }),
    );
    executor.program.tile = own;
    for (const result of results) expect(result).toEqual(results[0]);
  });
});

test('the reference is exact in float64', () => {
  const executor = new ReferenceExecutor({ precision: 64 });
  for (const [seed, given] of cases.entries()) {
    check(executor, given, seed + 1, 1e-13);
    checkGrad(executor, given, seed + 1, 1e-13);
  }
});
