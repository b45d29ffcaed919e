import { describe, expect, it } from 'vitest';
import { gemmTiles } from '../../bindings/commands/tiles.ts';
import { encodeGemm } from '../../bindings/generated/encode.ts';
import { wasmExecutors } from '../support/executors.ts';
import { randomNumbers } from '../support/gemm.ts';

const layouts = ['NN', 'NT', 'TN', 'TT'] as const;
const shapes = [
  { m: 300, n: 1100, k: 530 },
  { m: 520, n: 517, k: 260 },
  { m: 64, n: 128, k: 1600 },
  { m: 131, n: 784, k: 64 },
];

/** A matrix read through strides times a vector, in double precision; `absolute` sums absolute values, for the error bound. */
function times(
  x: Float32Array,
  row: number,
  col: number,
  t: Float64Array,
  rows: number,
  absolute: boolean,
): Float64Array {
  const y = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    for (let p = 0; p < t.length; p++) {
      const value = x[i * row + p * col]! * t[p]!;
      y[i]! += absolute ? Math.abs(value) : value;
    }
  }
  return y;
}

describe.each(wasmExecutors)('large gemm on %s', (_, x) => {
  for (const { m, n, k } of shapes) {
    for (const layout of layouts) {
      // BLIS's check, in O(n²): C·t = αA(B·t) + βC₀·t for a random vector t.
      it.each(gemmTiles.map((_, i) => i))(`${m}×${n}×${k} ${layout} obeys C·t = αA(B·t) + βC₀·t, tile %i`, (tile) => {
        const seed = m + n + k + tile;
        const random = randomNumbers(seed);
        const fill = (length: number) => Float32Array.from({ length }, () => random() * 2 - 1);
        const [alpha, beta] = tile === 0 ? [1, 0] : [-0.5, 0.25];
        const a = fill(m * k);
        const b = fill(k * n);
        const c = fill(m * n);
        const t = Float64Array.from({ length: n }, () => random() * 2 - 1);
        const [aRow, aCol] = layout[0] === 'N' ? [k, 1] : [1, m];
        const [bRow, bCol] = layout[1] === 'N' ? [n, 1] : [1, k];
        const arrays = [a, b, c];
        const at = arrays.map((data) => {
          const address = x.allocator.allocate(data.length);
          x.write(address, data, 'float32');
          return address;
        }) as [number, number, number];
        x.program.tile = tile;
        encodeGemm(x.program, {
          a: at[0],
          b: at[1],
          c: at[2],
          bias: 0,
          batch: 1,
          m,
          n,
          k,
          aRow,
          aCol,
          aBatch: 0,
          bRow,
          bCol,
          bBatch: 0,
          cRow: n,
          cBatch: 0,
          alpha,
          beta,
          activation: 0,
        });
        x.run();
        x.program.tile = 0;
        const result = x.view(at[2], m * n).slice();
        at.forEach((address, i) => {
          x.allocator.release(address, arrays[i]!.length);
        });

        const got = times(result, n, 1, t, m, false);
        const inner = times(a, aRow, aCol, times(b, bRow, bCol, t, k, false), m, false);
        const old = times(c, n, 1, t, m, false);
        const sizes = times(a, aRow, aCol, times(b, bRow, bCol, t, k, true), m, true);
        const wrong = got.findIndex((value, i) => {
          const want = alpha * inner[i]! + beta * old[i]!;
          return !(Math.abs(value - want) <= 2 ** -24 * (Math.sqrt(k) * sizes[i]! + n));
        });
        expect(wrong, `seed ${seed}, row ${wrong}: ${got[wrong]}, ${inner[wrong]}`).toBe(-1);
      });
    }
  }
});
