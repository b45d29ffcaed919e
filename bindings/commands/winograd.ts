/**
 * Convolution 3×3 with stride 1 by Winograd's F(4×4, 3×3): output tiles of 4×4 from input tiles of 6×6 by 36 products
 * instead of 144 (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2015). The points are 0, ±3/4, ±3/2
 * and ∞: exact in binary, and with the least error of those tried, about twice that of a direct sum.
 */
import type { Costs } from './cost.ts';
import type { CommandRows } from './kinds.ts';

/** The forward convolution's sizes, at the same place in both commands that have them. */
const sizes = {
  scratch: 'scratch',
  batch: 'u32',
  inChannels: 'u32',
  height: 'u32',
  width: 'u32',
  outChannels: 'u32',
  outHeight: 'u32',
  outWidth: 'u32',
  padTop: 'u32',
  padLeft: 'u32',
  tile: 'tile',
} as const;

export const winogradCommands = {
  /**
   * u[p, ⌊o/8⌋, i, o mod 8] = (G·g·Gᵀ)[p], p < 36, of the filter g = w[o, i] of w [outChannels, inChannels, 3, 3]; transposed 1: of
   * w[i, o] of w [inChannels, outChannels, 3, 3] rotated by 180°, which makes the convolution with u the input gradient. u has
   * 36 · ⌈outChannels/8⌉ · 8 · inChannels elements; those of no o are undefined.
   */
  winogradWeights: { w: 'in', u: 'out', scratch: 'scratch', outChannels: 'u32', inChannels: 'u32', transposed: 'u32' },
  /**
   * y [batch, outChannels, outHeight, outWidth] = activation(conv(x [batch, inChannels, height, width], u) + bias [outChannels]
   * (0: none)), u as above. Row r of y reads the rows r − padTop … r − padTop + 2 of x; elements outside x are 0. The padding on
   * each side is at most 2, that at the right and the bottom follows from the sizes. 1 ≤ inChannels ≤ 512, 4 ≤ width ≤ 512.
   * y overlaps no input.
   */
  winogradConv: { x: 'in', u: 'in', ...sizes, bias: 'in', y: 'out', activation: 'u32' },
  /** u = the gradient with respect to u of the above (without activation), from x and g = the gradient of y; no operands overlap. */
  winogradGrad: { x: 'in', u: 'out', ...sizes, g: 'in' },
  /** w [outChannels, inChannels, 3, 3] = the gradient with respect to w of winogradWeights (transposed 0), from u = that of its u. */
  winogradWeightGrad: { u: 'in', w: 'out', scratch: 'scratch', outChannels: 'u32', inChannels: 'u32' },
} as const satisfies CommandRows;

/** The product of a direct convolution. */
const product = { m: 'outChannels', n: 'batch * outHeight * outWidth', k: '9 * inChannels' };
const shared = 'batch * outHeight * outWidth * outChannels * inChannels / 2';

export const winogradCosts: Costs<typeof winogradCommands> = {
  winogradWeights: { shared: 'outChannels * inChannels * 64' },
  winogradConv: { products: [product], shared },
  winogradGrad: { products: [product], shared },
  winogradWeightGrad: { shared: 'outChannels * inChannels * 64' },
};
