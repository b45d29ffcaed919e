/** Products of int8 matrices on typed arrays, row-major. */
import { ArgumentError, refuse, ShapeError } from '../errors.ts';
import { encodeQgemm } from '../generated/encode.ts';
import { isFloat32Array, isInt32Array } from '../realm.ts';
import type { WasmExecutor } from '../wasm/executor.ts';
import { wasmExecutor } from '../wasm/instance.ts';
import { abandon, finish, output, temporary } from './arrays.ts';
import { checkArray, checkBytes, checkInts } from './checks.ts';
import { isIn } from './heap.ts';
import { checkFlag, checkNames, checkNumber, checkSize, namesOf, noMore, shown } from './options.ts';

/** Numbers that an instruction takes at once, and columns of a tile. */
const STEP = 8;
const COLS = 4;

/** What `qgemm` takes. */
export interface QgemmOptions {
  /** Rows of C. */
  m: number;
  /** Columns of C. */
  n: number;
  /** Columns of op(A), rows of op(B). */
  k: number;
  /** A: m×k, or k×m if transA. */
  a: Int8Array;
  /** B: k×n, or n×k if transB, which saves a transposition. */
  b: Int8Array;
  /** C: m×n. An Int32Array takes the sums, a Float32Array the real numbers that they represent. */
  c: Int32Array | Float32Array;
  /** Read A transposed: it is k×m. Default false. */
  transA?: boolean;
  /** Read B transposed: it is n×k, as the weights of linear layers are. Default false. */
  transB?: boolean;
  /** The number that represents 0 in A. Default 0. */
  aZero?: number;
  /** The number that represents 0 in B, or in each of its n columns. Default 0. */
  bZero?: number | ArrayLike<number>;
  /** A step of A, for a float C. Default 1. */
  aScale?: number;
  /** A step of B, or of each of its n columns, for a float C. Default 1. */
  bScale?: number | ArrayLike<number>;
  /** n elements of C's type, added to each row. Default: none. */
  bias?: Int32Array | Float32Array;
}

const names = namesOf('m n k a b c transA transB aZero bZero aScale bScale bias');

/** Refuses anything except a valid number or a list of n of them. */
function checkColumns(
  argument: string,
  values: number | ArrayLike<number>,
  n: number,
  passes: (value: unknown) => boolean,
  expected: string,
): void {
  if (passes(values)) return;
  if (!Array.isArray(values) && !ArrayBuffer.isView(values))
    refuse(ArgumentError, 'qgemm', `${argument} must be ${expected}, got ${shown(values)}`, {
      argument,
      got: values,
      expected,
    });
  const list = values as ArrayLike<number>;
  if (list.length !== n)
    refuse(ShapeError, 'qgemm', `${argument} has ${list.length} elements, ${n} are needed`, {
      argument,
      got: list.length,
      expected: n,
    });
  for (let j = 0; j < n; j++)
    if (!passes(list[j]))
      refuse(ArgumentError, 'qgemm', `${argument} must be ${expected}, got ${shown(list[j])}`, {
        argument,
        got: list[j],
        expected,
      });
}

const isNumber = (x: unknown) => typeof x === 'number';
const isByte = (x: unknown) => typeof x === 'number' && Number.isInteger(x) && x >= -128 && x <= 127;

/** Refuses wrong options before anything is written. Returns whether C holds floats. */
function check(options: QgemmOptions): boolean {
  const op = 'qgemm';
  checkNames(op, options, names);
  const { m, n, k, a, b, c, transA = false, transB = false, bias } = options;
  const { aZero = 0, bZero = 0, aScale = 1, bScale = 1 } = options;
  checkSize(op, 'm', m);
  checkSize(op, 'n', n);
  checkSize(op, 'k', k);
  checkFlag(op, 'transA', transA);
  checkFlag(op, 'transB', transB);
  checkBytes(op, 'a', a, m * k);
  checkBytes(op, 'b', b, k * n);
  const isFloat = isFloat32Array(c);
  if (isFloat) checkArray(op, 'c', c, m * n);
  else if (isInt32Array(c)) checkInts(op, 'c', c, m * n);
  else
    refuse(ArgumentError, op, `c must be an Int32Array or a Float32Array, got ${shown(c)}`, {
      argument: 'c',
      got: c,
      expected: 'an Int32Array or a Float32Array',
    });
  if (bias !== undefined) {
    if (isFloat) checkArray(op, 'bias', bias as Float32Array, n);
    else if (isInt32Array(bias)) checkInts(op, 'bias', bias, n);
    else
      refuse(ArgumentError, op, `bias must be an Int32Array as c is, got ${shown(bias)}`, {
        argument: 'bias',
        got: bias,
        expected: 'an Int32Array as c is',
      });
  }
  if (!isFloat && (options.aScale !== undefined || options.bScale !== undefined))
    refuse(ArgumentError, op, `c must be a Float32Array where scales are given, got ${shown(c)}`, {
      argument: 'c',
      got: c,
      expected: 'a Float32Array where scales are given',
    });
  checkNumber(op, 'aScale', aScale);
  checkColumns('bScale', bScale, n, isNumber, 'a number, or numbers for the columns');
  if (!isByte(aZero))
    refuse(ArgumentError, op, `aZero must be a whole number from -128 to 127, got ${shown(aZero)}`, {
      argument: 'aZero',
      got: aZero,
      expected: 'a whole number from -128 to 127',
    });
  checkColumns('bZero', bZero, n, isByte, 'whole numbers from -128 to 127');
  return isFloat;
}

