/** Convolutions and pooling by plain loops, for test/support/kernelCases.ts. */
import type * as kernels from '../../bindings/kernels/index.ts';
import { activations, floats, from, type KernelCase, type Random, type Results, someActivation } from './kernelCase.ts';

const pairs = (random: Random, low: number, high: number) => [random(low, high), random(low, high)] as [number, number];
type Both = [number, number];

/** A random geometry of windows that fit. */
function windows(random: Random) {
  const [kernelSize, stride, dilation] = [pairs(random, 1, 3), pairs(random, 1, 3), pairs(random, 1, 2)];
  const padding = kernelSize.map((k) => random(0, k >> 1)) as Both;
  const [height, width] = [random(5, 9), random(5, 9)];
  return { batch: random(1, 2), height, width, kernelSize, stride, padding, dilation };
}

const outOf = (size: number, k: number, stride: number, pad: number, dilation: number) =>
  Math.floor((size + 2 * pad - dilation * (k - 1) - 1) / stride) + 1;

type Window = { height: number; width: number; kernelSize: Both; stride: Both; padding: Both; dilation?: Both };

function outSizes({ height, width, kernelSize: k, stride: s, padding: p, dilation: d = [1, 1] }: Window): Both {
  return [outOf(height, k[0], s[0], p[0], d[0]), outOf(width, k[1], s[1], p[1], d[1])];
}

/** Calls back for each tap of the window (i, j) that is inside the plane, with the tap and its position. */
function taps(o: Window, i: number, j: number, visit: (tap: number, at: number) => void): void {
  const [dh, dw] = o.dilation ?? [1, 1];
  for (let r = 0; r < o.kernelSize[0]; r++)
    for (let t = 0; t < o.kernelSize[1]; t++) {
      const [y, x] = [i * o.stride[0] - o.padding[0] + r * dh, j * o.stride[1] - o.padding[1] + t * dw];
      if (y >= 0 && y < o.height && x >= 0 && x < o.width) visit(r * o.kernelSize[1] + t, y * o.width + x);
    }
}

export function convolution(isDepthwise: boolean): KernelCase {
  return {
    make: (random) => {
      const window = windows(random);
      const groups = random(1, 3);
      const inChannels = groups * (isDepthwise ? 1 : random(1, 2));
      const outChannels = groups * random(1, 2);
      const [rows, cols] = outSizes(window);
      return {
        ...window,
        ...{ inChannels, outChannels, ...(isDepthwise ? {} : { groups }), activation: someActivation(random) },
        x: floats(random, window.batch * inChannels * window.height * window.width),
        weight: floats(random, outChannels * (inChannels / groups) * window.kernelSize[0] * window.kernelSize[1]),
        bias: floats(random, outChannels),
        y: floats(random, window.batch * outChannels * rows * cols),
      };
    },
    outputs: ['y'],
    loops: (o: Window & Omit<kernels.Conv2dOptions, keyof Window>) => {
      const groups = isDepthwise ? o.inChannels : o.groups!;
      const [rows, cols] = outSizes(o);
      const [inputs, outputs] = [o.inChannels / groups, o.outChannels / groups];
      const area = o.kernelSize[0] * o.kernelSize[1];
      return {
        y: from(o.y.length, (at) => {
          const j = at % cols;
          const i = Math.floor(at / cols) % rows;
          const channel = Math.floor(at / cols / rows) % o.outChannels;
          const image = Math.floor(at / cols / rows / o.outChannels);
          let sum = o.bias![channel]!;
          for (let c = 0; c < inputs; c++) {
            const plane = image * o.inChannels + Math.floor(channel / outputs) * inputs + c;
            taps(o, i, j, (tap, place) => {
              sum += o.weight[(channel * inputs + c) * area + tap]! * o.x[plane * o.height * o.width + place]!;
            });
          }
          return activations[o.activation!](sum);
        }),
      };
    },
  };
}

export const im2col: KernelCase = {
  make: (random) => {
    const window = windows(random);
    const inChannels = random(1, 3);
    const [rows, cols] = outSizes(window);
    const planes = window.batch * inChannels;
    const x = floats(random, planes * window.height * window.width);
    return {
      ...window,
      inChannels,
      x,
      y: floats(random, planes * window.kernelSize[0] * window.kernelSize[1] * rows * cols),
    };
  },
  outputs: ['y'],
  loops: (o: Window & Omit<kernels.Im2colOptions, keyof Window>) => {
    const [rows, cols] = outSizes(o);
    const y = new Array<number>(o.y.length).fill(0);
    const area = o.kernelSize[0] * o.kernelSize[1];
    for (let plane = 0; plane < o.batch * o.inChannels; plane++)
      for (let i = 0; i < rows; i++)
        for (let j = 0; j < cols; j++)
          taps(o, i, j, (tap, place) => {
            y[((plane * area + tap) * rows + i) * cols + j] = o.x[plane * o.height * o.width + place]!;
          });
    return { y };
  },
};

export function pooling(isMax: boolean): KernelCase {
  return {
    make: (random) => {
      const { dilation: _, ...window } = windows(random);
      const channels = random(1, 3);
      const [rows, cols] = outSizes(window);
      const n = window.batch * channels * rows * cols;
      const x = floats(random, window.batch * channels * window.height * window.width);
      const own = isMax ? { indices: new Int32Array(n) } : { countIncludePad: random(0, 1) === 1 };
      return { ...window, channels, ceilMode: false, x, y: floats(random, n), ...own };
    },
    outputs: isMax ? ['y', 'indices'] : ['y'],
    loops: (o: Window & Omit<kernels.AvgPoolOptions & kernels.MaxPoolOptions, keyof Window>): Results => {
      const [rows, cols] = outSizes(o);
      const indices: number[] = [];
      const y = from(o.y.length, (at) => {
        const plane = Math.floor(at / cols / rows) * o.height * o.width;
        let [sum, count, best, where] = [0, 0, Number.NEGATIVE_INFINITY, -1];
        taps(o, Math.floor(at / cols) % rows, at % cols, (_, place) => {
          const value = o.x[plane + place]!;
          sum += value;
          count++;
          if (value > best) [best, where] = [value, place];
        });
        indices.push(where);
        return isMax ? best : sum / (o.countIncludePad ? o.kernelSize[0] * o.kernelSize[1] : count);
      });
      return isMax ? { y, indices } : { y };
    },
  };
}
