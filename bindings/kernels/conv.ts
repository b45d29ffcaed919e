/** Convolutions on typed arrays: images [batch, channels, height, width], weights [outChannels, inChannels / groups, kH, kW]. */
import { ArgumentError, refuse, ShapeError } from '../errors.ts';
import {
  type ConvFields,
  encodeConv,
  encodeIm2col,
  encodeWinogradConv,
  encodeWinogradWeights,
} from '../generated/encode.ts';
import type { WasmExecutor } from '../wasm/executor.ts';
import { wasmExecutor } from '../wasm/instance.ts';
import { type ConvGeometry, fitsWinograd, winogradFilters, winogradPays } from '../wasm/winograd.ts';
import { type Pair, spanOf, windowCount } from '../windows.ts';
import { type Activation, activationCode } from './activation.ts';
import { abandon, finish, input, output, temporary } from './arrays.ts';
import { checkArray } from './checks.ts';
import { checkNames, checkProduct, checkSize, namesOf, noMore, shown } from './options.ts';

interface WindowOptions {
  /** Images, ≥ 0; with 0 nothing is done. */
  batch: number;
  /** Planes of an image, ≥ 0 (`depthwiseConv2d`: ≥ 1); a multiple of the groups. */
  inChannels: number;
  /** Rows of a plane, ≥ 0, without the padding. */
  height: number;
  /** Columns of a plane, ≥ 0, without the padding. */
  width: number;
  /** Rows and columns of the kernel, ≥ 1; spread by the dilation, it must fit into the padded plane. */
  kernelSize: Pair;
  /** Step of the kernel over the input, ≥ 1. Default 1. */
  stride?: Pair;
  /** Zeros at each side, ≥ 0. Default 0. */
  padding?: Pair;
  /** Step between the taps of the kernel, ≥ 1. Default 1. */
  dilation?: Pair;
}

/** What `conv2d` takes. */
export interface Conv2dOptions extends WindowOptions {
  /** batch × inChannels × height × width elements. */
  x: Float32Array;
  /** outChannels × inChannels / groups × kernel elements. */
  weight: Float32Array;
  /** outChannels elements, added to the planes. Default: none. */
  bias?: Float32Array;
  /** batch × outChannels × H' × W' elements, H' = ⌊(height + 2·padding − dilation·(kernel − 1) − 1) / stride⌋ + 1. */
  y: Float32Array;
  /** Planes of a result, ≥ 0; a multiple of the groups. */
  outChannels: number;
  /** Parts into which the channels fall, each convolved by itself, ≥ 1. Default 1. */
  groups?: number;
  /** Applied to the result. Default 'none'. */
  activation?: Activation;
}

/** What `depthwiseConv2d` takes. */
export interface DepthwiseConv2dOptions extends Omit<Conv2dOptions, 'outChannels' | 'groups'> {
  /** A multiple of inChannels; default inChannels. */
  outChannels?: number;
}

/** What `im2col` takes. */
export interface Im2colOptions extends WindowOptions {
  /** batch × inChannels × height × width elements. */
  x: Float32Array;
  /** batch × (inChannels × kernel) × (H' × W') elements. */
  y: Float32Array;
}

export function pairOf(op: string, name: string, value: Pair, low: number): readonly [number, number] {
  const pair = typeof value === 'number' ? ([value, value] as const) : value;
  if (!Array.isArray(pair) || pair.length !== 2)
    refuse(ArgumentError, op, `${name} must be a number or [height, width], got ${shown(value)}`, {
      argument: name,
      got: value,
      expected: 'a number or [height, width]',
    });
  for (const side of pair) checkSize(op, name, side, low);
  return pair as readonly [number, number];
}

/** Refuses planes and kernels with too many elements, so that every offset in them fits into an int32. */
export function checkPlane(op: string, rows: number, cols: number, kernelHeight: number, kernelWidth: number): void {
  checkProduct(op, 'padding', 'the padded plane', [rows, cols]);
  checkProduct(op, 'kernelSize', 'the kernel', [kernelHeight, kernelWidth]);
}

/** A step that is never taken, because there is one window or one tap, becomes 1: kernels still multiply by it. */
export function stepOf(step: number, count: number): number {
  return count > 1 ? step : 1;
}

