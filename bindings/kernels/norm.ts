/** Normalisation on typed arrays. */
import { floatBits } from '../commands/program.ts';
import { BinaryFn, encodeBinary, encodeMoments, encodeNormalize, encodeUnary, UnaryFn } from '../generated/encode.ts';
import { wasmExecutor } from '../wasm/instance.ts';
import { abandon, finish, input, output, temporary } from './arrays.ts';
import { checkArray } from './checks.ts';
import { checkNames, checkNumber, checkSize, namesOf, noMore } from './options.ts';

interface NormOptions {
  /** The elements to normalise, row-major. */
  x: Float32Array;
  /** As long as x; it may be x. */
  y: Float32Array;
  /** Added to the variance. Default 1e-5. */
  eps?: number;
}

/** What `layerNorm` takes. */
export interface LayerNormOptions extends NormOptions {
  /** Rows, ≥ 0, each normalised by itself. */
  rows: number;
  /** Elements of a row, ≥ 0. */
  cols: number;
  /** cols factors. Default: 1. */
  weight?: Float32Array;
  /** cols summands. Default: 0. */
  bias?: Float32Array;
}

const layerNames = namesOf('x y rows cols weight bias eps');

/**
 * Row by row: y = (x − mean)/√(variance + eps)·weight + bias.
 *
 * @example
 * const y = new Float32Array([1, 3, 10, 30]);
 * layerNorm({ x: y, y, rows: 2, cols: 2 });
 * y; // [-1, 1, -1, 1]
 */
export function layerNorm(options: LayerNormOptions): void {
  const op = 'layerNorm';
  if (arguments.length > 1) noMore(op, arguments);
  checkNames(op, options, layerNames);
  const { x, y, rows, cols, weight, bias, eps = 1e-5 } = options;
  checkSize(op, 'rows', rows);
  checkSize(op, 'cols', cols);
  checkNumber(op, 'eps', eps);
  const n = rows * cols;
  checkArray(op, 'x', x, n);
  checkArray(op, 'y', y, n);
  if (weight !== undefined) checkArray(op, 'weight', weight, cols);
  if (bias !== undefined) checkArray(op, 'bias', bias, cols);
  if (n === 0) return;
  const executor = wasmExecutor();
  try {
    const to = output(executor, y, n, false);
    const from = input(executor, x, n, to, n, true);
    const [mean, rstd] = [temporary(executor, rows), temporary(executor, rows)];
    const factor = weight === undefined ? 0 : input(executor, weight, cols, to, n, false);
    const summand = bias === undefined ? 0 : input(executor, bias, cols, to, n, false);
    const running = { runningMean: 0, runningVariance: 0, tracked: 0, momentum: 0 };
    encodeMoments(executor.program, { x: from, mean, rstd, ...running, outer: 1, groups: rows, size: cols, eps });
    encodeNormalize(executor.program, {
      x: from,
      mean,
      rstd,
      weight: factor,
      bias: summand,
      y: to,
      outer: rows,
      channels: cols,
      spatial: 1,
      groupChannels: cols,
    });
  } catch (error) {
    abandon(executor);
    throw error;
  }
  finish(executor);
}

/** What `batchNorm` takes. */
export interface BatchNormOptions extends NormOptions {
  /** Examples, ≥ 0: x is [batch, channels, spatial]. */
  batch: number;
  /** Channels, ≥ 0. */
  channels: number;
  /** Elements of a channel in one example: height × width. */
  spatial: number;
  /** One per channel, as are the rest. */
  mean: Float32Array;
  /** The channels' variances, without eps: `running_var` of a trained layer. */
  variance: Float32Array;
  /** The channels' factors. Default: 1. */
  weight?: Float32Array;
  /** The channels' summands. Default: 0. */
  bias?: Float32Array;
}

const batchNames = namesOf('x y batch channels spatial mean variance weight bias eps');

/**
 * With given statistics, channel by channel: y = (x − mean)/√(variance + eps)·weight + bias.
 *
 * @example
 * const y = new Float32Array([1, 3, 10, 30]);
 * const [mean, variance] = [new Float32Array([1, 10]), new Float32Array([4, 100])];
 * batchNorm({ x: y, y, batch: 1, channels: 2, spatial: 2, mean, variance });
 * y; // [0, 1, 0, 2]
 */
export function batchNorm(options: BatchNormOptions): void {
  const op = 'batchNorm';
  if (arguments.length > 1) noMore(op, arguments);
  checkNames(op, options, batchNames);
  const { x, y, batch, channels, spatial, mean, variance, weight, bias, eps = 1e-5 } = options;
  for (const [name, size] of Object.entries({ batch, channels, spatial })) checkSize(op, name, size);
  checkNumber(op, 'eps', eps);
  const n = batch * channels * spatial;
  checkArray(op, 'x', x, n);
  checkArray(op, 'y', y, n);
  checkArray(op, 'mean', mean, channels);
  checkArray(op, 'variance', variance, channels);
  if (weight !== undefined) checkArray(op, 'weight', weight, channels);
  if (bias !== undefined) checkArray(op, 'bias', bias, channels);
  if (n === 0) return;
  const executor = wasmExecutor();
  try {
    const { program } = executor;
    const to = output(executor, y, n, false);
    const from = input(executor, x, n, to, n, true);
    const given = (array: Float32Array) => input(executor, array, channels, to, n, false);
    const [center, spread] = [given(mean), given(variance)];
    const factor = weight === undefined ? 0 : given(weight);
    const summand = bias === undefined ? 0 : given(bias);
    const rstd = temporary(executor, channels);
    const line = { ndim: 1, shape: [channels], aStrides: [1], bStrides: [0] };
    encodeBinary(program, { fn: BinaryFn.add, a: spread, b: 0, y: rstd, scalar: floatBits(eps), ...line });
    encodeUnary(program, { fn: UnaryFn.rsqrt, x: rstd, y: rstd, n: channels, p0: 0, p1: 0 });
    const view = { outer: batch, channels, spatial, groupChannels: 0 };
    encodeNormalize(program, { ...view, x: from, mean: center, rstd, weight: factor, bias: summand, y: to });
  } catch (error) {
    abandon(executor);
    throw error;
  }
  finish(executor);
}
