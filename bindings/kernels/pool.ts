/** Pooling of planes on typed arrays, [batch, channels, height, width] row-major. */
import { ArgumentError, ShapeError } from '../errors.ts';
import { encodeAvgPool, encodeMaxPool } from '../generated/encode.ts';
import { wasmExecutor } from '../wasm/instance.ts';
import { checkArray, checkSize, finish, input, output, release } from './arrays.ts';
import { type Pair, pairOf } from './conv.ts';

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
  /** Takes where in its plane each largest element lies; as long as y. Default: not written. */
  indices?: Int32Array;
}

/** What `avgPool2d` takes. */
export interface AvgPoolOptions extends PoolOptions {
  /** Whether elements in the padding count (as 0). Default true. */
  countIncludePad?: boolean;
}

/** Windows along a dimension, by PyTorch's rule. */
function windows(op: string, size: number, kernel: number, stride: number, pad: number, ceilMode: boolean): number {
  if (pad > kernel / 2)
    throw new ArgumentError(`${op}: padding must be at most half of the kernel, got ${pad} for a kernel of ${kernel}`, {
      op,
      argument: 'padding',
      got: pad,
      expected: kernel,
    });
  const room = (size + 2 * pad - kernel) / stride;
  const count = (ceilMode ? Math.ceil(room) : Math.floor(room)) + 1;
  if (room < 0)
    throw new ShapeError(`${op}: ${size} elements with padding ${pad} are too few for a kernel of ${kernel}`, {
      op,
      argument: 'kernelSize',
      got: kernel,
      expected: size,
    });
  return ceilMode && (count - 1) * stride >= size + pad ? count - 1 : count;
}

/** The fields of the commands, and the lengths of the arrays, which are checked. */
function plan(op: string, options: PoolOptions) {
  const { x, y, batch, channels, height, width, kernelSize, ceilMode = false } = options;
  for (const [name, size] of Object.entries({ batch, channels })) checkSize(op, name, size);
  for (const [name, size] of Object.entries({ height, width })) checkSize(op, name, size, 1);
  const [kernelHeight, kernelWidth] = pairOf(op, 'kernelSize', kernelSize, 1);
  const [strideHeight, strideWidth] = pairOf(op, 'stride', options.stride ?? kernelSize, 1);
  const [padHeight, padWidth] = pairOf(op, 'padding', options.padding ?? 0, 0);
  const planes = batch * channels;
  const outHeight = windows(op, height, kernelHeight, strideHeight, padHeight, ceilMode);
  const outWidth = windows(op, width, kernelWidth, strideWidth, padWidth, ceilMode);
  const inputs = planes * height * width;
  const outputs = planes * outHeight * outWidth;
  checkArray(op, 'x', x, inputs);
  checkArray(op, 'y', y, outputs);
  const sizes = { planes, height, width, outHeight, outWidth, kernelHeight, kernelWidth };
  return { inputs, outputs, fields: { ...sizes, strideHeight, strideWidth, padHeight, padWidth } };
}

/**
 * The largest element of each window, and where it lies.
 *
 * @throws ShapeError or ArgumentError before anything is written
 * @example
 * const [x, y] = [new Float32Array(3 * 28 * 28), new Float32Array(3 * 14 * 14)];
 * maxPool2d({ x, y, batch: 1, channels: 3, height: 28, width: 28, kernelSize: 2 });
 */
export function maxPool2d(options: MaxPoolOptions): void {
  const op = 'maxPool2d';
  const { inputs, outputs, fields } = plan(op, options);
  const { x, y, indices } = options;
  if (indices !== undefined && !(indices instanceof Int32Array))
    throw new ArgumentError(`${op}: indices must be an Int32Array`, { op, argument: 'indices', got: indices });
  // The same bytes, so that they are staged as all others.
  const places = indices && new Float32Array(indices.buffer, indices.byteOffset, indices.length);
  if (places !== undefined) checkArray(op, 'indices', places, outputs);
  if (outputs === 0) return;
  const executor = wasmExecutor();
  try {
    const to = output(executor, y, outputs, false);
    const placesTo = places === undefined ? 0 : output(executor, places, outputs, false);
    const from = input(executor, x, inputs, to, outputs, false);
    const dilation = { dilationHeight: 1, dilationWidth: 1 };
    encodeMaxPool(executor.program, { ...fields, ...dilation, x: from, y: to, indices: placesTo });
  } catch (error) {
    release(executor);
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
  const { inputs, outputs, fields } = plan('avgPool2d', options);
  if (outputs === 0) return;
  const countPad = (options.countIncludePad ?? true) ? 1 : 0;
  const executor = wasmExecutor();
  try {
    const to = output(executor, options.y, outputs, false);
    const from = input(executor, options.x, inputs, to, outputs, false);
    encodeAvgPool(executor.program, { ...fields, x: from, y: to, countPad });
  } catch (error) {
    release(executor);
    throw error;
  }
  finish(executor);
}
