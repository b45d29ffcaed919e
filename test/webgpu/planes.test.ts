/** Commands on images on the GPU against the reference: convolution, pooling, normalisation, resizing. */
import { test } from 'vitest';
import * as encode from '../../bindings/generated/encode.ts';
import { describeOnGpu } from '../support/gpu.ts';
import { randomFloats, withAt } from '../support/heap.ts';
import { checkOnGpu } from './reference.ts';

interface Convolution {
  batch: number;
  inChannels: number;
  size: [number, number];
  outChannels: number;
  kernel: [number, number];
  stride?: [number, number];
  pad?: [number, number];
  dilation?: [number, number];
  groups?: number;
}

const convolutions: Convolution[] = [
  { batch: 2, inChannels: 3, size: [7, 9], outChannels: 4, kernel: [3, 3], pad: [1, 1] },
  { batch: 1, inChannels: 4, size: [11, 8], outChannels: 6, kernel: [3, 2], stride: [2, 3], pad: [1, 0], groups: 2 },
  { batch: 3, inChannels: 5, size: [9, 9], outChannels: 5, kernel: [3, 3], dilation: [2, 1], pad: [2, 1], groups: 5 },
  { batch: 2, inChannels: 8, size: [5, 5], outChannels: 16, kernel: [1, 1] },
  { batch: 2, inChannels: 2, size: [30, 31], outChannels: 9, kernel: [5, 5], pad: [2, 2] },
];

function geometryOf({ batch, inChannels, size, outChannels, kernel, ...rest }: Convolution) {
  const { stride = [1, 1], pad = [0, 0], dilation = [1, 1], groups = 1 } = rest;
  const [outHeight, outWidth] = [0, 1].map(
    (d) => Math.floor((size[d]! + 2 * pad[d]! - dilation[d]! * (kernel[d]! - 1) - 1) / stride[d]!) + 1,
  ) as [number, number];
  return {
    ...{ batch, inChannels, height: size[0], width: size[1], outChannels, outHeight, outWidth },
    ...{ kernelHeight: kernel[0], kernelWidth: kernel[1], strideHeight: stride[0], strideWidth: stride[1] },
    ...{ padTop: pad[0], padLeft: pad[1], dilationHeight: dilation[0], dilationWidth: dilation[1], groups },
  };
}

