/** Pooling of planes on typed arrays, [batch, channels, height, width] row-major. */
import { ArgumentError, refuse, ShapeError } from '../errors.ts';
import { encodeAvgPool, encodeMaxPool } from '../generated/encode.ts';
import { wasmExecutor } from '../wasm/instance.ts';
import { ceilWindowCount, type Pair, windowCount } from '../windows.ts';
import { abandon, finish, input, output } from './arrays.ts';
import { checkApart, checkArray, checkInts } from './checks.ts';
import { checkPlane, pairOf, stepOf } from './conv.ts';
import { checkFlag, checkNames, checkSize, namesOf, noMore } from './options.ts';

/** What both poolings take. */
export interface PoolOptions {
  /** batch × channels × height × width elements. */
  x: Float32Array;
  /** batch × channels × outHeight × outWidth elements; not x. */
  y: Float32Array;
  /** Images, ≥ 0; with 0 nothing is done. */
  batch: number;
  /** Planes of an image, ≥ 0, each pooled by itself. */
  channels: number;
  /** Rows of a plane, ≥ 1, without the padding. */
  height: number;
  /** Columns of a plane, ≥ 1, without the padding. */
  width: number;
  /** Rows and columns of a window, ≥ 1; it must fit into the padded plane. */
  kernelSize: Pair;
  /** Step from one window to the next, ≥ 1. Default: kernelSize. */
  stride?: Pair;
  /** At most half of the kernel. Default 0. */
  padding?: Pair;
  /** Let the last window reach beyond the padding, if it starts inside. Default false. */
  ceilMode?: boolean;
}

/** What `maxPool2d` takes. */
export interface MaxPoolOptions extends PoolOptions {
  /** Takes the position of each largest element in its plane; as long as y. Default: not written. */
  indices?: Int32Array;
}

/** What `avgPool2d` takes. */
export interface AvgPoolOptions extends PoolOptions {
  /** Whether elements in the padding count (as 0). Default true. */
  countIncludePad?: boolean;
}

/** Windows along a dimension; refuses a kernel that does not fit into it. */
function windows(op: string, size: number, kernel: number, stride: number, pad: number, ceilMode: boolean): number {
  if (pad > kernel / 2)
    refuse(ArgumentError, op, `padding must be at most half of the kernel, got ${pad} for a kernel of ${kernel}`, {
      argument: 'padding',
      got: pad,
      expected: kernel,
    });
  const padded = size + 2 * pad;
  if (padded < kernel)
    refuse(ShapeError, op, `${size} elements with padding ${pad} are too few for a kernel of ${kernel}`, {
      argument: 'kernelSize',
      got: kernel,
      expected: size,
    });
  return ceilMode ? ceilWindowCount(padded, kernel, stride, size + pad) : windowCount(padded, kernel, stride);
}

const names = 'x y batch channels height width kernelSize stride padding ceilMode';
const maxNames = namesOf(`${names} indices`);
const avgNames = namesOf(`${names} countIncludePad`);

/** The fields of the commands, and the lengths of the arrays, which are checked. */
function plan(op: string, options: PoolOptions) {
  const { x, y, batch, channels, height, width, kernelSize, stride = kernelSize, padding = 0 } = options;
  const { ceilMode = false } = options;
  for (const [name, size] of Object.entries({ batch, channels })) checkSize(op, name, size);
  for (const [name, size] of Object.entries({ height, width })) checkSize(op, name, size, 1);
  const [kernelHeight, kernelWidth] = pairOf(op, 'kernelSize', kernelSize, 1);
  const [strideHeight, strideWidth] = pairOf(op, 'stride', stride, 1);
  const [padHeight, padWidth] = pairOf(op, 'padding', padding, 0);
  checkFlag(op, 'ceilMode', ceilMode);
  checkPlane(op, height + 2 * padHeight, width + 2 * padWidth, kernelHeight, kernelWidth);
  const planes = batch * channels;
  const outHeight = windows(op, height, kernelHeight, strideHeight, padHeight, ceilMode);
  const outWidth = windows(op, width, kernelWidth, strideWidth, padWidth, ceilMode);
  const inputs = planes * height * width;
  const outputs = planes * outHeight * outWidth;
  checkArray(op, 'x', x, inputs);
  checkArray(op, 'y', y, outputs);
  const sizes = { planes, height, width, outHeight, outWidth, kernelHeight, kernelWidth };
  const steps = { strideHeight: stepOf(strideHeight, outHeight), strideWidth: stepOf(strideWidth, outWidth) };
  return { inputs, outputs, fields: { ...sizes, ...steps, padHeight, padWidth } };
}

/**
 * The largest element of each window, and its position.
 *
 * @throws ShapeError or ArgumentError before anything is written
 * @example
 * const [x, y] = [new Float32Array(3 * 28 * 28), new Float32Array(3 * 14 * 14)];
 * maxPool2d({ x, y, batch: 1, channels: 3, height: 28, width: 28, kernelSize: 2 });
 */
export function maxPool2d(options: MaxPoolOptions): void {
  const op = 'maxPool2d';
  if (arguments.length > 1) noMore(op, arguments);
  checkNames(op, options, maxNames);
  const { inputs, outputs, fields } = plan(op, options);
  const { x, y, indices } = options;
  if (indices !== undefined) {
    checkInts(op, 'indices', indices, outputs);
    checkApart(op, 'indices', indices, 'y', y);
    checkApart(op, 'indices', indices, 'x', x);
  }
  // The same bytes as floats, so that they are staged like other arrays.
  const places = indices && new Float32Array(indices.buffer, indices.byteOffset, indices.length);
  if (outputs === 0) return;
  const executor = wasmExecutor();
  try {
    const to = output(executor, y, outputs, false);
    const placesTo = places === undefined ? 0 : output(executor, places, outputs, false);
    const from = input(executor, x, inputs, to, outputs, false);
    const dilation = { dilationHeight: 1, dilationWidth: 1 };
    encodeMaxPool(executor.program, { ...fields, ...dilation, x: from, y: to, indices: placesTo });
  } catch (error) {
    abandon(executor);
    throw error;
  }
  finish(executor);
}

/**
 * The mean of each window.
 *
 * @example
 * const y = new Float32Array(1);
 * avgPool2d({ x: new Float32Array([1, 2, 3, 4]), y, batch: 1, channels: 1, height: 2, width: 2, kernelSize: 2 });
 * y; // [2.5]
 */
export function avgPool2d(options: AvgPoolOptions): void {
  const op = 'avgPool2d';
  if (arguments.length > 1) noMore(op, arguments);
  checkNames(op, options, avgNames);
  const { countIncludePad = true } = options;
  checkFlag(op, 'countIncludePad', countIncludePad);
  const { inputs, outputs, fields } = plan(op, options);
  if (outputs === 0) return;
  const executor = wasmExecutor();
  try {
    const to = output(executor, options.y, outputs, false);
    const from = input(executor, options.x, inputs, to, outputs, false);
    encodeAvgPool(executor.program, { ...fields, x: from, y: to, countPad: countIncludePad ? 1 : 0 });
  } catch (error) {
    abandon(executor);
    throw error;
  }
  finish(executor);
}