function geometryOf(op: string, options: WindowOptions, outChannels: number, groups: number): ConvGeometry {
  const { batch, inChannels, height, width, stride = 1, padding = 0, dilation = 1 } = options;
  for (const [name, size] of Object.entries({ batch, inChannels, height, width })) checkSize(op, name, size);
  checkSize(op, 'outChannels', outChannels);
  checkSize(op, 'groups', groups, 1);
  for (const [name, channels] of Object.entries({ inChannels, outChannels })) {
    if (channels % groups !== 0)
      refuse(ShapeError, op, `${name} ${channels} cannot be divided into ${groups} groups`, {
        argument: name,
        got: channels,
        expected: groups,
      });
  }
  const [kernelHeight, kernelWidth] = pairOf(op, 'kernelSize', options.kernelSize, 1);
  const [strideHeight, strideWidth] = pairOf(op, 'stride', stride, 1);
  const [padTop, padLeft] = pairOf(op, 'padding', padding, 0);
  const [dilationHeight, dilationWidth] = pairOf(op, 'dilation', dilation, 1);
  const [rows, cols] = [height + 2 * padTop, width + 2 * padLeft];
  checkPlane(op, rows, cols, kernelHeight, kernelWidth);
  const [spanRows, spanCols] = [spanOf(kernelHeight, dilationHeight), spanOf(kernelWidth, dilationWidth)];
  if (spanRows > rows || spanCols > cols)
    refuse(
      ShapeError,
      op,
      `kernel ${kernelHeight}×${kernelWidth} (spanning ${spanRows}×${spanCols}) does not fit into the padded input, ${rows}×${cols}`,
      { argument: 'kernelSize', got: [spanRows, spanCols], expected: [rows, cols] },
    );
  const outHeight = windowCount(rows, spanRows, strideHeight);
  const outWidth = windowCount(cols, spanCols, strideWidth);
  return {
    batch,
    inChannels,
    height,
    width,
    outChannels,
    outHeight,
    outWidth,
    kernelHeight,
    kernelWidth,
    strideHeight: stepOf(strideHeight, outHeight),
    strideWidth: stepOf(strideWidth, outWidth),
    padTop,
    padLeft,
    dilationHeight: stepOf(dilationHeight, kernelHeight),
    dilationWidth: stepOf(dilationWidth, kernelWidth),
    groups,
  };
}

/** The convolution, by Winograd where that is faster although the weights have to be transformed at every call. */
function encode(executor: WasmExecutor, fields: ConvFields): void {
  const { batch, inChannels, outChannels, outHeight, outWidth, width } = fields;
  if (!fitsWinograd(fields, inChannels, width) || !winogradPays(batch, inChannels, outChannels, outHeight, outWidth)) {
    encodeConv(executor.program, fields);
    return;
  }
  const { w, x, bias, y, height, padTop, padLeft, activation } = fields;
  const u = temporary(executor, winogradFilters(outChannels, inChannels));
  encodeWinogradWeights(executor.program, { w, u, outChannels, inChannels, transposed: 0 });
  encodeWinogradConv(executor.program, {
    ...{ x, u, bias, y, batch, inChannels, height, width },
    ...{ outChannels, outHeight, outWidth, padTop, padLeft, activation },
  });
}

const windowNames = 'x y batch inChannels height width kernelSize stride padding dilation';
const im2colNames = namesOf(windowNames);
const convNames = namesOf(`${windowNames} weight bias outChannels groups activation`);

function convolve(op: string, options: Omit<Conv2dOptions, 'groups'>, groups: number): void {
  const { x, weight, bias, y, outChannels, activation = 'none' } = options;
  const geometry = geometryOf(op, options, outChannels, groups);
  const { batch, inChannels, height, width, outHeight, outWidth, kernelHeight, kernelWidth } = geometry;
  const xLength = batch * inChannels * height * width;
  const wLength = (outChannels * inChannels * kernelHeight * kernelWidth) / groups;
  const yLength = batch * outChannels * outHeight * outWidth;
  checkArray(op, 'x', x, xLength);
  checkArray(op, 'weight', weight, wLength);
  checkArray(op, 'y', y, yLength);
  if (bias !== undefined) checkArray(op, 'bias', bias, outChannels);
  const code = activationCode(op, activation);
  if (yLength === 0) return;
  const executor = wasmExecutor();
  try {
    const to = output(executor, y, yLength, false);
    encode(executor, {
      ...geometry,
      x: input(executor, x, xLength, to, yLength, false),
      w: input(executor, weight, wLength, to, yLength, false),
      bias: bias === undefined ? 0 : input(executor, bias, outChannels, to, yLength, false),
      y: to,
      activation: code,
    });
  } catch (error) {
    abandon(executor);
    throw error;
  }
  finish(executor);
}

