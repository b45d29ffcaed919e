/** Convolution, its two gradients, and the column matrix. Sums are doubles, rounded once, when they are stored. */

import type { geometry } from '../../bindings/commands/conv.ts';
import { readerOf } from '../../bindings/commands/fields.ts';
import { activations } from '../../bindings/commands/gemm.ts';
import { sigmoid } from '../../bindings/commands/unary.ts';
import type { ReferenceKernel, ReferenceKernels } from './heap.ts';

const readConv = readerOf('conv');
const readConvInputGrad = readerOf('convInputGrad');
const readConvWeightGrad = readerOf('convWeightGrad');
const readIm2col = readerOf('im2col');

const activate = {
  none: (x: number) => x,
  relu: (x: number) => Math.max(x, 0),
  sigmoid,
  tanh: Math.tanh,
} satisfies Record<(typeof activations)[number], (x: number) => number>;
const activationOf = activations.map((name) => activate[name]);

/** The geometry, which all commands of the family begin with, and what follows from it. */
function geometryOf(command: Readonly<Record<keyof typeof geometry, number>>) {
  const { batch, inChannels, height, width, outChannels, outHeight, outWidth, kernelHeight, kernelWidth } = command;
  const { strideHeight, strideWidth, padTop, padLeft, dilationHeight, dilationWidth, groups } = command;
  return {
    ...{ batch, inChannels, height, width, outChannels, outHeight, outWidth, kernelHeight, kernelWidth },
    groupInputs: inChannels / groups,
    groupOutputs: outChannels / groups,
    rowAt: (out: number, tap: number) => out * strideHeight - padTop + tap * dilationHeight,
    colAt: (out: number, tap: number) => out * strideWidth - padLeft + tap * dilationWidth,
  };
}

type Geometry = ReturnType<typeof geometryOf>;

/** Calls `visit` with the elements of x, w and y that belong together, counted from the operands' beginnings. */
function eachProduct(g: Geometry, visit: (x: number, w: number, y: number) => void): void {
  const { groupInputs, groupOutputs, kernelHeight, kernelWidth, height, width } = g;
  let y = 0;
  for (let image = 0; image < g.batch; image++)
    for (let o = 0; o < g.outChannels; o++) {
      const channel = image * g.inChannels + Math.floor(o / groupOutputs) * groupInputs;
      for (let row = 0; row < g.outHeight; row++)
        for (let col = 0; col < g.outWidth; col++, y++) {
          let w = o * groupInputs * kernelHeight * kernelWidth;
          for (let c = 0; c < groupInputs; c++)
            for (let r = 0; r < kernelHeight; r++) {
              const inRow = g.rowAt(row, r);
              const start = ((channel + c) * height + inRow) * width;
              for (let t = 0; t < kernelWidth; t++, w++) {
                const inCol = g.colAt(col, t);
                if (inRow >= 0 && inRow < height && inCol >= 0 && inCol < width) visit(start + inCol, w, y);
              }
            }
        }
    }
}

/** y = activation(conv(x, w) + bias). */
const conv: ReferenceKernel = ({ f }, words, _, at) => {
  const command = readConv(words, at);
  const { bias } = command;
  const g = geometryOf(command);
  const x0 = command.x;
  const w0 = command.w;
  const y0 = command.y;
  const size = g.outHeight * g.outWidth;
  const sums = new Float64Array(g.batch * g.outChannels * size);
  eachProduct(g, (x, w, y) => {
    sums[y]! += f[x0 + x]! * f[w0 + w]!;
  });
  const finish = activationOf[command.activation]!;
  for (let y = 0; y < sums.length; y++)
    f[y0 + y] = finish(sums[y]! + (bias === 0 ? 0 : f[bias + (Math.floor(y / size) % g.outChannels)]!));
};

/** gx = activation(gradient with respect to x + bias). */
const convInputGrad: ReferenceKernel = ({ f }, words, _, at) => {
  const command = readConvInputGrad(words, at);
  const { bias } = command;
  const g = geometryOf(command);
  const g0 = command.g;
  const w0 = command.w;
  const gx0 = command.gx;
  const size = g.height * g.width;
  const sums = new Float64Array(g.batch * g.inChannels * size);
  eachProduct(g, (x, w, y) => {
    sums[x]! += f[g0 + y]! * f[w0 + w]!;
  });
  const finish = activationOf[command.activation]!;
  for (let x = 0; x < sums.length; x++)
    f[gx0 + x] = finish(sums[x]! + (bias === 0 ? 0 : f[bias + (Math.floor(x / size) % g.inChannels)]!));
};

/** gw = gradient with respect to w. */
const convWeightGrad: ReferenceKernel = ({ f }, words, _, at) => {
  const command = readConvWeightGrad(words, at);
  const g = geometryOf(command);
  const x0 = command.x;
  const g0 = command.g;
  const sums = new Float64Array(g.outChannels * g.groupInputs * g.kernelHeight * g.kernelWidth);
  eachProduct(g, (x, w, y) => {
    sums[w]! += f[x0 + x]! * f[g0 + y]!;
  });
  f.set(sums, command.gw);
};

/** y = the column matrix of each image. */
const im2col: ReferenceKernel = ({ f }, words, _, at) => {
  const command = readIm2col(words, at);
  const g = geometryOf(command);
  const x0 = command.x;
  let y = command.y;
  for (let channel = 0; channel < g.batch * g.inChannels; channel++)
    for (let r = 0; r < g.kernelHeight; r++)
      for (let t = 0; t < g.kernelWidth; t++)
        for (let row = 0; row < g.outHeight; row++)
          for (let col = 0; col < g.outWidth; col++, y++) {
            const inRow = g.rowAt(row, r);
            const inCol = g.colAt(col, t);
            const inside = inRow >= 0 && inRow < g.height && inCol >= 0 && inCol < g.width;
            f[y] = inside ? f[x0 + (channel * g.height + inRow) * g.width + inCol]! : 0;
          }
};

export const convKernels = { conv, convInputGrad, convWeightGrad, im2col } satisfies ReferenceKernels;
