/** Pooling and resizing on the wasm kernels against the reference executor: random geometries, odd addresses, special values. */
import { describe, expect, test } from 'vitest';
import * as encode from '../../bindings/generated/encode.ts';
import { ReferenceExecutor } from '../../src/reference/executor.ts';
import { wasmExecutors } from '../support/executors.ts';
import { expectClose, inSandbox, randomFloats, randomInts } from '../support/heap.ts';

const reference = new ReferenceExecutor();

type Geometry = Parameters<typeof encode.encodeMaxPool>[1];

/** Sizes without addresses: windows that PyTorch allows. Adaptive for some seeds. */
function geometryOf(seed: number): Omit<Geometry, 'x' | 'y' | 'indices'> {
  const [planes, height, width, kernelHeight, kernelWidth, strideHeight, strideWidth, dilationHeight, dilationWidth] = [
    [1, 4],
    [1, 14],
    [1, 40],
    [1, 5],
    [1, 5],
    [1, 4],
    [1, 5],
    [1, 3],
    [1, 3],
  ].map(([low, high], i) => randomInts(1, 100 * seed + i, low!, high!)[0]!) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const [padHeight, padWidth, adaptive, ceil] = randomInts(4, seed + 7777, 0, 4) as [number, number, number, number];
  if (adaptive === 0) {
    const [outHeight, outWidth] = [strideHeight + 1, strideWidth * 2];
    const none = { kernelWidth: 0, strideHeight: 0, strideWidth: 0, padHeight: 0, padWidth: 0 };
    const still = { dilationHeight: 1, dilationWidth: 1 };
    return { planes, height, width, outHeight, outWidth, kernelHeight: 0, ...none, ...still };
  }
  const count = (size: number, kernel: number, stride: number, pad: number, dilation: number) => {
    const room = size + 2 * pad - dilation * (kernel - 1) - 1;
    if (room < 0) return 0;
    const n = (ceil > 1 ? Math.ceil(room / stride) : Math.floor(room / stride)) + 1;
    return (n - 1) * stride >= size + pad ? n - 1 : n;
  };
  // At most the padding with which the first window still contains an element, dilated or not.
  const pads = [Math.min(padHeight, kernelHeight >> 1), Math.min(padWidth, kernelWidth >> 1)];
  const [dh, dw] = [pads[0] === 0 ? dilationHeight : 1, pads[1] === 0 ? dilationWidth : 1];
  return {
    planes,
    height,
    width,
    outHeight: count(height, kernelHeight, strideHeight, pads[0]!, dh),
    outWidth: count(width, kernelWidth, strideWidth, pads[1]!, dw),
    kernelHeight,
    kernelWidth,
    strideHeight,
    strideWidth,
    padHeight: pads[0]!,
    padWidth: pads[1]!,
    dilationHeight: dh,
    dilationWidth: dw,
  };
}

/** Adjacent 2×2 windows, which have a code path of their own. */
function quarters(planes: number, height: number, width: number): Omit<Geometry, 'x' | 'y' | 'indices'> {
  const window = { kernelHeight: 2, kernelWidth: 2, strideHeight: 2, strideWidth: 2, padHeight: 0, padWidth: 0 };
  const sizes = { planes, height, width, outHeight: height >> 1, outWidth: width >> 1 };
  return { ...sizes, ...window, dilationHeight: 1, dilationWidth: 1 };
}

/** Random geometries, and those of the fast paths. */
const geometries = [
  ...Array.from({ length: 300 }, (_, i) => [i + 1, geometryOf(i + 1)] as const),
  ...Array.from({ length: 32 }, (_, i) => [i + 1001, quarters(1 + (i % 3), 2 + (i % 5), 2 + (i >> 1))] as const),
].filter(([, { outHeight, outWidth }]) => outHeight > 0 && outWidth > 0);
const sized = ({ planes, height, width, outHeight, outWidth }: Omit<Geometry, 'x' | 'y' | 'indices'>) => ({
  inputs: planes * height * width,
  outputs: planes * outHeight * outWidth,
});

/** Random numbers with ties and a few special values. */
function values(n: number, seed: number): number[] {
  const x = randomFloats(n, seed, -4, 4).map((v) => Math.round(v * 4) / 4);
  const special = [Number.NaN, Infinity, -Infinity, 0];
  if (seed % 3 === 0) for (const at of randomInts(n >> 3, seed, 0, n)) x[at] = special[at % 4]!;
  return x;
}

