/**
 * The kernels that the guard watches: those whose time goes to arithmetic and not to memory, so that their ratio to the peak loop
 * stays the same from run to run. All operands fit in the second-level cache or are read in blocks that do.
 */
import { uniform } from '../harness/random.ts';

type Kernels = typeof import('../../bindings/kernels/index.ts');

export interface Guarded {
  name: string;
  /** Operations of one call as textbooks count them; for functions of elements, one for each element. */
  operations: number;
  run: () => void;
}

let seed = 1;

function filled(kernels: Kernels, length: number): Float32Array {
  const array = kernels.alloc(length);
  array.set(uniform(length, -1, 1, seed++));
  return array;
}

function product(kernels: Kernels, [m, k, n]: [number, number, number], layout: string): Guarded {
  const [a, b, c] = [filled(kernels, m * k), filled(kernels, k * n), filled(kernels, m * n)];
  const options = { m, n, k, a, b, c, transA: layout[0] === 'T', transB: layout[1] === 'T' };
  return { name: `gemm ${m}×${k}×${n} ${layout}`, operations: 2 * m * n * k, run: () => kernels.gemm(options) };
}

function convolution(kernels: Kernels, channels: number, side: number, kernel: 1 | 3, groups = 1): Guarded {
  const size = channels * side * side;
  const taps = (channels / groups) * kernel * kernel;
  const options = {
    x: filled(kernels, size),
    weight: filled(kernels, channels * taps),
    y: kernels.alloc(size),
    batch: 1,
    inChannels: channels,
    outChannels: channels,
    height: side,
    width: side,
    kernelSize: kernel,
    padding: kernel >> 1,
    groups,
  };
  const kind = groups === 1 ? `conv ${kernel}×${kernel}` : `depthwise ${kernel}×${kernel}`;
  return { name: `${kind}, ${channels}×${side}²`, operations: 2 * size * taps, run: () => kernels.conv2d(options) };
}

function lstm(kernels: Kernels, batch: number, units: number, steps: number): Guarded {
  const array = (length: number) => filled(kernels, length);
  const options = {
    x: array(steps * batch * units),
    h: array(batch * units),
    c: array(batch * units),
    wIh: array(4 * units * units),
    wHh: array(4 * units * units),
    bIh: array(4 * units),
    bHh: array(4 * units),
    hOut: array(batch * units),
    cOut: array(batch * units),
    batch,
    inputSize: units,
    hiddenSize: units,
    steps,
  };
  const operations = 2 * steps * batch * 4 * units * 2 * units;
  return { name: `lstm, ${units} units, batch ${batch}`, operations, run: () => kernels.lstmSequence(options) };
}

function elements(kernels: Kernels, fn: 'exp' | 'tanh' | 'sigmoid' | 'gelu', length: number): Guarded {
  const options = { x: filled(kernels, length), y: kernels.alloc(length) };
  return { name: `${fn} of ${length}`, operations: length, run: () => kernels[fn](options) };
}

function softmax(kernels: Kernels, rows: number, cols: number): Guarded {
  const options = { x: filled(kernels, rows * cols), y: kernels.alloc(rows * cols), rows, cols };
  return { name: `softmax ${rows}×${cols}`, operations: rows * cols, run: () => kernels.softmax(options) };
}

export function guarded(kernels: Kernels): Guarded[] {
  return [
    product(kernels, [512, 512, 512], 'NN'),
    product(kernels, [512, 512, 512], 'NT'),
    product(kernels, [512, 512, 512], 'TN'),
    product(kernels, [64, 784, 128], 'NN'),
    product(kernels, [32, 32, 32], 'NN'),
    convolution(kernels, 64, 28, 3),
    convolution(kernels, 128, 28, 1),
    convolution(kernels, 32, 28, 3, 32),
    lstm(kernels, 32, 128, 10),
    elements(kernels, 'exp', 8192),
    elements(kernels, 'tanh', 8192),
    elements(kernels, 'sigmoid', 8192),
    elements(kernels, 'gelu', 8192),
    softmax(kernels, 16, 512),
  ];
}
