/** Sorting and adding by index on the GPU: lengths around the blocks that a workgroup sorts, many equal keys. */
import { expect, test } from 'vitest';
import * as encode from '../../bindings/generated/encode.ts';
import { F, init, manualSeed, nn, tensor } from '../../src/index.ts';
import { describeOnGpu } from '../support/gpu.ts';
import { randomFloats, randomInts } from '../support/heap.ts';
import { checkOnGpu } from './reference.ts';

const specials = [Number.NaN, Infinity, -Infinity, 0, -0, 1e-40, -1e-40, Number.NaN];

describeOnGpu('sorting and adding by index on webgpu', (gpu) => {
  test.each([
    [64, 64, 0],
    [65, 65, 1],
    [128, 5, 0],
    [129, 129, 1],
    [511, 511, 0],
    [513, 513, 1],
    [1025, 1025, 0],
    [3000, 7, 1],
    [4096, 4096, 0],
  ])('is right for rows of %i, the first %i, descending %i', async (cols, count, descending) => {
    for (const integer of [0, 1]) {
      const dtype = integer ? 'int32' : 'float32';
      const rows = 3;
      const data = integer ? randomInts(rows * cols, cols, -50, 50) : randomFloats(rows * cols, cols);
      if (!integer) {
        for (const [i, value] of specials.entries()) data[i * 7] = value;
      }
      await checkOnGpu(
        gpu,
        `sort ${cols}`,
        (box, p) => {
          const [values, indices] = [box.room(rows * count), box.room(rows * count)];
          const work = box.room(rows * (4 * cols + 1024));
          const options = { rows, cols, count, descending, integer, byInsertion: 0 };
          encode.encodeSort(p, { x: box.put(data, dtype), values, indices, work, ...options });
          return [values, indices];
        },
        true,
      );
    }
  });

  test.each([
    [64, 5],
    [65, 5],
    [600, 3],
    [1024, 1],
    [2000, 1900],
    [3000, 2],
  ])('is right for addRows and scatterAdd of %i to %i', async (count, size) => {
    const [outer, inner] = [2, 3];
    await checkOnGpu(gpu, `addRows ${count}`, (box, p) => {
      const y = box.put(randomFloats(outer * size * inner, 1));
      const marks = box.put(randomInts(size, 4, 0, 9), 'int32');
      const [g, index] = [
        box.put(randomFloats(outer * count * inner, 2)),
        box.put(randomInts(count, 3, 0, size), 'int32'),
      ];
      const sizes = { outer, size, count, inner, first: 7 };
      encode.encodeAddRows(p, { g, index, y, marks, ...sizes });
      const [zeroed, left] = [
        box.put(randomFloats(outer * size * inner, 1)),
        box.put(randomInts(size, 4, 0, 9), 'int32'),
      ];
      encode.encodeAddRows(p, { g: 0, index, y: zeroed, marks: left, ...sizes });
      return [y, marks, zeroed, left];
    });
    for (const integer of [0, 1]) {
      const dtype = integer ? 'int32' : 'float32';
      const values = (n: number, seed: number) => (integer ? randomInts(n, seed, -9, 9) : randomFloats(n, seed));
      await checkOnGpu(gpu, `scatterAdd ${count} ${integer}`, (box, p) => {
        const y = box.put(values(outer * size * inner, 1), dtype);
        const g = box.put(values(outer * count * inner, 2), dtype);
        const index = box.put(randomInts(outer * count * inner, 3, 0, size), 'int32');
        encode.encodeScatterAdd(p, { g, index, y, outer, size, count, inner, integer });
        return [y];
      });
    }
  });

  test('gives the same bits of the gradient of an embedding at every run', async () => {
    await init({ device: 'webgpu' });
    manualSeed(4);
    const layer = new nn.Embedding(20, 8);
    const ids = tensor(Int32Array.from(randomInts(700, 5, 0, 20)), { shape: [7, 100] });
    const weights = tensor(Float32Array.from(randomFloats(7 * 100 * 8, 6)), { shape: [7, 100, 8] });
    const gradient = async () => {
      layer.zeroGrad();
      F.mseLoss(layer.forward(ids), weights).backward();
      return layer.weight.grad!.data();
    };
    const first = await gradient();
    expect(await gradient()).toEqual(first);
    expect(first.some((value) => value !== 0)).toBe(true);
  });
});