/**
 * y = activation(conv(x, weight) + bias). Where it is faster, and not in deterministic mode, a 3×3 convolution with stride 1 is done by
 * Winograd's F(4×4, 3×3), whose rounding error is about twice as large; its transformed weights take memory for the length of
 * the call, four times as much as the weights.
 *
 * @throws ShapeError or ArgumentError before anything is written
 * @example
 * const x = new Float32Array(3 * 32 * 32);
 * const weight = new Float32Array(16 * 3 * 3 * 3);
 * const y = new Float32Array(16 * 32 * 32);
 * conv2d({ x, weight, y, batch: 1, inChannels: 3, height: 32, width: 32, outChannels: 16, kernelSize: 3, padding: 1 });
 */
export function conv2d(options: Conv2dOptions): void {
  if (arguments.length > 1) noMore('conv2d', arguments);
  checkNames('conv2d', options, convNames);
  const { groups = 1 } = options;
  convolve('conv2d', options, groups);
}

/**
 * Convolution of each channel by itself: weight [outChannels, 1, kH, kW].
 *
 * @throws ShapeError or ArgumentError before anything is written
 * @example
 * const [x, y] = [new Float32Array(8 * 10 * 10).fill(1), new Float32Array(8 * 8 * 8)];
 * depthwiseConv2d({ x, weight: new Float32Array(8 * 9).fill(1), y, batch: 1, inChannels: 8, height: 10, width: 10, kernelSize: 3 });
 * y[0]; // 9
 */
export function depthwiseConv2d(options: DepthwiseConv2dOptions): void {
  const op = 'depthwiseConv2d';
  if (arguments.length > 1) noMore(op, arguments);
  checkNames(op, options, convNames);
  checkSize(op, 'inChannels', options.inChannels, 1);
  const { groups = options.inChannels } = options as { groups?: number };
  if (groups !== options.inChannels)
    refuse(ArgumentError, op, `groups can only be inChannels, ${options.inChannels}, got ${String(groups)}`, {
      argument: 'groups',
      got: groups,
      expected: options.inChannels,
    });
  const { outChannels = options.inChannels } = options;
  convolve(op, { ...options, outChannels }, options.inChannels);
}

/**
 * The column matrix: y[n, (c, r, t), (i, j)] = x[n, c, i·stride − padding + r·dilation, j·stride − padding + t·dilation], 0 in the padding.
 *
 * @throws ShapeError or ArgumentError before anything is written
 * @example
 * const y = new Float32Array(4 * 4);
 * im2col({ x: new Float32Array(9), y, batch: 1, inChannels: 1, height: 3, width: 3, kernelSize: 2 });
 */
export function im2col(options: Im2colOptions): void {
  const op = 'im2col';
  if (arguments.length > 1) noMore(op, arguments);
  checkNames(op, options, im2colNames);
  const { x, y } = options;
  const geometry = geometryOf(op, options, 0, 1);
  const { batch, inChannels, height, width, outHeight, outWidth, kernelHeight, kernelWidth } = geometry;
  const xLength = batch * inChannels * height * width;
  const yLength = batch * inChannels * kernelHeight * kernelWidth * outHeight * outWidth;
  checkArray(op, 'x', x, xLength);
  checkArray(op, 'y', y, yLength);
  if (yLength === 0) return;
  const executor = wasmExecutor();
  try {
    const to = output(executor, y, yLength, false);
    encodeIm2col(executor.program, { ...geometry, x: input(executor, x, xLength, to, yLength, false), y: to });
  } catch (error) {
    abandon(executor);
    throw error;
  }
  finish(executor);
}
