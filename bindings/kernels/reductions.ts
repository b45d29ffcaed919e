/** Softmax and reductions on typed arrays. */
import { encodeReduce, encodeSoftmax, ReduceFn } from '../generated/encode.ts';
import { wasmExecutor } from '../wasm/instance.ts';
import { abandon, finish, input, output } from './arrays.ts';
import { checkArray, checkEqual } from './checks.ts';
import { gemm } from './gemm.ts';
import { checkNames, checkSize, hasOnly, namesOf, noMore } from './options.ts';

/** What `softmax` takes. */
export interface SoftmaxOptions {
  /** rows × cols elements. */
  x: Float32Array;
  /** rows × cols elements; it may be x. */
  y: Float32Array;
  /** Rows, ≥ 0, each of which sums to 1 afterwards. */
  rows: number;
  /** Elements of a row, ≥ 0. */
  cols: number;
}

const softmaxNames = namesOf('x y rows cols');

/**
 * Row by row: y = eˣ / Σ eˣ, without overflow.
 *
 * @example
 * const y = new Float32Array([0, 0, 1, 1]);
 * softmax({ x: y, y, rows: 2, cols: 2 });
 * y; // [0.5, 0.5, 0.5, 0.5]
 */
export function softmax(options: SoftmaxOptions): void {
  if (arguments.length > 1) noMore('softmax', arguments);
  if (!hasOnly(options, 4)) checkNames('softmax', options, softmaxNames);
  const { x, y, rows, cols } = options;
  checkSize('softmax', 'rows', rows);
  checkSize('softmax', 'cols', cols);
  const n = rows * cols;
  checkArray('softmax', 'x', x, n);
  checkArray('softmax', 'y', y, n);
  if (n === 0) return;
  const executor = wasmExecutor();
  try {
    const to = output(executor, y, n, false);
    encodeSoftmax(executor.program, {
      x: input(executor, x, n, to, n, true),
      y: to,
      rows,
      cols,
      log: 0,
    });
  } catch (error) {
    abandon(executor);
    throw error;
  }
  finish(executor);
}

const sumNames = namesOf('x');
const dotNames = namesOf('x y');
const result = new Float32Array(1);

/**
 * Sum of all elements.
 *
 * @example
 * sum({ x: new Float32Array([1, 2, 3]) }); // 6
 */
export function sum(options: { x: Float32Array }): number {
  if (arguments.length > 1) noMore('sum', arguments);
  if (!hasOnly(options, 1)) checkNames('sum', options, sumNames);
  const { x } = options;
  checkArray('sum', 'x', x, 0);
  if (x.length === 0) return 0;
  const executor = wasmExecutor();
  try {
    const to = output(executor, result, 1, false);
    encodeReduce(executor.program, {
      fn: ReduceFn.sum,
      x: input(executor, x, x.length, to, 1, false),
      y: to,
      outer: 1,
      size: x.length,
      inner: 1,
      scale: 1,
    });
  } catch (error) {
    abandon(executor);
    throw error;
  }
  finish(executor);
  return result[0]!;
}

/**
 * Σ xᵢ·yᵢ of two arrays of the same length.
 *
 * @example
 * dot({ x: new Float32Array([1, 2]), y: new Float32Array([3, 4]) }); // 11
 */
export function dot(options: { x: Float32Array; y: Float32Array }): number {
  if (arguments.length > 1) noMore('dot', arguments);
  if (!hasOnly(options, 2)) checkNames('dot', options, dotNames);
  const { x, y } = options;
  checkArray('dot', 'x', x, 0);
  checkEqual('dot', 'y', y, x.length);
  if (x.length === 0) return 0;
  gemm({ m: 1, n: 1, k: x.length, a: x, b: y, c: result });
  return result[0]!;
}
