/**
 * Convolution and its gradients as products by tiles, without a column matrix: the factors' elements are read from x, w and g
 * in place. A matrix is a group of channels; k runs over channels and taps, for the weights' gradient over images and positions.
 */

import { geometry } from '../../../bindings/commands/conv.ts';
import { readerOf } from '../../../bindings/commands/fields.ts';
import { activations } from '../../../bindings/commands/gemm.ts';
import { type GpuKernel, type GpuKernels, gridOfThreads } from '../launch.ts';
import { Parameters, shader } from '../shader.ts';
import { activationFunctions } from './functions.ts';
import { launchProduct } from './tiles.ts';

const readConv = readerOf('conv');
const readConvInputGrad = readerOf('convInputGrad');
const readConvWeightGrad = readerOf('convWeightGrad');
const readIm2col = readerOf('im2col');

type Geometry = Readonly<Record<keyof typeof geometry, number>>;
const GEOMETRY = Object.keys(geometry) as (keyof Geometry)[];

/** The geometry, which all commands of the family begin with, and what follows from it. */
function geometryOf(command: Geometry) {
  const own = Object.fromEntries(GEOMETRY.map((name) => [name, command[name]])) as Geometry;
  const { inChannels, outChannels, groups, outHeight, outWidth, height, width } = own;
  return {
    ...own,
    groupInputs: inChannels / groups,
    groupOutputs: outChannels / groups,
    taps: own.kernelHeight * own.kernelWidth,
    inSize: height * width,
    outSize: outHeight * outWidth,
  };
}

/** `channel`, `r` and `t` of number `from` among channels and taps. */
const tapOf = (from: string) => `let channel = ${from} / taps;
let r = (${from} % taps) / kernelWidth;
let t = ${from} % kernelWidth;`;

/** The element of x that tap (r, t) of the output at `position` reads. Unsigned: positions before the start wrap to far beyond the end. */
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
  const command = readConv(words, at);
  const { bias, activation } = command;
  const g = geometryOf(command);
  launchProduct(planner, {
    key: `conv ${bias !== 0} ${activation}`,
    values: { ...g, x: command.x, w: command.w, bias, y: command.y },
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
  const command = readConvInputGrad(words, at);
  const { bias, activation } = command;
  const g = geometryOf(command);
  launchProduct(planner, {
    key: `convInputGrad ${bias !== 0} ${activation}`,
    values: { ...g, g: command.g, w: command.w, bias, gx: command.gx },
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
      // The output whose tap (r, t) reads this element, if there is one.
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
  const command = readConvWeightGrad(words, at);
  const g = geometryOf(command);
  const place = 'let image = p / outSize;\nlet position = p % outSize;';
  launchProduct(planner, {
    key: 'convWeightGrad',
    values: { ...g, x: command.x, g: command.g, gw: command.gw },
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
  const command = readIm2col(words, at);
  const g = geometryOf(command);
  const count = g.batch * g.inChannels * g.taps * g.outSize;
  if (count === 0) return;
  // With one group of all channels, `matrix` 0.
  const values = { ...g, groupInputs: g.inChannels, x: command.x, y: command.y, count };
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
