/**
 * Convolutions of 3×3 with stride 1 as Winograd's F(4×4, 3×3): when that pays, and the two commands that do it. Its error is
 * about twice that of a direct sum. Infinity and NaN reach more than the pixels whose windows hold them: all of their tiles.
 */
import type { Executor } from '../../bindings/executor.ts';
import {
  Activation,
  encodeWinogradConv,
  encodeWinogradGrad,
  encodeWinogradWeightGrad,
  encodeWinogradWeights,
} from '../../bindings/generated/encode.ts';
import { isDeterministic } from '../../bindings/wasm/instance.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { empty } from './emit.ts';
import type { ConvGeometry } from './emitConv.ts';

/** Positions of a transformed tile, and output channels of a panel of transformed weights. */
const POSITIONS = 36;
const PANEL = 8;
/** What the kernel's room is made for. */
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
/** The same of the weight gradient, whose products are short sums added in memory. */
const SHORT_PRODUCT = 0.042;
const FILTER_GRAD = 30;
/** Input channels that share one transform of the gradient. */
const BLOCK = 64;
/** Winograd must save so much of the time that its rounding is worth it. */
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

/** The same of its weight gradient. */
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

/** Whether the kernel can do what is a convolution in this direction, and the executor is one that it is made for. */
function canDo(executor: Executor, g: ConvGeometry, channels: number, width: number): boolean {
  return (
    executor.device === 'wasm' &&
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

/** Whether a convolution is to be done by Winograd. */
export function usesWinograd(executor: Executor, g: ConvGeometry, constant: boolean): boolean {
  return (
    canDo(executor, g, g.inChannels, g.width) &&
    winogradPays(g.batch, g.inChannels, g.outChannels, g.outHeight, g.outWidth, constant)
  );
}

/** The same of its input gradient, which is a convolution of y's gradient with the turned filters. */
export function gradUsesWinograd(executor: Executor, g: ConvGeometry): boolean {
  return (
    canDo(executor, g, g.outChannels, g.outWidth) &&
    winogradPays(g.batch, g.outChannels, g.inChannels, g.height, g.width)
  );
}

/** The same of its weight gradient. */
export function weightGradUsesWinograd(executor: Executor, g: ConvGeometry): boolean {
  return (
    canDo(executor, g, g.inChannels, g.width) &&
    winogradGradPays(g.batch, g.inChannels, g.outChannels, g.outHeight, g.outWidth)
  );
}

/** Room for transformed filters. */
function emptyFilters(executor: Executor, outChannels: number, inChannels: number): Tensor {
  return empty(executor, [POSITIONS, Math.ceil(outChannels / PANEL), inChannels, PANEL], 'float32');
}

/** w [outChannels, inChannels, 3, 3] in Winograd's form; `transposed`: w is [inChannels, outChannels, 3, 3], to be turned. */
function emitWeights(w: Tensor, outChannels: number, inChannels: number, transposed: boolean): Tensor {
  const { executor } = w;
  const u = emptyFilters(executor, outChannels, inChannels);
  encodeWinogradWeights(executor.program, {
    w: w.address,
    u: u.address,
    outChannels,
    inChannels,
    transposed: transposed ? 1 : 0,
  });
  executor.run();
  return u;
}

/** y = conv(x, w) + bias, all contiguous, y not empty. */
export function emitWinogradConv(x: Tensor, w: Tensor, bias: Tensor | null, y: Tensor, g: ConvGeometry): void {
  const { batch, inChannels, height, width, outChannels, outHeight, outWidth, padTop, padLeft } = g;
  const u = emitWeights(w, outChannels, inChannels, false);
  encodeWinogradConv(x.executor.program, {
    x: x.address,
    u: u.address,
    bias: bias === null ? 0 : bias.address,
    y: y.address,
    batch,
    inChannels,
    height,
    width,
    outChannels,
    outHeight,
    outWidth,
    padTop,
    padLeft,
    activation: Activation.none,
  });
  x.executor.run();
  u.dispose();
}

/** gx = the gradient of conv(x, w) from that of its result, plus bias. */
export function emitWinogradInputGrad(grad: Tensor, w: Tensor, bias: Tensor | null, gx: Tensor, g: ConvGeometry): void {
  const u = emitWeights(w, g.inChannels, g.outChannels, true);
  encodeWinogradConv(grad.executor.program, {
    x: grad.address,
    u: u.address,
    bias: bias === null ? 0 : bias.address,
    y: gx.address,
    batch: g.batch,
    inChannels: g.outChannels,
    height: g.outHeight,
    width: g.outWidth,
    outChannels: g.inChannels,
    outHeight: g.height,
    outWidth: g.width,
    padTop: 2 - g.padTop,
    padLeft: 2 - g.padLeft,
    activation: Activation.none,
  });
  grad.executor.run();
  u.dispose();
}

/** gw = the gradient of conv(x, w) with respect to w, from that of its result. */
export function emitWinogradWeightGrad(x: Tensor, grad: Tensor, gw: Tensor, g: ConvGeometry): void {
  const { batch, inChannels, height, width, outChannels, outHeight, outWidth, padTop, padLeft } = g;
  const { executor } = x;
  const u = emptyFilters(executor, outChannels, inChannels);
  encodeWinogradGrad(executor.program, {
    x: x.address,
    u: u.address,
    g: grad.address,
    batch,
    inChannels,
    height,
    width,
    outChannels,
    outHeight,
    outWidth,
    padTop,
    padLeft,
  });
  executor.run();
  encodeWinogradWeightGrad(executor.program, { u: u.address, w: gw.address, outChannels, inChannels });
  executor.run();
  u.dispose();
}
