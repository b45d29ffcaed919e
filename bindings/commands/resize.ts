/** Rows of the command table for resizing planes; see table.ts for the field kinds. */
import type { Costs } from './cost.ts';
import type { CommandRows } from './kinds.ts';

const extents = {
  planes: 'u32',
  height: 'u32',
  width: 'u32',
  outHeight: 'u32',
  outWidth: 'u32',
  scaleHeight: 'f32',
  scaleWidth: 'f32',
  mode: 'u32',
} as const;

/**
 * How output row o reads the input; columns alike, s = scaleHeight, all in float32.
 * nearest: row ⌊o·s⌋. The others blend row r = ⌊t⌋ and the next: (1 − t + r)·x[r] + (t − r)·x[r + 1], with
 * bilinear: t = max(0, (o + ½)·s − ½);  bilinearCorners: t = o·s. Rows beyond the last are the last.
 */
export const resizeModes = ['nearest', 'bilinear', 'bilinearCorners'] as const;

export const resizeCommands = {
  /** y [planes, outHeight, outWidth] from x [planes, height, width]; mode: see resizeModes. Outputs overlap no input. */
  resize: { x: 'in', y: 'out', ...extents },
  /** gx [planes, height, width] = the gradient of the above for g [planes, outHeight, outWidth]. */
  resizeGrad: { g: 'in', gx: 'out', ...extents },
} as const satisfies CommandRows;

const resized = 'planes * outHeight * outWidth';

export const resizeCosts: Costs<typeof resizeCommands> = {
  resize: { elements: resized, work: 'elements * 8' },
  resizeGrad: { elements: resized, work: 'elements * 16' },
};
