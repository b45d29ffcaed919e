/** Matrix products on the GPU against the reference: every tile, layout and epilogue. */
import { expect, test } from 'vitest';
import * as encode from '../../bindings/generated/encode.ts';
import { describeOnGpu } from '../support/gpu.ts';
import { randomFloats } from '../support/heap.ts';
import { checkOnGpu } from './reference.ts';

/** Fields of alpha·A·B + beta·C in a layout; rows of C are `gap` elements apart, and with beta an activation follows. */
function product(
  layout: string,
  [batch, m, n, k]: readonly [number, number, number, number],
  gap: number,
  beta: number,
) {
  return {
    ...{ batch, m, n, k },
    aRow: layout[0] === 'N' ? k : 1,
    aCol: layout[0] === 'N' ? 1 : m,
    aBatch: m * k,
    bRow: layout[1] === 'N' ? n : 1,
    bCol: layout[1] === 'N' ? 1 : k,
    bBatch: 0,
    cRow: n + gap,
    cBatch: m * (n + gap),
    alpha: 1.25,
    beta,
    activation: beta === 0 ? encode.Activation.none : encode.Activation.sigmoid,
  };
}

describeOnGpu('matrix products on webgpu', (gpu) => {
  const smallProducts = [
    [1, 33, 31, 17],
    [3, 9, 10, 0],
    [1, 20, 24, 1100],
  ] as const;
  const otherTiles = [
    [1, 1, 1, 1],
    [1, 5, 70, 33],
    [2, 70, 5, 33],
    [16, 65, 65, 16],
    [32, 130, 129, 3],
  ] as const;
  const layouts = ['NN', 'NT', 'TN', 'TT'] as const;
  test.each(layouts)('gemm %s is right for every tile, with edges', async (layout) => {
    for (const [batch, m, n, k] of layout === 'TN' ? [...smallProducts, ...otherTiles] : smallProducts) {
      for (const beta of k < 20 ? [0, 0.5] : [0]) {
        await checkOnGpu(gpu, `${layout} ${batch} × [${m}, ${n}, ${k}], beta ${beta}`, (box, p) => {
          const c = box.put(randomFloats(batch * m * (n + 3), 3));
          encode.encodeGemm(p, {
            a: box.put(randomFloats(Math.max(batch * m * k, 1), 1), 'float32', 1),
            b: box.put(randomFloats(Math.max(k * n, 1), 2)),
            c,
            bias: beta === 0 ? 0 : box.put(randomFloats(n, 4)),
            ...product(layout, [batch, m, n, k], 3, beta),
          });
          return [c];
        });
      }
    }
  });

  test.each(layouts)('gemm %s is right by four elements at a time', async (layout) => {
    const sizes = [
      [1, 4, 68, 20],
      [1, 68, 4, 36],
      [1, 20, 24, 1100],
      [2, 36, 40, 44],
      ...(layout === 'TN' ? [[16, 68, 68, 16] as const, [32, 132, 128, 4] as const] : []),
    ] as const;
    for (const [batch, m, n, k] of sizes) {
      for (const beta of batch < 16 ? [0, 0.5] : [0]) {
        await checkOnGpu(gpu, `${layout} ${batch} × [${m}, ${n}, ${k}], beta ${beta}`, (box, p) => {
          const c = box.put(randomFloats(batch * m * (n + 4), 3));
          encode.encodeGemm(p, {
            ...{ a: box.put(randomFloats(batch * m * k, 1)), b: box.put(randomFloats(k * n, 2)), c },
            bias: beta === 0 ? 0 : box.put(randomFloats(n, 4)),
            ...product(layout, [batch, m, n, k], 4, beta),
          });
          if (p === gpu.program) expect(gpu.plan(p.words, 0)[0]!.key).toMatch(/ wide$/);
          return [c];
        });
      }
    }
  });

  test('gemm is right with negative strides, and does not read NaN in C if beta is 0', () =>
    checkOnGpu(gpu, 'gemm', (box, p) => {
      const c = box.put(new Float32Array(12).fill(NaN));
      encode.encodeGemm(p, {
        a: box.put(randomFloats(15, 1)) + 14,
        b: box.put(randomFloats(20, 2)) + 3,
        ...{ c, bias: 0, batch: 1, m: 3, n: 4, k: 5, aRow: -5, aCol: -1, aBatch: 0, bRow: 4, bCol: -1, bBatch: 0 },
        ...{ cRow: 4, cBatch: 12, alpha: 1, beta: 0, activation: encode.Activation.relu },
      });
      return [c];
    }));
});