describeOnGpu('images on webgpu', (gpu) => {
  test.each(convolutions)(
    'convolution is right: $kernel of $size, $inChannels to $outChannels channels',
    { timeout: 60_000 },
    (c) =>
      checkOnGpu(gpu, JSON.stringify(c), (box, p) => {
        const g = geometryOf(c);
        const xs = g.batch * g.inChannels * g.height * g.width;
        const ys = g.batch * g.outChannels * g.outHeight * g.outWidth;
        const taps = g.kernelHeight * g.kernelWidth;
        const ws = (g.outChannels * g.inChannels * taps) / g.groups;
        const [x, w, gy] = [box.put(randomFloats(xs, 1)), box.put(randomFloats(ws, 2)), box.put(randomFloats(ys, 3))];
        const [y, gx, gw] = [box.room(ys), box.room(xs, 1), box.room(ws, 2)];
        const columns = box.room(g.batch * g.inChannels * taps * g.outHeight * g.outWidth);
        const bias = box.put(randomFloats(Math.max(g.outChannels, g.inChannels), 4));
        encode.encodeConv(p, { ...g, x, w, bias, y, activation: encode.Activation.relu });
        encode.encodeConvInputGrad(p, { ...g, g: gy, w, bias: 0, gx, activation: encode.Activation.none });
        encode.encodeConvWeightGrad(p, { ...g, x, g: gy, gw });
        encode.encodeIm2col(p, { ...g, x, y: columns });
        return [y, gx, gw, columns];
      }),
  );

  const pools = [
    { height: 8, width: 7, kernel: [2, 2], stride: [2, 2], pad: [0, 0], dilation: [1, 1] },
    { height: 9, width: 10, kernel: [3, 3], stride: [2, 1], pad: [1, 1], dilation: [1, 1] },
    { height: 11, width: 9, kernel: [3, 2], stride: [1, 2], pad: [1, 0], dilation: [2, 3] },
    { height: 7, width: 5, kernel: [0, 0], stride: [0, 0], pad: [0, 0], dilation: [1, 1], out: [3, 4] },
    { height: 3, width: 4, kernel: [0, 0], stride: [0, 0], pad: [0, 0], dilation: [1, 1], out: [5, 4] },
  ];
  test.each(pools)('pooling is right: %o', async (pool) => {
    const { height, width, kernel, stride, pad, dilation } = pool;
    const planes = 3;
    const outOf = (d: 0 | 1, spread: number) =>
      pool.out?.[d] ?? Math.floor(([height, width][d]! + 2 * pad[d]! - spread * (kernel[d]! - 1) - 1) / stride[d]!) + 1;
    const extents = (spread: number[]) => ({
      ...{ planes, height, width, outHeight: outOf(0, spread[0]!), outWidth: outOf(1, spread[1]!) },
      ...{ kernelHeight: kernel[0]!, kernelWidth: kernel[1]!, strideHeight: stride[0]!, strideWidth: stride[1]! },
      ...{ padHeight: pad[0]!, padWidth: pad[1]! },
    });
    const n = planes * height * width;
    await checkOnGpu(gpu, 'pooling', (box, p) => {
      const largest = extents(dilation);
      const dilations = { dilationHeight: dilation[0]!, dilationWidth: dilation[1]! };
      const outSize = largest.outHeight * largest.outWidth;
      const x = box.put(withAt(withAt(randomFloats(n, 1), 5, Number.NaN), 9, -Infinity));
      const [y, indices, gx] = [box.room(planes * outSize), box.room(planes * outSize), box.room(n)];
      const g = box.put(randomFloats(planes * outSize, 2));
      encode.encodeMaxPool(p, { x, y, indices, ...largest, ...dilations });
      encode.encodeMaxPoolGrad(p, { g, indices, gx, planes, inSize: height * width, outSize });
      return [y, indices, gx];
    });
    for (const countPad of [0, 1]) {
      await checkOnGpu(gpu, `average, ${countPad}`, (box, p) => {
        const average = extents([1, 1]);
        const outs = planes * average.outHeight * average.outWidth;
        const [y, gx] = [box.room(outs), box.room(n)];
        encode.encodeAvgPool(p, { x: box.put(randomFloats(n, 3)), y, ...average, countPad });
        encode.encodeAvgPoolGrad(p, { g: box.put(randomFloats(outs, 4)), gx, ...average, countPad });
        return [y, gx];
      });
    }
  });

  test.each([
    { name: 'batch norm', outer: 4, channels: 3, spatial: 35, groupChannels: 0 },
    { name: 'layer norm', outer: 7, channels: 40, spatial: 1, groupChannels: 40 },
    { name: 'group norm', outer: 3, channels: 6, spatial: 50, groupChannels: 2 },
    { name: 'instance norm', outer: 2, channels: 5, spatial: 12, groupChannels: 1 },
  ])('$name is right', async ({ name, ...view }) => {
    const { outer, channels, spatial, groupChannels } = view;
    const n = outer * channels * spatial;
    const groups = groupChannels === 0 ? channels : (outer * channels) / groupChannels;
    for (const [weighted, tracked] of [
      [true, false],
      [false, true],
    ] as const) {
      await checkOnGpu(gpu, name, (box, p) => {
        const x = box.put(randomFloats(n, 1, -1, 3));
        const g = box.put(randomFloats(n, 2));
        const [mean, rstd, y, gx] = [box.room(groups), box.room(groups), box.room(n), box.room(n, 1)];
        const [sums, products] = [box.room(channels), box.room(channels)];
        const weight = weighted ? box.put(randomFloats(channels, 3, 0.5, 2)) : 0;
        const bias = weighted ? box.put(randomFloats(channels, 4)) : 0;
        const runningMean = box.put(randomFloats(groups, 5));
        const runningVariance = box.put(randomFloats(groups, 6, 0.5, 1));
        encode.encodeMoments(p, {
          ...{ x, mean, rstd, runningMean, runningVariance, tracked: tracked ? box.put([4], 'int32') : 0 },
          ...{ outer: groupChannels === 0 ? outer : 1, groups, size: n / groups / (groupChannels === 0 ? outer : 1) },
          ...{ eps: 1e-5, momentum: 0.1 },
        });
        encode.encodeNormalize(p, { x, mean, rstd, weight, bias, y, ...view });
        encode.encodeNormSums(p, { x, g, mean, rstd, sums, products, ...view });
        encode.encodeNormGrad(p, { x, g, mean, rstd, weight, sums: weighted ? sums : 0, products, gx, ...view });
        return [mean, rstd, runningMean, runningVariance, y, sums, products, gx];
      });
    }
  });

  test.each([
    [5, 3],
    [70, 40],
    [3, 1500],
  ])('RMS norm is right for %i rows of %i', async (rows, cols) => {
    for (const weighted of [true, false]) {
      await checkOnGpu(gpu, `weighted: ${weighted}`, (box, p) => {
        const x = box.put(randomFloats(rows * cols, 1, -1, 3));
        const weight = weighted ? box.put(randomFloats(cols, 2)) : 0;
        const [y, rstd] = [box.room(rows * cols, 1), box.room(rows)];
        encode.encodeRmsNorm(p, { x, weight, y, rstd, rows, cols, eps: 0.01 });
        return [y, rstd];
      });
    }
  });

  test.each([0, 1, 2])('resizing is right, mode %i', async (mode) => {
    for (const [height, width, outHeight, outWidth] of [
      [4, 5, 8, 10],
      [9, 7, 4, 3],
      [5, 1, 7, 6],
      [6, 6, 6, 6],
    ] as const) {
      const scale = (size: number, out: number) => (mode === 2 ? (out > 1 ? (size - 1) / (out - 1) : 0) : size / out);
      const extents = {
        ...{ planes: 2, height, width, outHeight, outWidth, mode },
        ...{ scaleHeight: scale(height, outHeight), scaleWidth: scale(width, outWidth) },
      };
      await checkOnGpu(gpu, `${height}×${width} to ${outHeight}×${outWidth}`, (box, p) => {
        const [y, gx] = [box.room(2 * outHeight * outWidth), box.room(2 * height * width)];
        encode.encodeResize(p, { x: box.put(randomFloats(2 * height * width, 1)), y, ...extents });
        encode.encodeResizeGrad(p, { g: box.put(randomFloats(2 * outHeight * outWidth, 2)), gx, ...extents });
        return [y, gx];
      });
    }
  });
});