/** A matrix as the kernel reads it: in wasm memory, or to be copied there. */
function operandOf(x: Int8Array, k: number, isTransposed: boolean, c: Int32Array | Float32Array): number | Int8Array {
  const executor = wasmExecutor();
  if (!isIn(executor, x)) return x;
  const isFree =
    !isIn(executor, c) || c.byteOffset + c.byteLength <= x.byteOffset || x.byteOffset + x.byteLength <= c.byteOffset;
  if (isFree && !isTransposed && k % STEP === 0 && x.byteOffset % 4 === 0) return x.byteOffset / 4;
  // A view would be detached if the memory grew.
  return x.slice();
}

/** A matrix of `rows` rows along k in wasm memory, each padded to a whole number of steps with its zero point. */
function bytes(
  executor: WasmExecutor,
  source: number | Int8Array,
  rows: number,
  k: number,
  isTransposed: boolean,
  zeros: readonly number[],
): number {
  if (typeof source === 'number') return source;
  const length = Math.ceil(k / STEP) * STEP;
  const address = temporary(executor, (rows * length) / 4);
  const to = new Int8Array(executor.buffer, address * 4, rows * length);
  if (!isTransposed && length === k) {
    to.set(source.subarray(0, rows * k));
    return address;
  }
  for (let i = 0; i < rows; i++) {
    const start = i * length;
    if (isTransposed) for (let p = 0, at = i; p < k; p++, at += rows) to[start + p] = source[at]!;
    else to.set(source.subarray(i * k, (i + 1) * k), start);
    to.fill(zeros[i % zeros.length]!, start + k, start + length);
  }
  return address;
}

/** One number for each column, and for those that the last tile has beyond them. */
function perColumn(n: number, values: number | ArrayLike<number>, factor = 1): number[] {
  const valueAt = typeof values === 'number' ? () => values : (j: number) => values[Math.min(j, n - 1)]!;
  return Array.from({ length: Math.ceil(n / COLS) * COLS }, (_, j) => factor * valueAt(j));
}

function place(executor: WasmExecutor, values: number[], dtype: 'int32' | 'float32'): number {
  const address = temporary(executor, values.length);
  executor.write(address, values, dtype);
  return address;
}

/**
 * The product of two matrices of int8: C = Σ (A − aZero)·(B − bZero) + bias as int32, exactly, or, where C is a Float32Array,
 * aScale·bScale·Σ + bias. Sums wrap beyond 2³¹, which takes k > 33 000. Like MatMulInteger of ONNX, and the core of its QLinearMatMul.
 *
 * Operands are copied, except those in wasm memory whose rows run along k (A, and B with transB), with k a multiple of 8:
 * `new Int8Array(array.buffer, array.byteOffset, n)` of an array from `alloc`.
 *
 * @throws ShapeError or ArgumentError before anything is written
 * @example
 * const a = new Int8Array([1, 2, 3, 4]); // 2×2
 * const weight = new Int8Array([1, 0, 0, 1]);
 * const c = new Float32Array(4);
 * qgemm({ m: 2, n: 2, k: 2, a, b: weight, c, transB: true, aScale: 0.5, bScale: [1, 10] });
 * c; // [0.5, 10, 1.5, 20]
 */
export function qgemm(options: QgemmOptions): void {
  if (arguments.length > 1) noMore('qgemm', arguments);
  const isFloat = check(options);
  const { m, n, k, a, b, c, transA = false, transB = false } = options;
  const { aZero = 0, bZero = 0, aScale = 1, bScale = 1, bias } = options;
  if (m * n === 0) return;
  const executor = wasmExecutor();
  const dtype = isFloat ? 'float32' : 'int32';
  const [left, right] = [operandOf(a, k, transA, c), operandOf(b, k, !transB, c)];
  const zeros = perColumn(n, bZero);
  const scales = isFloat ? perColumn(n, bScale, aScale) : null;
  const offsets = bias === undefined ? null : perColumn(n, bias);
  try {
    // The same words as an array of floats, whose bits are copied as they are.
    const to = output(
      executor,
      isFloat32Array(c) ? c : new Float32Array(c.buffer, c.byteOffset, c.length),
      m * n,
      false,
    );
    encodeQgemm(executor.program, {
      a: bytes(executor, left, m, k, transA, [aZero]),
      b: bytes(executor, right, n, k, !transB, zeros),
      c: to,
      bZero: place(executor, zeros, 'int32'),
      scale: scales === null ? 0 : place(executor, scales, dtype),
      bias: offsets === null ? 0 : place(executor, offsets, dtype),
      m,
      n,
      k: Math.ceil(k / STEP) * STEP,
      aZero,
    });
  } catch (error) {
    abandon(executor);
    throw error;
  }
  finish(executor);
}
