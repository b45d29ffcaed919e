/** Convolution, its two gradients, and the column matrix. Sums are doubles, rounded once, when they are stored. */

import { fieldsOf } from '../../bindings/commands/fields.ts';
import { activations } from '../../bindings/commands/gemm.ts';
import { sigmoid } from '../../bindings/commands/unary.ts';
import type { ReferenceKernel, ReferenceKernels } from './heap.ts';

const activate = {
  none: (x: number) => x,
  relu: (x: number) => Math.max(x, 0),
  sigmoid,
  tanh: Math.tanh,
} satisfies Record<(typeof activations)[number], (x: number) => number>;
const activationOf = activations.map((name) => activate[name]);

const F = fieldsOf('conv');
const I = fieldsOf('convInputGrad');
const W = fieldsOf('convWeightGrad');
const M = fieldsOf('im2col');

/** The geometry, which all commands of the family begin with. */
function geometryOf(words: Int32Array, at: number) {
  const word = (name: keyof typeof F) => words[at + F[name]]!;
  const groups = word('groups');
  const [strideHeight, strideWidth] = [word('strideHeight'), word('strideWidth')];
  const [padTop, padLeft] = [word('padTop'), word('padLeft')];
  const [dilationHeight, dilationWidth] = [word('dilationHeight'), word('dilationWidth')];
  return {
    batch: word('batch'),
    inChannels: word('inChannels'),
    height: word('height'),
    width: word('width'),
    outChannels: word('outChannels'),
    outHeight: word('outHeight'),
    outWidth: word('outWidth'),
    kernelHeight: word('kernelHeight'),
    kernelWidth: word('kernelWidth'),
    groupInputs: word('inChannels') / groups,
    groupOutputs: word('outChannels') / groups,
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
  const g = geometryOf(words, at);
  const x0 = words[at + F.x]!;
  const w0 = words[at + F.w]!;
  const y0 = words[at + F.y]!;
  const bias = words[at + F.bias]!;
  const size = g.outHeight * g.outWidth;
  const sums = new Float64Array(g.batch * g.outChannels * size);
  eachProduct(g, (x, w, y) => {
    sums[y]! += f[x0 + x]! * f[w0 + w]!;
  });
  const finish = activationOf[words[at + F.activation]!]!;
  for (let y = 0; y < sums.length; y++)
    f[y0 + y] = finish(sums[y]! + (bias === 0 ? 0 : f[bias + (Math.floor(y / size) % g.outChannels)]!));
};

/** gx = activation(gradient with respect to x + bias). */
const convInputGrad: ReferenceKernel = ({ f }, words, _, at) => {
  const g = geometryOf(words, at);
  const g0 = words[at + I.g]!;
  const w0 = words[at + I.w]!;
  const gx0 = words[at + I.gx]!;
  const bias = words[at + I.bias]!;
  const size = g.height * g.width;
  const sums = new Float64Array(g.batch * g.inChannels * size);
  eachProduct(g, (x, w, y) => {
    sums[x]! += f[g0 + y]! * f[w0 + w]!;
  });
  const finish = activationOf[words[at + I.activation]!]!;
  for (let x = 0; x < sums.length; x++)
    f[gx0 + x] = finish(sums[x]! + (bias === 0 ? 0 : f[bias + (Math.floor(x / size) % g.inChannels)]!));
};

/** gw = gradient with respect to w. */
const convWeightGrad: ReferenceKernel = ({ f }, words, _, at) => {
  const g = geometryOf(words, at);
  const x0 = words[at + W.x]!;
  const g0 = words[at + W.g]!;
  const sums = new Float64Array(g.outChannels * g.groupInputs * g.kernelHeight * g.kernelWidth);
  eachProduct(g, (x, w, y) => {
    sums[w]! += f[x0 + x]! * f[g0 + y]!;
  });
  f.set(sums, words[at + W.gw]!);
};

/** y = the column matrix of each image. */
const im2col: ReferenceKernel = ({ f }, words, _, at) => {
  const g = geometryOf(words, at);
  const x0 = words[at + M.x]!;
  let y = words[at + M.y]!;
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
