/**
 * Convolution and its gradients as products by tiles, without a column matrix: the factors' elements are found in x, w and g as
 * they lie. A matrix is a group of channels; k runs over channels and taps, for the weights' gradient over images and positions.
 */

import { fieldsOf } from '../../../bindings/commands/fields.ts';
import { activations } from '../../../bindings/commands/gemm.ts';
import { type GpuKernel, type GpuKernels, gridOfThreads } from '../launch.ts';
import { Parameters, shader } from '../shader.ts';
import { activationFunctions } from './functions.ts';
import { launchProduct } from './tiles.ts';

const F = fieldsOf('conv');
const I = fieldsOf('convInputGrad');
const W = fieldsOf('convWeightGrad');
const M = fieldsOf('im2col');

const GEOMETRY = [
  ...(['batch', 'inChannels', 'height', 'width', 'outChannels', 'outHeight', 'outWidth'] as const),
  ...(['kernelHeight', 'kernelWidth', 'strideHeight', 'strideWidth', 'padTop', 'padLeft'] as const),
  ...(['dilationHeight', 'dilationWidth', 'groups'] as const),
];

/** The geometry, which all commands of the family begin with, and what follows from it. */
function geometryOf(words: Int32Array, at: number) {
  const geometry = Object.fromEntries(GEOMETRY.map((name) => [name, words[at + F[name]]!])) as Record<
    (typeof GEOMETRY)[number],
    number
  >;
  const { inChannels, outChannels, groups, outHeight, outWidth, height, width } = geometry;
  return {
    ...geometry,
    groupInputs: inChannels / groups,
    groupOutputs: outChannels / groups,
    taps: geometry.kernelHeight * geometry.kernelWidth,
    inSize: height * width,
    outSize: outHeight * outWidth,
  };
}

/** `channel`, `r` and `t` of number `from` among channels and taps. */
const tapOf = (from: string) => `let channel = ${from} / taps;
let r = (${from} % taps) / kernelWidth;
let t = ${from} % kernelWidth;`;

/** Of the output at `position`, the element of x that tap (r, t) meets; unsigned, so that what lies before is far beyond. */
const meet = `let inRow = (position / outWidth) * strideHeight + r * dilationHeight - padTop;
let inCol = (position % outWidth) * strideWidth + t * dilationWidth - padLeft;
if (inRow < height && inCol < width) {
  value = f(x + ((image * inChannels + matrix * groupInputs + channel) * height + inRow) * width + inCol);
}`;

/** The bias of a channel, and the activation. */
const finishOf = (hasBias: boolean, activation: number, channel: string) =>
  `${hasBias ? `v += f(bias + ${channel});` : ''}
v = ${activationFunctions[activations[activation]!]};`;

const conv: GpuKernel = (words, at, planner) => {
  const g = geometryOf(words, at);
  const bias = words[at + F.bias]!;
  const activation = words[at + F.activation]!;
  launchProduct(planner, {
    key: `conv ${bias !== 0} ${activation}`,
    values: { ...g, x: words[at + F.x]!, w: words[at + F.w]!, bias, y: words[at + F.y]! },
    matrices: g.groups,
    m: g.groupOutputs,
    n: g.batch * g.outSize,
    k: g.groupInputs * g.taps,
    a: { way: 'along k', element: 'value = f(w + (matrix * groupOutputs + q) * k + p);' },
    b: {
      way: 'across',
      prepare: tapOf('p'),
      element: `let image = q / outSize;\nlet position = q % outSize;\n${meet}`,
    },
    target: 'y + (col / outSize * outChannels + matrix * groupOutputs + row) * outSize + col % outSize',
    finish: finishOf(bias !== 0, activation, 'matrix * groupOutputs + row'),
  });
};

const convInputGrad: GpuKernel = (words, at, planner) => {
  const g = geometryOf(words, at);
  const bias = words[at + I.bias]!;
  const activation = words[at + I.activation]!;
  launchProduct(planner, {
    key: `convInputGrad ${bias !== 0} ${activation}`,
    values: { ...g, g: words[at + I.g]!, w: words[at + I.w]!, bias, gx: words[at + I.gx]! },
    matrices: g.groups,
    m: g.groupInputs,
    n: g.batch * g.inSize,
    k: g.groupOutputs * g.taps,
    a: {
      way: 'along k',
      prepare: tapOf('p'),
      element: 'value = f(w + ((matrix * groupOutputs + channel) * groupInputs + q) * taps + r * kernelWidth + t);',
    },
    b: {
      way: 'across',
      prepare: tapOf('p'),
      // The output whose tap (r, t) meets this element, if there is one.
      element: `let image = q / inSize;
let position = q % inSize;
let down = position / width + padTop - r * dilationHeight;
let along = position % width + padLeft - t * dilationWidth;
let outRow = down / strideHeight;
let outCol = along / strideWidth;
let meets = outRow < outHeight && outCol < outWidth && outRow * strideHeight == down && outCol * strideWidth == along;
if (meets) {
  value = f(g + ((image * outChannels + matrix * groupOutputs + channel) * outHeight + outRow) * outWidth + outCol);
}`,
    },
    target: 'gx + (col / inSize * inChannels + matrix * groupInputs + row) * inSize + col % inSize',
    finish: finishOf(bias !== 0, activation, 'matrix * groupInputs + row'),
  });
};

const convWeightGrad: GpuKernel = (words, at, planner) => {
  const g = geometryOf(words, at);
  const place = 'let image = p / outSize;\nlet position = p % outSize;';
  launchProduct(planner, {
    key: 'convWeightGrad',
    values: { ...g, x: words[at + W.x]!, g: words[at + W.g]!, gw: words[at + W.gw]! },
    matrices: g.groups,
    m: g.groupOutputs,
    n: g.groupInputs * g.taps,
    k: g.batch * g.outSize,
    a: {
      way: 'along k',
      prepare: place,
      element: 'value = f(g + (image * outChannels + matrix * groupOutputs + q) * outSize + position);',
    },
    b: { way: 'along k', prepare: place, element: `${tapOf('q')}\n${meet}` },
    target: 'gw + (matrix * groupOutputs + row) * n + col',
    finish: '',
  });
};

const im2col: GpuKernel = (words, at, planner) => {
  const g = geometryOf(words, at);
  const count = g.batch * g.inChannels * g.taps * g.outSize;
  if (count === 0) return;
  // With one group of all channels, `matrix` 0.
  const values = { ...g, groupInputs: g.inChannels, x: words[at + M.x]!, y: words[at + M.y]!, count };
  const parameters = new Parameters(Object.keys(values));
  planner.launch({
    key: 'im2col',
    source: () =>
      shader({
        parameters,
        body: `if (id >= count) { return; }
let position = id % outSize;
let line = id / outSize;
let matrix = 0u;
let image = line / (inChannels * taps);
let within = line % (inChannels * taps);
${tapOf('within')}
var value = 0.0;
${meet}
put(y + id, value);`,
      }),
    words: parameters.words(values),
    groups: gridOfThreads(count),
  });
};

export const convKernels = { conv, convInputGrad, convWeightGrad, im2col } satisfies GpuKernels;
