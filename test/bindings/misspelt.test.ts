/** A misspelt option is refused before anything is written: silently ignored, it would change the numbers. */
import { describe, expect, it } from 'vitest';
import * as kernels from '../../bindings/kernels/index.ts';

const floats = (n: number) => new Float32Array(n).fill(1);
const window = { x: floats(4), y: floats(4), batch: 1, height: 2, width: 2, kernelSize: 1 };
const conv = { ...window, weight: floats(1), inChannels: 1 };
const rows = { x: floats(4), y: floats(4), rows: 2, cols: 2 };
const gru = { x: floats(1), h: floats(1), wIh: floats(4), wHh: floats(4), hOut: floats(1) };
const gruSizes = { batch: 1, inputSize: 1, hiddenSize: 1 };
const lstm = { ...gru, ...gruSizes, c: floats(1), cOut: floats(1) };
const byName: Record<string, unknown> = kernels;
const cases: [name: string, options: object, misspelt: string][] = [
  ['gemm', { m: 1, n: 1, k: 1, a: floats(1), b: floats(1), c: floats(1) }, 'transa'],
  ['gemv', { m: 1, n: 1, a: floats(1), x: floats(1), y: floats(1) }, 'Beta'],
  ['conv2d', { ...conv, outChannels: 1 }, 'pad'],
  ['depthwiseConv2d', conv, 'group'],
  ['im2col', { ...window, inChannels: 1 }, 'strides'],
  ['maxPool2d', { ...window, channels: 1 }, 'dilation'],
  ['avgPool2d', { ...window, channels: 1 }, 'includePad'],
  ['layerNorm', rows, 'gamma'],
  [
    'batchNorm',
    { x: floats(4), y: floats(4), batch: 2, channels: 2, spatial: 1, mean: floats(2), variance: floats(2) },
    'epsilon',
  ],
  ['gruCell', { ...gru, ...gruSizes }, 'bias'],
  ['lstmCell', lstm, 'h0'],
  ['lstmSequence', { ...lstm, steps: 1 }, 'bIH'],
];

describe('misspelt options', () => {
  it.each(cases)('are refused by %s', (name, options, misspelt) => {
    const kernel = byName[name] as (options: object) => void;
    const before = structuredClone(options);
    expect(() => kernel({ ...options, [misspelt]: 1 })).toThrow(`${name}: unknown option ${misspelt} (known: `);
    expect(options).toEqual(before);
    expect(() => kernel(options)).not.toThrow();
    for (const none of [undefined, null, 3]) {
      expect(() => kernel(none as never)).toThrow(kernels.ArgumentError);
      expect(() => kernel(none as never)).toThrow(`${name}: expected one object, { `);
    }
  });

  it('include groups of a depthwise convolution that are not its channels', () => {
    const options = { ...conv, groups: 1 };
    expect(() => kernels.depthwiseConv2d(options)).not.toThrow();
    expect(() => kernels.depthwiseConv2d({ ...options, groups: 2 } as never)).toThrow(
      'groups can only be inChannels, 1',
    );
  });
});
