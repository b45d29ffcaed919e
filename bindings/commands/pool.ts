/** Rows of the command table for pooling over planes of height × width; see table.ts for the field kinds. */
import type { Costs } from './cost.ts';
import type { CommandRows } from './kinds.ts';

const extents = {
  planes: 'u32',
  height: 'u32',
  width: 'u32',
  outHeight: 'u32',
  outWidth: 'u32',
  kernelHeight: 'u32',
  kernelWidth: 'u32',
  strideHeight: 'u32',
  strideWidth: 'u32',
  padHeight: 'u32',
  padWidth: 'u32',
} as const;

/**
 * Output row o's window starts at o·strideHeight − padHeight and has kernelHeight rows, dilationHeight apart; columns alike.
 * kernelHeight 0: adaptive windows, rows ⌊o·height/outHeight⌋ … ⌈(o+1)·height/outHeight⌉ − 1, columns alike; the fields
 * after kernelHeight are not read then. Every window has an element inside the plane. Outputs overlap no input.
 */
export const poolCommands = {
  /**
   * y = the largest element of each window, and its position in its plane (indices, int32; 0: not wanted). The first one wins;
   * a NaN wins over all, the last one over other NaN. Without indices a window whose largest elements are +0 and −0 gives either.
   */
  maxPool: { x: 'in', y: 'out', indices: 'out', ...extents, dilationHeight: 'u32', dilationWidth: 'u32' },
  /** gx[p, i] = Σ of g[p, o] over the o with indices[p, o] = i, in order of o; planes of inSize and of outSize elements. */
  maxPoolGrad: { g: 'in', indices: 'in', gx: 'out', planes: 'u32', inSize: 'u32', outSize: 'u32' },
  /** y = the sum of each window over its number of elements; countPad 1 counts those in the padding (as 0) too. */
  avgPool: { x: 'in', y: 'out', ...extents, countPad: 'u32' },
  /** gx [planes, height, width] = the gradient of the above for g [planes, outHeight, outWidth]. */
  avgPoolGrad: { g: 'in', gx: 'out', ...extents, countPad: 'u32' },
} as const satisfies CommandRows;

const plane = 'planes * height * width';

export const poolCosts: Costs<typeof poolCommands> = {
  // Adaptive windows (kernelHeight 0) share the plane; windows of 2 × 2 have loops of their own, with indices too.
  maxPool: {
    elements: plane,
    work: `(kernelHeight * kernelWidth != 0 ? planes * outHeight * outWidth * kernelHeight * kernelWidth : elements)
      * (indices != 0 && kernelHeight * kernelWidth != 4 ? 3 : 1)`,
  },
  // On a GPU the outputs of a plane look for each other.
  maxPoolGrad: {
    elements: 'planes * inSize + planes * outSize * 8',
    work: 'planes * inSize / 4 + planes * outSize * 4',
  },
  avgPool: { elements: plane, work: 'elements * 2' },
  avgPoolGrad: { elements: plane, work: 'elements * 8' },
};
