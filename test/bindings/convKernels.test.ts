/** Convolutions on typed arrays: results, defaults, refusals. */
import { describe, expect, it } from 'vitest';
import { alloc, conv2d, depthwiseConv2d, free, im2col } from '../../bindings/kernels/index.ts';
import { wasmExecutor } from '../../bindings/wasm/instance.ts';
import { F, tensor } from '../../src/index.ts';

const wave = (n: number, step: number) => Float32Array.from({ length: n }, (_, i) => Math.sin(i * step + 0.3));
const sizes = { batch: 2, inChannels: 4, height: 5, width: 6 };
const x = wave(2 * 4 * 5 * 6, 0.7);
const image = tensor(x, { shape: [2, 4, 5, 6] });

describe('convolutions on arrays', () => {
  it('conv2d with all options equals F.conv2d', () => {
    const weight = wave(6 * 2 * 3 * 2, 1.1);
    const bias = wave(6, 0.9);
    const options = { stride: [2, 1], padding: [1, 2], dilation: [1, 2], groups: 2 } as const;
    const want = F.conv2d(image, tensor(weight, { shape: [6, 2, 3, 2] }), tensor(bias), options).relu();
    const y = new Float32Array(want.numel + 2).fill(7);
    conv2d({ ...sizes, ...options, x, weight, bias, y, outChannels: 6, kernelSize: [3, 2], activation: 'relu' });
    expect(Array.from(y.subarray(0, want.numel))).toEqual(Array.from(want.dataSync()));
    expect(Array.from(y.subarray(want.numel))).toEqual([7, 7]);
  });

  it('conv2d has defaults, and takes arrays in wasm memory', () => {
    const weight = wave(3 * 4, 1.3);
    const [from, to] = [alloc(x.length), alloc(2 * 3 * 30)];
    from.set(x);
    conv2d({ ...sizes, x: from, weight, y: to, outChannels: 3, kernelSize: 1 });
    const want = F.conv2d(image, tensor(weight, { shape: [3, 4, 1, 1] }));
    expect(Array.from(to)).toEqual(Array.from(want.dataSync()));
    for (const array of [from, to]) free(array);
  });

  it('conv2d uses Winograd where that pays, and equals F.conv2d, and the direct sum within rounding', () => {
    const shape = { batch: 2, inChannels: 20, height: 13, width: 14, outChannels: 24 };
    const big = wave(2 * 20 * 13 * 14, 0.7);
    const [weight, bias] = [wave(24 * 20 * 9, 1.1), wave(24, 0.9)];
    const options = { ...shape, x: big, weight, bias, kernelSize: 3, padding: 1, activation: 'relu' } as const;
    const y = new Float32Array(2 * 24 * 13 * 14);
    const { bytesInUse } = wasmExecutor().allocator;
    conv2d({ ...options, y });
    expect(wasmExecutor().allocator.bytesInUse).toBeLessThanOrEqual(bytesInUse);
    const t = tensor(big, { shape: [2, 20, 13, 14] });
    const w = tensor(weight, { shape: [24, 20, 3, 3] });
    expect(Array.from(y)).toEqual(Array.from(F.conv2d(t, w, tensor(bias), { padding: 1 }).relu().dataSync()));
    // As two groups, with zeros between them, it is a direct sum.
    const [x2, w2] = [new Float32Array(2 * 40 * 13 * 14), new Float32Array(48 * 20 * 9)];
    for (const image of [0, 1]) x2.set(big.subarray(image * 3640, (image + 1) * 3640), image * 7280);
    w2.set(weight);
    const direct = new Float32Array(2 * 48 * 13 * 14);
    const doubled = { inChannels: 40, outChannels: 48, groups: 2, bias: new Float32Array(48) };
    doubled.bias.set(bias);
    conv2d({ ...options, ...doubled, x: x2, weight: w2, y: direct });
    const first = [0, 1].flatMap((image) => Array.from(direct.subarray(image * 8736, image * 8736 + 4368)));
    expect(first).not.toEqual(Array.from(y));
    const largest = Math.max(...first);
    expect(Math.max(...first.map((v, i) => Math.abs(v - y[i]!)))).toBeLessThan(1e-5 * largest);
  });

  it('depthwiseConv2d gives as many outputs as inputs, or more', () => {
    for (const outChannels of [undefined, 8]) {
      const filters = outChannels ?? 4;
      const weight = wave(filters * 9, 1.7);
      const y = new Float32Array(2 * filters * 30);
      depthwiseConv2d({ ...sizes, x, weight, y, kernelSize: 3, padding: 1, ...(outChannels && { outChannels }) });
      const want = F.conv2d(image, tensor(weight, { shape: [filters, 1, 3, 3] }), null, { padding: 1, groups: 4 });
      expect(Array.from(y)).toEqual(Array.from(want.dataSync()));
    }
  });

  it('im2col times the weights is the convolution', () => {
    const weight = tensor(wave(3 * 4 * 6, 1.9), { shape: [3, 4, 3, 2] });
    const want = F.conv2d(image, weight, null, { padding: 1, stride: 2 });
    const [, , rows, cols] = want.shape as [number, number, number, number];
    const y = new Float32Array(2 * 24 * rows * cols).fill(Number.NaN);
    im2col({ ...sizes, x, y, kernelSize: [3, 2], padding: 1, stride: 2 });
    const product = weight.reshape(3, 24).matmul(tensor(y, { shape: [2, 24, rows * cols] }));
    Array.from(product.dataSync()).forEach((v, i) => void expect(v).toBeCloseTo(want.dataSync()[i]!, 5));
  });

  it('refuses sizes that do not fit, before anything is written', () => {
    const y = new Float32Array(2 * 3 * 12).fill(5);
    const good = { ...sizes, x, weight: new Float32Array(3 * 4 * 9), y, outChannels: 3, kernelSize: 3 };
    const bad: [object, string][] = [
      [{ x: x.subarray(1) }, 'conv2d: x has 239 elements, 240 are needed'],
      [{ weight: new Float32Array(3) }, 'conv2d: weight has 3 elements, 108 are needed'],
      [{ y: y.subarray(3) }, 'conv2d: y has 69 elements, 72 are needed'],
      [{ bias: new Float32Array(2) }, 'conv2d: bias has 2 elements, 3 are needed'],
      [{ groups: 2 }, 'conv2d: outChannels 3 cannot be divided into 2 groups'],
      [{ kernelSize: 6 }, 'conv2d: kernel 6×6 (spanning 6×6) does not fit into the padded input, 5×6'],
      [{ stride: 0 }, 'conv2d: stride must be a whole number of at least 1, got 0'],
      [{ padding: 'same' }, 'conv2d: padding must be a number or [height, width], got same'],
      [{ activation: 'gelu' }, 'conv2d: unknown activation gelu'],
      [{ batch: 1.5 }, 'conv2d: batch must be a whole number of at least 0, got 1.5'],
    ];
    for (const [change, message] of bad) expect(() => conv2d({ ...good, ...change } as never)).toThrow(message);
    expect(() => im2col({ ...sizes, x, y, kernelSize: 3 })).toThrow('im2col: y has 72 elements, 864 are needed');
    expect(() => depthwiseConv2d({ ...good, outChannels: 3 })).toThrow('outChannels 3 cannot be divided into 4 groups');
    expect(y.every((v) => v === 5)).toBe(true);
  });
});
