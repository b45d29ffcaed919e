/** Pooling over planes, as the command table defines it. Sums are doubles until they are stored. */
import { fieldsOf } from '../../bindings/commands/fields.ts';
import type { ReferenceKernel, ReferenceKernels } from './heap.ts';

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

/** The positions inside that output o's window takes, and how many there are with those in the padding. */
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

function extentsOf(words: Int32Array, at: number, fields: Readonly<Record<ExtentField, number>>): [Extent, Extent] {
  const get = (name: ExtentField) => words[at + fields[name]]!;
  const adaptive = get('kernelHeight') === 0;
  const extent = (side: 'Height' | 'Width', size: 'height' | 'width'): Extent => ({
    size: get(size),
    outSize: get(`out${side}`),
    kernel: adaptive ? 0 : get(`kernel${side}`),
    stride: get(`stride${side}`),
    pad: get(`pad${side}`),
    dilation: 1,
  });
  return [extent('Height', 'height'), extent('Width', 'width')];
}

const M = fieldsOf('maxPool');

/** y = the largest element of each window; indices = where it lies in its plane. */
const maxPool: ReferenceKernel = ({ f, i: ints }, words, _floats, at) => {
  const [rows, columns] = extentsOf(words, at, M);
  rows.dilation = words[at + M.dilationHeight]!;
  columns.dilation = words[at + M.dilationWidth]!;
  const indices = words[at + M.indices]!;
  let x = words[at + M.x]!;
  let out = 0;
  for (let p = 0; p < words[at + M.planes]!; p++, x += rows.size * columns.size) {
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
        f[words[at + M.y]! + out] = f[x + best]!;
        if (indices !== 0) ints[indices + out] = best;
      }
    }
  }
};

const MG = fieldsOf('maxPoolGrad');

/** gx[p, indices[p, o]] += g[p, o]. */
const maxPoolGrad: ReferenceKernel = ({ f, i: ints }, words, _floats, at) => {
  const planes = words[at + MG.planes]!;
  const inSize = words[at + MG.inSize]!;
  const outSize = words[at + MG.outSize]!;
  const gx = words[at + MG.gx]!;
  f.fill(0, gx, gx + planes * inSize);
  for (let p = 0; p < planes; p++) {
    for (let o = p * outSize; o < (p + 1) * outSize; o++) {
      f[gx + p * inSize + ints[words[at + MG.indices]! + o]!]! += f[words[at + MG.g]! + o]!;
    }
  }
};

const A = fieldsOf('avgPool');

/** y = the mean of each window. */
const avgPool: ReferenceKernel = ({ f }, words, _floats, at) => {
  const [rows, columns] = extentsOf(words, at, A);
  const countPad = words[at + A.countPad] === 1;
  let x = words[at + A.x]!;
  let y = words[at + A.y]!;
  for (let p = 0; p < words[at + A.planes]!; p++, x += rows.size * columns.size) {
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

const AG = fieldsOf('avgPoolGrad');

/** Each window's share of its gradient, added to all its elements. */
const avgPoolGrad: ReferenceKernel = ({ f }, words, _floats, at) => {
  const [rows, columns] = extentsOf(words, at, AG);
  const countPad = words[at + AG.countPad] === 1;
  const planes = words[at + AG.planes]!;
  let g = words[at + AG.g]!;
  let gx = words[at + AG.gx]!;
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
