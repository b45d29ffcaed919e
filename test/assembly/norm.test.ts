/** Normalisation on the wasm kernels against the reference executor: every view, odd sizes and addresses, in place, large means. */
import { describe, expect, test } from 'vitest';
import * as encode from '../../bindings/generated/encode.ts';
import { ReferenceExecutor } from '../../src/reference/executor.ts';
import { wasmExecutors } from '../support/executors.ts';
import { expectClose, inSandbox, randomFloats, type Sandbox } from '../support/heap.ts';

const reference = new ReferenceExecutor();

/** [outer, channels, spatial, groupChannels]: columns, planes, rows, groups, of every length near that of a vector. */
const views: [number, number, number, number][] = [
  ...[1, 2, 3, 4, 5, 7, 8, 17, 33].map((channels): [number, number, number, number] => [70, channels, 1, 0]),
  ...[2, 3, 4, 5, 7, 8, 9, 16, 49].map((spatial): [number, number, number, number] => [3, 5, spatial, 0]),
  [2, 3, 3000, 0],
  ...[2, 3, 4, 5, 8, 17, 64, 1500].map((n): [number, number, number, number] => [4, n, 1, n]),
  ...[1, 2, 3, 4].map((group): [number, number, number, number] => [2, 12, 9, group]),
  [3, 12, 1, 4],
  [3, 12, 1, 3],
  [3, 8, 7, 1],
];

interface Sizes {
  outer: number;
  channels: number;
  spatial: number;
  groupChannels: number;
}

const groupsOf = ({ outer, channels, groupChannels }: Sizes) =>
  groupChannels === 0 ? channels : (outer * channels) / groupChannels;

function momentsOf(box: Sandbox, x: number, sizes: Sizes, offset: number) {
  const groups = groupsOf(sizes);
  const [mean, rstd] = [box.room(groups, offset), box.room(groups, offset + 1)];
  const runningMean = box.put(randomFloats(groups, 5), 'float32', offset);
  const runningVariance = box.put(randomFloats(groups, 6, 0.5, 1), 'float32', 3);
  const isBatch = sizes.groupChannels === 0;
  encode.encodeMoments(box.executor.program, {
    x,
    mean,
    rstd,
    runningMean,
    runningVariance,
    tracked: offset === 0 ? box.put([4], 'int32') : 0,
    outer: isBatch ? sizes.outer : 1,
    groups,
    size: isBatch ? sizes.spatial : sizes.groupChannels * sizes.spatial,
    eps: 1e-5,
    momentum: 0.3,
  });
  return { mean, rstd, runningMean, runningVariance };
}

describe.each(wasmExecutors)('normalisation on %s agrees with the reference', (_, wasm) => {
  test.each(views)('at [%i, %i, %i], groups of %i', (outer, channels, spatial, groupChannels) => {
    const sizes = { outer, channels, spatial, groupChannels };
    const n = outer * channels * spatial;
    for (const offset of [0, 1, 2]) {
      const [expected, actual] = [reference, wasm].map((executor) =>
        inSandbox(executor, (box) => {
          const { program } = executor;
          const x = box.put(randomFloats(n, n + offset, -3, 5), 'float32', offset);
          const g = box.put(randomFloats(n, n + offset + 1), 'float32', 3 - offset);
          const weight = offset === 2 ? 0 : box.put(randomFloats(channels, 3, 0.5, 2), 'float32', offset);
          const bias = offset === 1 ? 0 : box.put(randomFloats(channels, 4), 'float32', 1);
          const { mean, rstd, runningMean, runningVariance } = momentsOf(box, x, sizes, offset);
          const [y, sums, products, gx] = [
            box.room(n, 1),
            box.room(channels, 2),
            box.room(channels, offset),
            box.room(n),
          ];
          encode.encodeNormalize(program, { ...sizes, x, mean, rstd, weight, bias, y });
          encode.encodeNormSums(program, { ...sizes, x, g, mean, rstd, sums, products });
          encode.encodeNormGrad(program, { ...sizes, x, g, mean, rstd, weight, sums, products, gx });
          box.run('normalisation');
          const outputs = [mean, rstd, runningMean, runningVariance, y, sums, products, gx].map((at) => box.floats(at));
          encode.encodeNormGrad(program, { ...sizes, x, g, mean, rstd, weight, sums: 0, products: 0, gx: g });
          encode.encodeNormalize(program, { ...sizes, x, mean, rstd, weight, bias, y: x });
          box.run('normalisation in place');
          return [...outputs, box.floats(g), box.floats(x)];
        }),
      );
      const names = [
        'mean',
        'rstd',
        'runningMean',
        'runningVariance',
        'y',
        'sums',
        'products',
        'gx',
        'gx of fixed',
        'y in place',
      ];
      names.forEach((name, i) => {
        // Sums of n terms near 1, and the small differences of such sums.
        const absolute = name === 'sums' || name === 'products' ? 2e-7 * n : 2e-5;
        expectClose(actual![i]!, expected![i]!, { relative: 1e-5, absolute }, `${name}, offset ${offset}`);
      });
    }
  });

  test('and keeps the variance precise for a mean of 10000', () => {
    for (const [outer, channels, spatial, groupChannels] of views) {
      const sizes = { outer, channels, spatial, groupChannels };
      const n = outer * channels * spatial;
      const data = randomFloats(n, 9, -1, 1).map((v) => 10000 + Math.round(v * 64) / 64);
      const [expected, actual] = [reference, wasm].map((executor) =>
        inSandbox(executor, (box) => {
          const { mean, rstd } = momentsOf(box, box.put(data), sizes, 0);
          box.run('moments');
          return [box.floats(mean), box.floats(rstd)];
        }),
      );
      expectClose(actual![0]!, expected![0]!, { relative: 1e-7 }, `mean of ${[outer, channels, spatial]}`);
      expectClose(actual![1]!, expected![1]!, { relative: 1e-5 }, `rstd of ${[outer, channels, spatial]}`);
    }
  });

  test('and keeps NaN and infinite elements in their group', () => {
    const result = inSandbox(wasm, (box) => {
      const x = box.put([1, 2, 3, 4, 5, Number.NaN, 7, 8, 9, Infinity, 1, 2, 0, 1, 2, 3]);
      const sizes = { outer: 4, channels: 4, spatial: 1, groupChannels: 4 };
      const { mean, rstd } = momentsOf(box, x, sizes, 1);
      const y = box.room(16);
      encode.encodeNormalize(wasm.program, { ...sizes, x, mean, rstd, weight: 0, bias: 0, y });
      box.run('special values');
      return box.floats(y);
    });
    expect(result.slice(0, 4).concat(result.slice(12)).every(Number.isFinite)).toBe(true);
    expect(result.slice(4, 8).every(Number.isNaN)).toBe(true);
    expect(result.slice(8, 12).some(Number.isNaN)).toBe(true);
  });
});
