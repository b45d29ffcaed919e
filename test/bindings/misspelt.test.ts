/** A misspelt option of a kernel is refused before anything is written: left out silently it would give other numbers. */
import { describe, expect, it } from 'vitest';
import {
  avgPool2d,
  batchNorm,
  conv2d,
  depthwiseConv2d,
  gemm,
  gemv,
  im2col,
  layerNorm,
  maxPool2d,
} from '../../bindings/kernels/index.ts';

const floats = (n: number) => new Float32Array(n).fill(1);
const image = { batch: 1, height: 2, width: 2, kernelSize: 1 };
const cases: [name: string, kernel: (options: never) => void, options: object, misspelt: string][] = [
  ['gemm', gemm, { m: 1, n: 1, k: 1, a: floats(1), b: floats(1), c: floats(1) }, 'transa'],
  ['gemv', gemv, { m: 1, n: 1, a: floats(1), x: floats(1), y: floats(1) }, 'Beta'],
  [
    'conv2d',
    conv2d,
    { ...image, inChannels: 1, outChannels: 1, x: floats(4), weight: floats(1), y: floats(4) },
    'dilations',
  ],
  [
    'depthwiseConv2d',
    depthwiseConv2d,
    { ...image, inChannels: 1, x: floats(4), weight: floats(1), y: floats(4) },
    'strides',
  ],
  ['im2col', im2col, { ...image, inChannels: 1, x: floats(4), y: floats(4) }, 'pad'],
  ['maxPool2d', maxPool2d, { ...image, channels: 1, x: floats(4), y: floats(4) }, 'ceil'],
  ['avgPool2d', avgPool2d, { ...image, channels: 1, x: floats(4), y: floats(4) }, 'includePad'],
  ['layerNorm', layerNorm, { x: floats(2), y: floats(2), rows: 1, cols: 2 }, 'epsilon'],
  [
    'batchNorm',
    batchNorm,
    { x: floats(1), y: floats(1), batch: 1, channels: 1, spatial: 1, mean: floats(1), variance: floats(1) },
    'gamma',
  ],
];

describe('misspelt options', () => {
  it.each(cases)('%s', (name, kernel, options, misspelt) => {
    const run = kernel as (options: object) => void;
    const before = structuredClone(options);
    expect(() => run({ ...options, [misspelt]: 1 })).toThrow(`${name}: unknown option ${misspelt} (known: `);
    expect(options).toEqual(before);
    expect(() => run(options)).not.toThrow();
  });
});
