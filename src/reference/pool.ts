/** Pooling over planes, as the command table defines it. Sums are doubles until they are stored. */
import { readerOf } from '../../bindings/commands/fields.ts';
import type { ReferenceKernel, ReferenceKernels } from './heap.ts';

const readAvgPool = readerOf('avgPool');
const readAvgPoolGrad = readerOf('avgPoolGrad');
const readMaxPool = readerOf('maxPool');
const readMaxPoolGrad = readerOf('maxPoolGrad');

/** One dimension of a pooling. */
interface Extent {
  size: number;
  outSize: number;
  /** 0: adaptive. */
  kernel: number;
  stride: number;
  pad: number;
  dilation: number;
}

/** The positions of output o's window inside the plane, and their number including the padding. */
function windowOf(
  o: number,
  { size, outSize, kernel, stride, pad, dilation }: Extent,
): { at: number[]; padded: number } {
  const at: number[] = [];
  if (kernel === 0) {
    for (let i = Math.floor((o * size) / outSize); i < Math.ceil(((o + 1) * size) / outSize); i++) at.push(i);
    return { at, padded: at.length };
  }
  const start = o * stride - pad;
  let padded = 0;
  for (let k = 0; k < kernel; k++) {
    const i = start + k * dilation;
    if (i < size + pad) padded++;
    if (i >= 0 && i < size) at.push(i);
  }
  return { at, padded };
}

type ExtentField =
  | 'height'
  | 'width'
  | 'outHeight'
  | 'outWidth'
  | 'kernelHeight'
  | 'kernelWidth'
  | 'strideHeight'
  | 'strideWidth'
  | 'padHeight'
  | 'padWidth';

function extentsOf(command: Readonly<Record<ExtentField, number>>): [Extent, Extent] {
  const adaptive = command.kernelHeight === 0;
  const extent = (side: 'Height' | 'Width', size: 'height' | 'width'): Extent => ({
    size: command[size],
    outSize: command[`out${side}`],
    kernel: adaptive ? 0 : command[`kernel${side}`],
    stride: command[`stride${side}`],
    pad: command[`pad${side}`],
    dilation: 1,
  });
  return [extent('Height', 'height'), extent('Width', 'width')];
}

/** y = the largest element of each window; indices = its position in its plane. */
const maxPool: ReferenceKernel = ({ f, i: ints }, words, _floats, at) => {
  const command = readMaxPool(words, at);
  const { indices } = command;
  const [rows, columns] = extentsOf(command);
  rows.dilation = command.dilationHeight;
  columns.dilation = command.dilationWidth;
  let x = command.x;
  let out = 0;
  for (let p = 0; p < command.planes; p++, x += rows.size * columns.size) {
    for (let oh = 0; oh < rows.outSize; oh++) {
      const tall = windowOf(oh, rows).at;
      for (let ow = 0; ow < columns.outSize; ow++, out++) {
        const wide = windowOf(ow, columns).at;
        let best = tall[0]! * columns.size + wide[0]!;
        for (const h of tall) {
          for (const w of wide) {
            const v = f[x + h * columns.size + w]!;
            if (v > f[x + best]! || Number.isNaN(v)) best = h * columns.size + w;
          }
        }
        f[command.y + out] = f[x + best]!;
        if (indices !== 0) ints[indices + out] = best;
      }
    }
  }
};

/** gx[p, indices[p, o]] += g[p, o]. */
const maxPoolGrad: ReferenceKernel = ({ f, i: ints }, words, _floats, at) => {
  const { g, indices, gx, planes, inSize, outSize } = readMaxPoolGrad(words, at);
  f.fill(0, gx, gx + planes * inSize);
  for (let p = 0; p < planes; p++) {
    for (let o = p * outSize; o < (p + 1) * outSize; o++) {
      f[gx + p * inSize + ints[indices + o]!]! += f[g + o]!;
    }
  }
};

/** y = the mean of each window. */
const avgPool: ReferenceKernel = ({ f }, words, _floats, at) => {
  const command = readAvgPool(words, at);
  const [rows, columns] = extentsOf(command);
  const countPad = command.countPad === 1;
  let x = command.x;
  let y = command.y;
  for (let p = 0; p < command.planes; p++, x += rows.size * columns.size) {
    for (let oh = 0; oh < rows.outSize; oh++) {
      const tall = windowOf(oh, rows);
      for (let ow = 0; ow < columns.outSize; ow++, y++) {
        const wide = windowOf(ow, columns);
        let sum = 0;
        for (const h of tall.at) for (const w of wide.at) sum += f[x + h * columns.size + w]!;
        f[y] = sum / (countPad ? tall.padded * wide.padded : tall.at.length * wide.at.length);
      }
    }
  }
};

/** Each window's share of its gradient, added to all its elements. */
const avgPoolGrad: ReferenceKernel = ({ f }, words, _floats, at) => {
  const command = readAvgPoolGrad(words, at);
  const { planes } = command;
  const [rows, columns] = extentsOf(command);
  const countPad = command.countPad === 1;
  let { g, gx } = command;
  f.fill(0, gx, gx + planes * rows.size * columns.size);
  for (let p = 0; p < planes; p++, gx += rows.size * columns.size) {
    for (let oh = 0; oh < rows.outSize; oh++) {
      const tall = windowOf(oh, rows);
      for (let ow = 0; ow < columns.outSize; ow++, g++) {
        const wide = windowOf(ow, columns);
        const count = countPad ? tall.padded * wide.padded : tall.at.length * wide.at.length;
        for (const h of tall.at) for (const w of wide.at) f[gx + h * columns.size + w]! += f[g]! / count;
      }
    }
  }
};

export const poolKernels = { maxPool, maxPoolGrad, avgPool, avgPoolGrad } satisfies ReferenceKernels;
