import { describe, expect, it } from 'vitest';
import { activations } from '../../bindings/commands/gemm.ts';
import { gemmTiles } from '../../bindings/commands/tiles.ts';
import { wasmExecutors } from '../support/executors.ts';
import { checkGemm, type GemmCase, randomNumbers, runGemm } from '../support/gemm.ts';

const layouts = ['NN', 'NT', 'TN', 'TT'] as const;
const upTo = (n: number) => Array.from({ length: n + 1 }, (_, i) => i);
const tileIndices = gemmTiles.map((_, i) => i);

describe.each(wasmExecutors)('gemm on %s', (_, x) => {
  it.each(layouts)('is right at all small sizes, %s', (layout) => {
    const other = [1, 3, 8];
    for (const size of upTo(17)) {
      for (const p of other) {
        for (const q of other) {
          checkGemm(x, { m: size, n: p, k: q, layout });
          checkGemm(x, { m: p, n: size, k: q, layout });
          checkGemm(x, { m: p, n: q, k: size, layout });
        }
      }
    }
  });

  it.each(tileIndices)('is right at the edges of tile %i', (tile) => {
    for (const m of upTo(13)) {
      for (const n of upTo(17)) checkGemm(x, { m, n, k: 5, pad: [1, 3, 2], tile });
    }
  });

  it.each(tileIndices)('is right wherever the steps of tile %i end', (tile) => {
    for (const k of upTo(13)) {
      for (const m of upTo(7)) {
        for (const n of [4, 7, 8, 12]) {
          for (const beta of [0, 1]) checkGemm(x, { m, n, k, beta, pad: [1, 2, 3], tile });
        }
      }
    }
  });

  it('is right for random shapes, strides, scalars, bias, activations and batches', () => {
    for (let seed = 1; seed <= 250; seed++) {
      const random = randomNumbers(seed * 7919);
      random();
      const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
      const size = () => Math.floor(random() ** 3 * 150);
      const pad = () => Math.floor(random() * 5);
      const batch = pick([1, 1, 1, 2, 3]);
      const test: GemmCase = {
        m: size(),
        n: size(),
        k: Math.floor(random() ** 3 * 700),
        batch,
        layout: pick(layouts),
        pad: [pad(), pad(), pad()],
        step: [pick([1, 1, 1, 2, -1]), pick([1, 1, 1, 3, -1])],
        sharedA: pick([true, false]),
        sharedB: pick([true, false]),
        alpha: pick([1, 1, 0.5, -2, 0]),
        beta: pick([0, 0, 1, -0.75]),
        bias: pick([true, false]),
        activation: pick(activations),
        tile: pick(tileIndices),
        threads: pick([1, 2, 3]),
      };
      checkGemm(x, test, seed);
    }
  });

  it('does not read C when beta is 0', () => {
    for (const [m, n] of [
      [1, 9],
      [9, 1],
      [7, 11],
      [70, 40],
    ] as const) {
      for (const k of [0, 3, 600])
        checkGemm(x, { m, n, k, prepare: (_a, _b, c) => c.subarray(16, 16 + m * n).fill(NaN) });
    }
  });

  it('gives activation(beta·C + bias) when k is 0', () => {
    for (const [m, n] of [
      [1, 9],
      [9, 1],
      [7, 11],
    ] as const) {
      for (const beta of [0, 1, 2]) checkGemm(x, { m, n, k: 0, beta, alpha: 3, bias: true, activation: 'tanh' });
    }
  });

  it.each(activations)('applies bias and %s once, after the last block of k', (activation) => {
    for (const k of [5, 256, 257, 700]) {
      checkGemm(x, { m: 9, n: 21, k, bias: true, activation, beta: 1 });
      checkGemm(x, { m: 1, n: 21, k, bias: true, activation, beta: 1 });
      checkGemm(x, { m: 21, n: 1, k, bias: true, activation, beta: 1 });
      checkGemm(x, { m: 1, n: 1, k, bias: true, activation, layout: 'TN' });
    }
  });

  it('passes NaN and infinity on', () => {
    for (const layout of layouts) {
      for (const activation of activations) {
        for (const [m, n] of [
          [6, 10],
          [1, 10],
          [6, 1],
        ] as const) {
          const { got } = runGemm(x, { m, n, k: 20, layout, activation, prepare: (a) => a.fill(NaN) }, 1);
          expect(got.every(Number.isNaN), `${layout} ${activation} ${m}×${n}`).toBe(true);
        }
      }
      const ones = (a: Float32Array, b: Float32Array) => {
        a.fill(Number.POSITIVE_INFINITY);
        b.fill(1);
      };
      const { got } = runGemm(x, { m: 9, n: 9, k: 3, layout, prepare: ones }, 1);
      expect(got.every((v) => v === Number.POSITIVE_INFINITY)).toBe(true);
    }
  });

  it('gives the same bits for every tile and every number of threads', () => {
    const shapes = [
      { m: 37, n: 43, k: 70 },
      { m: 64, n: 128, k: 300 },
      { m: 150, n: 19, k: 513 },
      { m: 1, n: 700, k: 130 },
      { m: 700, n: 1, k: 130 },
      { m: 23, n: 33, k: 40, batch: 5 },
    ];
    for (const shape of shapes) {
      for (const layout of layouts) {
        const test: GemmCase = { ...shape, layout, alpha: 0.3, beta: 0.7, bias: true };
        const first = checkGemm(x, test);
        const others = [
          ...tileIndices.map((tile) => ({ tile, threads: 1 })),
          ...[2, 4, 7].map((threads) => ({ threads, tile: 2 })),
        ];
        for (const other of others) {
          const { got } = runGemm(x, { ...test, ...other }, 1);
          const wrong = got.findIndex((v, i) => v !== first[i]);
          expect(wrong, JSON.stringify({ ...test, ...other })).toBe(-1);
        }
      }
    }
  });

  it('gives the same rows for a single matrix and in a batch', () => {
    const one = runGemm(x, { m: 12, n: 20, k: 30 }, 5).got;
    const many = runGemm(x, { m: 12, n: 20, k: 30, batch: 3, sharedA: true, sharedB: true }, 5).got;
    for (let t = 0; t < 3; t++) expect(many.subarray(t * one.length, (t + 1) * one.length)).toEqual(one);
  });
});
