/** Products of matrices and vectors on typed arrays, row-major. */
import { ArgumentError, refuse } from '../errors.ts';
import { encodeGemm } from '../generated/encode.ts';
import { wasmExecutor } from '../wasm/instance.ts';
import { type Activation, activationCode } from './activation.ts';
import { abandon, finish, input, output } from './arrays.ts';
import { checkArray } from './checks.ts';
import { checkFlag, checkNames, checkNumber, checkSize, hasOnly, noMore } from './options.ts';

/** What `gemm` takes. */
export interface GemmOptions {
  /** Rows of C. */
  m: number;
  /** Columns of C. */
  n: number;
  /** Columns of op(A), rows of op(B). */
  k: number;
  /** A: m×k, or k×m if transA. */
  a: Float32Array;
  /** B: k×n, or n×k if transB. */
  b: Float32Array;
  /** C: m×n. */
  c: Float32Array;
  /** Factor of the product. Default 1. */
  alpha?: number;
  /** Factor of what C held. Default 0: it is not read, so NaN in it does not matter. */
  beta?: number;
  /** Read A transposed: op(A) = Aᵀ. Default false. */
  transA?: boolean;
  /** Read B transposed: op(B) = Bᵀ, such as the weight [out, in] of a linear layer. Default false. */
  transB?: boolean;
  /** Elements from one row of A to the next; default: its columns. */
  lda?: number;
  /** Elements from one row of B to the next; default: its columns, and never fewer. */
  ldb?: number;
  /** Elements from one row of C to the next; default n, and never fewer. Elements between the rows are not touched. */
  ldc?: number;
  /** n elements, added to each row. Default: none. */
  bias?: Float32Array;
  /** Applied to the result. Default 'none'. */
  activation?: Activation;
}

const gemmNames: ReadonlySet<string> = new Set(
  'm n k a b c alpha beta transA transB lda ldb ldc bias activation'.split(' '),
);

/** Elements that `rows` rows of `cols` at distance `ld` span. */
function span(rows: number, cols: number, ld: number): number {
  return rows === 0 || cols === 0 ? 0 : (rows - 1) * ld + cols;
}

function checkLeading(op: string, name: string, ld: number, cols: number): void {
  checkSize(op, name, ld, 0);
  if (ld < cols)
    refuse(ArgumentError, op, `${name} is ${ld}, rows have ${cols} elements`, {
      argument: name,
      got: ld,
      expected: cols,
    });
}

/** Refuses options of a wrong type. */
function checkOptional(
  op: string,
  { alpha = 1, beta = 0, transA = false, transB = false }: Partial<GemmOptions>,
): void {
  checkNumber(op, 'alpha', alpha);
  checkNumber(op, 'beta', beta);
  checkFlag(op, 'transA', transA);
  checkFlag(op, 'transB', transB);
}

/** The product, under the name of the function that errors are to name. */
function product(op: string, options: GemmOptions): void {
  const { m, n, k, a, b, c, alpha = 1, beta = 0, transA = false, transB = false, bias, activation = 'none' } = options;
  checkSize(op, 'm', m);
  checkSize(op, 'n', n);
  checkSize(op, 'k', k);
  const aCols = transA ? m : k;
  const bCols = transB ? k : n;
  const { lda = aCols, ldb = bCols, ldc = n } = options;
  if (lda !== aCols) checkLeading(op, 'lda', lda, aCols);
  if (ldb !== bCols) checkLeading(op, 'ldb', ldb, bCols);
  if (ldc !== n) checkLeading(op, 'ldc', ldc, n);
  const aLength = span(transA ? k : m, aCols, lda);
  const bLength = span(transB ? n : k, bCols, ldb);
  const cLength = span(m, n, ldc);
  checkArray(op, 'a', a, aLength);
  checkArray(op, 'b', b, bLength);
  checkArray(op, 'c', c, cLength);
  if (bias !== undefined) checkArray(op, 'bias', bias, n);
  const code = activationCode(op, activation);
  if (cLength === 0) return;
  const executor = wasmExecutor();
  try {
    const to = output(executor, c, cLength, beta !== 0 || ldc !== n);
    encodeGemm(executor.program, {
      a: input(executor, a, aLength, to, cLength, false),
      b: input(executor, b, bLength, to, cLength, false),
      bias: bias === undefined ? 0 : input(executor, bias, n, to, cLength, false),
      c: to,
      batch: 1,
      m,
      n,
      k,
      aRow: transA ? 1 : lda,
      aCol: transA ? lda : 1,
      aBatch: 0,
      bRow: transB ? 1 : ldb,
      bCol: transB ? ldb : 1,
      bBatch: 0,
      cRow: ldc,
      cBatch: 0,
      alpha,
      beta,
      activation: code,
    });
  } catch (error) {
    abandon(executor);
    throw error;
  }
  finish(executor);
}

/**
 * C = activation(alpha·op(A)·op(B) + beta·C + bias).
 *
 * @throws ShapeError or ArgumentError before anything is written
 * @example
 * const a = new Float32Array([1, 2, 3, 4, 5, 6]); // 2×3
 * const b = new Float32Array([1, 0, 1, 0, -1, 0]); // 2×3, read as its transpose
 * const c = new Float32Array(4);
 * gemm({ m: 2, n: 2, k: 3, a, b, c, transB: true, activation: 'relu' });
 * c; // [4, 0, 10, 0]
 */
export function gemm(options: GemmOptions): void {
  if (arguments.length > 1) noMore('gemm', arguments);
  if (!hasOnly(options, 6)) {
    checkNames('gemm', options, gemmNames);
    checkOptional('gemm', options);
  }
  product('gemm', options);
}

/** What `gemv` takes. */
export interface GemvOptions {
  /** Rows of A. */
  m: number;
  /** Columns of A. */
  n: number;
  /** A: m×n. */
  a: Float32Array;
  /** n elements, or m if transA. */
  x: Float32Array;
  /** m elements, or n if transA. */
  y: Float32Array;
  /** Factor of the product. Default 1. */
  alpha?: number;
  /** Factor of what y held. Default 0: it is not read, so NaN in it does not matter. */
  beta?: number;
  /** Multiply by Aᵀ instead of A. Default false. */
  transA?: boolean;
  /** Elements from one row of A to the next. Default n. */
  lda?: number;
}

const gemvNames: ReadonlySet<string> = new Set('m n a x y alpha beta transA lda'.split(' '));

/**
 * y = alpha·op(A)·x + beta·y.
 *
 * @example
 * const y = new Float32Array(2);
 * gemv({ m: 2, n: 3, a: new Float32Array([1, 2, 3, 4, 5, 6]), x: new Float32Array([1, 1, 1]), y });
 * y; // [6, 15]
 */
export function gemv(options: GemvOptions): void {
  if (arguments.length > 1) noMore('gemv', arguments);
  if (!hasOnly(options, 5)) {
    checkNames('gemv', options, gemvNames);
    checkOptional('gemv', options);
  }
  const { m, n, a, x, y, alpha, beta, transA = false, lda } = options;
  const rows = transA ? n : m;
  const inner = transA ? m : n;
  checkSize('gemv', 'm', m);
  checkSize('gemv', 'n', n);
  checkArray('gemv', 'x', x, inner);
  checkArray('gemv', 'y', y, rows);
  product('gemv', { m: rows, n: 1, k: inner, a, b: x, c: y, alpha, beta, transA, lda });
}
