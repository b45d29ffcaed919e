/** Convolutions: layers of well-known networks, forward, and forward with both gradients. */
import { differs } from '../harness/check.ts';
import { uniform } from '../harness/random.ts';
import type { Numbers, Task } from '../harness/types.ts';
import { pytorch } from '../peers/pytorch.ts';
import { saraf, sarafCompiled, sarafTensor } from '../peers/saraf.ts';
import { tfjsWasm } from '../peers/tfjs.ts';
import type { ConvProblem, Library } from '../peers/types.ts';
import type { SuitePlan } from './types.ts';

/** Checked elements of the result, evenly spread. */
const CHECKED = 4096;

interface Shape {
  batch: number;
  size: number;
  channels: [number, number];
  kernel: number;
  stride?: number;
  padding?: number;
  groups?: number;
  backward?: boolean;
}

export const same = (size: number, channels: number): Shape => ({
  batch: 1,
  size,
  channels: [channels, channels],
  kernel: 3,
  padding: 1,
});
const shapes: Shape[] = [
  { batch: 64, size: 13, channels: [32, 64], kernel: 3 },
  { batch: 1, size: 224, channels: [3, 64], kernel: 7, stride: 2, padding: 3 },
  { batch: 1, size: 56, channels: [64, 128], kernel: 1 },
  same(56, 64),
  same(28, 128),
  same(14, 256),
  same(7, 512),
  { batch: 1, size: 112, channels: [32, 32], kernel: 3, padding: 1, groups: 32 },
  { batch: 1, size: 112, channels: [32, 32], kernel: 3, stride: 2, padding: 1, groups: 32 },
  { batch: 64, size: 13, channels: [32, 64], kernel: 3, backward: true },
  { batch: 8, size: 56, channels: [64, 64], kernel: 3, stride: 2, padding: 1, backward: true },
];

function problemOf(shape: Shape): ConvProblem {
  const { batch, size, kernel, channels, stride = 1, padding = 0, groups = 1, backward = false } = shape;
  const [inChannels, outChannels] = channels;
  const outSize = Math.floor((size + 2 * padding - kernel) / stride) + 1;
  return {
    batch,
    size,
    outSize,
    inChannels,
    outChannels,
    kernel,
    stride,
    padding,
    groups,
    x: uniform(batch * inChannels * size * size, -1, 1, 1),
    weight: uniform((outChannels * inChannels * kernel * kernel) / groups, -1, 1, 2),
    g: backward ? uniform(batch * outChannels * outSize * outSize, -1, 1, 3) : null,
  };
}

/** The sum over the taps at output element (image, o, row, col). */
function outputAt(p: ConvProblem, index: number): number {
  const area = p.outSize * p.outSize;
  const [col, row] = [index % p.outSize, Math.floor((index % area) / p.outSize)];
  const o = Math.floor(index / area) % p.outChannels;
  const image = Math.floor(index / (area * p.outChannels));
  const depth = p.inChannels / p.groups;
  const first = image * p.inChannels + Math.floor(o / (p.outChannels / p.groups)) * depth;
  let sum = 0;
  for (let c = 0; c < depth; c++)
    for (let r = 0; r < p.kernel; r++)
      for (let t = 0; t < p.kernel; t++) {
        const [y, x] = [row * p.stride - p.padding + r, col * p.stride - p.padding + t];
        if (y < 0 || y >= p.size || x < 0 || x >= p.size) continue;
        sum +=
          p.x[((first + c) * p.size + y) * p.size + x]! * p.weight[((o * depth + c) * p.kernel + r) * p.kernel + t]!;
      }
  return sum;
}

/** Checks the result, and the gradients by Σ g·y = Σ gw·w = Σ gx·x, which holds because y is linear in both. */
function checkOf(p: ConvProblem): (output: Numbers) => string | undefined {
  const length = p.batch * p.outChannels * p.outSize ** 2;
  const stride = Math.max(1, Math.floor(length / CHECKED)) | 1;
  let wanted: Float64Array | undefined;
  return (output) => {
    wanted ??= Float64Array.from({ length: Math.ceil(length / stride) }, (_, i) => outputAt(p, i * stride));
    const wrong = differs(output, wanted, (i) => i * stride);
    if (wrong !== undefined || p.g === null) return wrong;
    const dot = (a: Numbers, b: Numbers, from: number) => {
      let sum = 0;
      for (let i = 0; i < a.length; i++) sum += a[i]! * b[from + i]!;
      return sum;
    };
    const energy = dot(p.g, output, 0);
    const byInput = dot(p.x, output, length);
    const byWeight = dot(p.weight, output, length + p.x.length);
    return differs([byInput, byWeight], [energy, energy]);
  };
}

export function convTask(shape: Shape, libraries: Map<string, Library>): Task {
  const problem = problemOf(shape);
  const { batch, size, inChannels, outChannels, kernel, stride, outSize, groups, g } = problem;
  const macs = (batch * outChannels * outSize ** 2 * inChannels * kernel ** 2) / groups;
  const contenders = [...libraries].flatMap(([name, { conv }]) =>
    conv === undefined ? [] : [{ name, setup: () => conv(problem) }],
  );
  const kind = groups > 1 ? `depthwise ${inChannels}` : `${inChannels}→${outChannels}`;
  const name = `n${batch} ${size}² ${kind} k${kernel}${stride > 1 ? ` s${stride}` : ''}${g === null ? '' : ', backward'}`;
  return { name, flops: 2 * macs * (g === null ? 1 : 3), contenders, check: checkOf(problem) };
}

export const conv: SuitePlan = {
  name: 'conv',
  title: 'Convolution',
  notes: [
    'n is the batch, then the side of the image, channels, side of the kernel, stride; 3×3 with stride 1 has padding 1 except for n64, 7×7 has padding 3.',
    '`saraf` is `conv2d` of `saraf/kernels` on arrays from `alloc`; `saraf tensor` is `F.conv2d`, `saraf compiled` the same in a compiled function, which transforms weights once for all calls. Backward is the forward pass and the gradients of input and weight.',
    'tfjs works on NHWC, its own layout; no contender is charged for a change of layout.',
  ],
  peers: [saraf, sarafTensor, sarafCompiled, tfjsWasm, pytorch],
  peak: true,
  tasks: (libraries) => shapes.map((shape) => convTask(shape, libraries)),
};
