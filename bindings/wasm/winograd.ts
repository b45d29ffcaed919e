/**
 * When a convolution of 3×3 is done by Winograd's F(4×4, 3×3). Its error is about twice that of a direct sum. Infinity and
 * NaN spread to all pixels of their tiles, not only to those whose windows hold them.
 */
import type { ConvFields } from '../generated/encode.ts';
import { isDeterministic } from './instance.ts';

/** A convolution's sizes, from x [batch, inChannels, height, width] to y [batch, outChannels, outHeight, outWidth]. */
export type ConvGeometry = Readonly<Omit<ConvFields, 'x' | 'w' | 'bias' | 'y' | 'activation'>>;

/** Positions of a transformed tile, and output channels of a panel of transformed weights. */
const POSITIONS = 36;
const PANEL = 8;
/** What the kernel has room for. */
const MOST_CHANNELS = 512;
const LEAST_WIDTH = 4;
const MOST_WIDTH = 512;

/**
 * Nanoseconds, measured on one core with relaxed SIMD: of a multiplication and addition in a direct convolution and in a GEMM; of
 * the transforms of a tile in one input and one output channel; of one filter's. Plain SIMD has nearly the same ratios.
 */
const DIRECT = 0.037;
const PRODUCT = 0.033;
const INPUT = 9;
const OUTPUT = 14;
const FILTER = 16;
/** The same for the weight gradient, whose products are short sums added in memory. */
const SHORT_PRODUCT = 0.042;
const FILTER_GRAD = 30;
/** Input channels that share one transform of the gradient. */
const BLOCK = 64;
/** Winograd must take less than this share of the direct time, or its rounding error is not worth it. */
const SHARE = 0.85;

/**
 * Whether a 3×3 convolution from `inChannels` to `outChannels` planes of outHeight × outWidth is faster by Winograd.
 * `constant`: the transformed weights are there already.
 */
export function winogradPays(
  batch: number,
  inChannels: number,
  outChannels: number,
  outHeight: number,
  outWidth: number,
  constant = false,
): boolean {
  const filters = inChannels * outChannels;
  const direct = DIRECT * batch * filters * 9 * outHeight * outWidth;
  const tiles = batch * Math.ceil(outHeight / 4) * Math.ceil(outWidth / 4);
  const ofTile = PRODUCT * POSITIONS * filters + INPUT * inChannels + OUTPUT * outChannels;
  return tiles * ofTile + (constant ? 0 : FILTER * filters) < SHARE * direct;
}

/** The same for its weight gradient. */
export function winogradGradPays(
  batch: number,
  inChannels: number,
  outChannels: number,
  outHeight: number,
  outWidth: number,
): boolean {
  const filters = inChannels * outChannels;
  const direct = DIRECT * batch * filters * 9 * outHeight * outWidth;
  const tiles = batch * Math.ceil(outHeight / 4) * Math.ceil(outWidth / 4);
  const transforms = INPUT * inChannels + OUTPUT * outChannels * Math.ceil(inChannels / BLOCK);
  return tiles * (SHORT_PRODUCT * POSITIONS * filters + transforms) + FILTER_GRAD * filters < SHARE * direct;
}

/** Whether the kernel supports this convolution, from `channels` planes of this width, and results need not be the same bits everywhere. */
export function fitsWinograd(g: ConvGeometry, channels: number, width: number): boolean {
  return (
    !isDeterministic() &&
    g.kernelHeight === 3 &&
    g.kernelWidth === 3 &&
    g.strideHeight === 1 &&
    g.strideWidth === 1 &&
    g.dilationHeight === 1 &&
    g.dilationWidth === 1 &&
    g.groups === 1 &&
    g.padTop <= 2 &&
    g.padLeft <= 2 &&
    g.outHeight + 2 - g.height - g.padTop <= 2 &&
    g.outWidth + 2 - g.width - g.padLeft <= 2 &&
    channels >= 1 &&
    channels <= MOST_CHANNELS &&
    width >= LEAST_WIDTH &&
    width <= MOST_WIDTH
  );
}

/** Elements of transformed filters. */
export function winogradFilters(outChannels: number, inChannels: number): number {
  return POSITIONS * Math.ceil(outChannels / PANEL) * PANEL * inChannels;
}
