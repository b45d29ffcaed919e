/** Resizing of planes as the command table defines it. Positions are rounded to float32 in float64 mode too: they choose elements. */

import { readerOf } from '../../bindings/commands/fields.ts';
import { resizeModes } from '../../bindings/commands/resize.ts';
import type { ReferenceKernel, ReferenceKernels } from './heap.ts';

const readResize = readerOf('resize');
const readResizeGrad = readerOf('resizeGrad');

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

/** y = x, read as the mode says. */
const resize: ReferenceKernel = ({ f }, words, floats, at) => {
  const command = readResize(words, at, floats);
  const { height, width, mode } = command;
  const isNearest = resizeModes[mode] === 'nearest';
  let x = command.x;
  let y = command.y;
  for (let p = 0; p < command.planes; p++, x += height * width) {
    for (let o = 0; o < command.outHeight; o++) {
      const row = blendOf(o, height, command.scaleHeight, mode);
      for (let i = 0; i < command.outWidth; i++, y++) {
        const column = blendOf(i, width, command.scaleWidth, mode);
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

/** gx = each element's shares, times the gradients of the outputs that read it. */
const resizeGrad: ReferenceKernel = ({ f }, words, floats, at) => {
  const command = readResizeGrad(words, at, floats);
  const { height, width, mode, planes } = command;
  const isNearest = resizeModes[mode] === 'nearest';
  let g = command.g;
  let gx = command.gx;
  f.fill(0, gx, gx + planes * height * width);
  for (let p = 0; p < planes; p++, gx += height * width) {
    for (let o = 0; o < command.outHeight; o++) {
      const row = blendOf(o, height, command.scaleHeight, mode);
      for (let i = 0; i < command.outWidth; i++, g++) {
        const column = blendOf(i, width, command.scaleWidth, mode);
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
