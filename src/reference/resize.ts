/** Resizing of planes as the command table defines it. Positions are rounded to float32 in float64 mode too: they choose elements. */

import { fieldsOf } from '../../bindings/commands/fields.ts';
import { resizeModes } from '../../bindings/commands/resize.ts';
import type { ReferenceKernel, ReferenceKernels } from './heap.ts';

const { fround } = Math;

/** Where an output reads a dimension: element `first` with weight 1 − share, and `second` with weight share. */
interface Blend {
  first: number;
  second: number;
  share: number;
}

function blendOf(o: number, size: number, scale: number, mode: number): Blend {
  const isHalf = resizeModes[mode] === 'bilinear';
  const t = isHalf ? Math.max(0, fround(fround((o + 0.5) * scale) - 0.5)) : fround(o * scale);
  const first = Math.min(Math.floor(t), size - 1);
  return { first, second: Math.min(first + 1, size - 1), share: fround(t - first) };
}

const R = fieldsOf('resize');

/** y = x read where the mode says. */
const resize: ReferenceKernel = ({ f }, words, floats, at) => {
  const height = words[at + R.height]!;
  const width = words[at + R.width]!;
  const mode = words[at + R.mode]!;
  const isNearest = resizeModes[mode] === 'nearest';
  let x = words[at + R.x]!;
  let y = words[at + R.y]!;
  for (let p = 0; p < words[at + R.planes]!; p++, x += height * width) {
    for (let o = 0; o < words[at + R.outHeight]!; o++) {
      const row = blendOf(o, height, floats[at + R.scaleHeight]!, mode);
      for (let i = 0; i < words[at + R.outWidth]!; i++, y++) {
        const column = blendOf(i, width, floats[at + R.scaleWidth]!, mode);
        const along = (h: number) => {
          const value = f[x + h * width + column.first]!;
          if (isNearest) return value;
          return (1 - column.share) * value + column.share * f[x + h * width + column.second]!;
        };
        f[y] = isNearest ? along(row.first) : (1 - row.share) * along(row.first) + row.share * along(row.second);
      }
    }
  }
};

const G = fieldsOf('resizeGrad');

/** gx = what each element has given, times the gradient of where it went. */
const resizeGrad: ReferenceKernel = ({ f }, words, floats, at) => {
  const height = words[at + G.height]!;
  const width = words[at + G.width]!;
  const mode = words[at + G.mode]!;
  const isNearest = resizeModes[mode] === 'nearest';
  const planes = words[at + G.planes]!;
  let g = words[at + G.g]!;
  let gx = words[at + G.gx]!;
  f.fill(0, gx, gx + planes * height * width);
  for (let p = 0; p < planes; p++, gx += height * width) {
    for (let o = 0; o < words[at + G.outHeight]!; o++) {
      const row = blendOf(o, height, floats[at + G.scaleHeight]!, mode);
      for (let i = 0; i < words[at + G.outWidth]!; i++, g++) {
        const column = blendOf(i, width, floats[at + G.scaleWidth]!, mode);
        const v = f[g]!;
        if (isNearest) {
          f[gx + row.first * width + column.first]! += v;
          continue;
        }
        f[gx + row.first * width + column.first]! += (1 - row.share) * (1 - column.share) * v;
        f[gx + row.first * width + column.second]! += (1 - row.share) * column.share * v;
        f[gx + row.second * width + column.first]! += row.share * (1 - column.share) * v;
        f[gx + row.second * width + column.second]! += row.share * column.share * v;
      }
    }
  }
};

export const resizeKernels = { resize, resizeGrad } satisfies ReferenceKernels;