describe.each(wasmExecutors)('pooling on %s agrees with the reference', (_, wasm) => {
  function both(build: (run: typeof encode, box: Parameters<Parameters<typeof inSandbox>[1]>[0]) => number[][]) {
    return [reference, wasm].map((executor) => inSandbox(executor, (box) => build(encode, box)));
  }

  test('for max pooling with and without indices, and its gradient', () => {
    expect(geometries.length).toBeGreaterThan(200);
    for (const [seed, geometry] of geometries) {
      const { inputs, outputs } = sized(geometry);
      const [expected, actual] = both((e, box) => {
        const { program } = box.executor;
        const x = box.put(values(inputs, seed), 'float32', seed % 4);
        const [y, z, indices] = [box.room(outputs, 1), box.room(outputs, 2), box.room(outputs, seed % 3)];
        e.encodeMaxPool(program, { ...geometry, x, y, indices });
        e.encodeMaxPool(program, { ...geometry, x, y: z, indices: 0 });
        box.run(`max pooling, seed ${seed}`);
        const gx = box.room(inputs, 3);
        const g = box.put(randomFloats(outputs, seed), 'float32', 1);
        const sizes = { planes: geometry.planes, inSize: inputs / geometry.planes, outSize: outputs / geometry.planes };
        e.encodeMaxPoolGrad(program, { g, indices, gx, ...sizes });
        box.run(`gradient of max pooling, seed ${seed}`);
        return [box.floats(y), box.floats(z), box.ints(indices), box.floats(gx)];
      });
      for (const part of [0, 1, 2, 3])
        expectClose(actual![part]!, expected![part]!, {}, `part ${part}, seed ${seed}, ${JSON.stringify(geometry)}`);
    }
  });

  test('for average pooling and its gradient', () => {
    for (const [seed, geometry] of geometries) {
      const { inputs, outputs } = sized({ ...geometry, dilationHeight: 1, dilationWidth: 1 });
      if (geometry.dilationHeight > 1 || geometry.dilationWidth > 1) continue;
      const countPad = geometry.kernelHeight === 0 ? 0 : seed & 1;
      const [expected, actual] = both((e, box) => {
        const { program } = box.executor;
        const x = box.put(randomFloats(inputs, seed), 'float32', seed % 4);
        const g = box.put(randomFloats(outputs, seed + 1), 'float32', 1);
        const [y, gx] = [box.room(outputs, 1), box.room(inputs, seed % 3)];
        e.encodeAvgPool(program, { ...geometry, x, y, countPad });
        e.encodeAvgPoolGrad(program, { ...geometry, g, gx, countPad });
        box.run(`average pooling, seed ${seed}`);
        return [box.floats(y), box.floats(gx)];
      });
      for (const part of [0, 1])
        expectClose(
          actual![part]!,
          expected![part]!,
          { absolute: 2e-6 },
          `part ${part}, seed ${seed}, ${JSON.stringify(geometry)}`,
        );
    }
  });

  test('for resizing and its gradient', () => {
    for (let seed = 1; seed <= 60; seed++) {
      const [planes, height, width, outHeight, outWidth] = randomInts(5, seed, 1, 9) as [
        number,
        number,
        number,
        number,
        number,
      ];
      for (const mode of [0, 1, 2]) {
        const scale = (size: number, out: number) => (mode === 2 ? (out > 1 ? (size - 1) / (out - 1) : 0) : size / out);
        const geometry = { planes, height, width, outHeight, outWidth, mode };
        const scales = { scaleHeight: scale(height, outHeight), scaleWidth: scale(width, outWidth) };
        const n = planes * height * width;
        const [expected, actual] = both((e, box) => {
          const x = box.put(randomFloats(n, seed), 'float32', seed % 4);
          const g = box.put(randomFloats(planes * outHeight * outWidth, seed + 1), 'float32', 1);
          const [y, gx] = [box.room(planes * outHeight * outWidth, 1), box.room(n, 2)];
          e.encodeResize(box.executor.program, { ...geometry, ...scales, x, y });
          e.encodeResizeGrad(box.executor.program, { ...geometry, ...scales, g, gx });
          box.run(`resizing, seed ${seed}`);
          return [box.floats(y), box.floats(gx)];
        });
        for (const part of [0, 1])
          expectClose(actual![part]!, expected![part]!, { absolute: 3e-6 }, `part ${part}, mode ${mode}, seed ${seed}`);
      }
    }
  });
});
