import { beforeAll, describe, expect, it } from 'vitest';
import * as kernels from '../../bindings/kernels/index.ts';

beforeAll(() => kernels.init({ memoryMiB: 8 }));

/** The same numbers in a plain array and in wasm memory. */
const homes = {
  plain: (values: number[]) => new Float32Array(values),
  allocated: (values: number[]) => {
    const array = kernels.alloc(values.length);
    array.set(values);
    return array;
  },
};

const plane = { batch: 1, channels: 1, height: 3, width: 4, kernelSize: 2 };
const values = [1, 5, 2, 0, 3, 4, -1, 8, 7, 6, 9, 2];

describe.each(Object.entries(homes))('arrays: %s', (_, make) => {
  it('max pooling gives values and indices', () => {
    const y = make([9, 9, 9, 9]);
    const indices = new Int32Array(4).fill(-7);
    kernels.maxPool2d({ ...plane, x: make(values), y, indices, ceilMode: true });
    expect(Array.from(y)).toEqual([5, 8, 7, 9]);
    expect(Array.from(indices)).toEqual([1, 7, 8, 10]);
    kernels.maxPool2d({ ...plane, x: make(values), y: y.subarray(1), stride: [1, 5], padding: [0, 1] });
    expect(Array.from(y)).toEqual([5, 3, 7, 9]);
  });

  it('average pooling gives means', () => {
    const y = make([9, 9]);
    kernels.avgPool2d({ ...plane, x: make(values), y });
    expect(Array.from(y)).toEqual([3.25, 2.25]);
    kernels.avgPool2d({ ...plane, x: make(values), y, stride: [1, 5], padding: [0, 1], countIncludePad: false });
    expect(Array.from(y)).toEqual([2, 5]);
  });

  it('layer norm works, also in place', () => {
    const x = make([1, 3, 5, 5]);
    kernels.layerNorm({ x, y: x, rows: 2, cols: 2, weight: make([2, 3]), bias: make([0, 10]), eps: 0.25 });
    // Rows [−1, 1]/√1.25 and [0, 0].
    const r = 1 / Math.sqrt(1.25);
    Array.from([-2 * r, 10 + 3 * r, 0, 10], Math.fround).forEach((value, i) => {
      expect(x[i]).toBeCloseTo(value, 5);
    });
  });

  it('batch norm uses the given statistics', () => {
    const y = make([0, 0, 0, 0]);
    const sizes = { batch: 1, channels: 2, spatial: 2, eps: 1 };
    kernels.batchNorm({
      ...sizes,
      x: make([1, 2, 3, 4]),
      y,
      mean: make([1, 2]),
      variance: make([3, 15]),
      bias: make([5, 6]),
    });
    expect(Array.from(y)).toEqual([5, 5.5, 6.25, 6.5]);
  });
});

describe('pooling and normalisation refuse', () => {
  const x = new Float32Array(12);
  it.each([
    ['a short output', { ...plane, x, y: new Float32Array(1) }, 'y has 1 elements, 2 are needed'],
    ['a large kernel', { ...plane, x, y: x, kernelSize: 5 }, '3 elements with padding 0 are too few for a kernel of 5'],
    ['padding', { ...plane, x, y: x, padding: 2 }, 'got 2 for a kernel of 2'],
    ['indices', { ...plane, x, y: new Float32Array(2), indices: x as unknown as Int32Array }, 'must be an Int32Array'],
    ['short indices', { ...plane, x, y: new Float32Array(2), indices: new Int32Array(1) }, 'indices has 1 elements'],
  ])('%s', (_, options, message) => expect(() => kernels.maxPool2d(options)).toThrow(message));

  it('wrong lengths of other arrays', () => {
    expect(() => kernels.layerNorm({ x, y: x, rows: 3, cols: 4, weight: new Float32Array(3) })).toThrow('weight has 3');
    const sizes = { batch: 1, channels: 3, spatial: 4 };
    const three = new Float32Array(3);
    expect(() => kernels.batchNorm({ ...sizes, x, y: x, mean: three, variance: new Float32Array(2) })).toThrow(
      'variance has 2',
    );
  });
});
