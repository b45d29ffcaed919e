/** Functions of one or two elements on typed arrays; input and output may be the same array. */
import { floatBits } from '../commands/program.ts';
import { BinaryFn, encodeBinary, encodeGemm, encodeUnary, UnaryFn } from '../generated/encode.ts';
import type { WasmExecutor } from '../wasm/executor.ts';
import { wasmExecutor } from '../wasm/instance.ts';
import { abandon, finish, input, output, temporary } from './arrays.ts';
import { checkArray, checkEqual } from './checks.ts';
import { checkNames, checkNumber, hasOnly, namesOf, noMore } from './options.ts';

/** What functions of one element take. */
export interface UnaryOptions {
  /** The argument, any number of elements. */
  x: Float32Array;
  /** As long as x; it may be x. */
  y: Float32Array;
}

const unaryNames = namesOf('x y');

function unary(fn: UnaryFn, options: UnaryOptions): void {
  if (!hasOnly(options, 2)) checkNames(fn, options, unaryNames);
  const { x, y } = options;
  checkArray(fn, 'x', x, 0);
  const n = x.length;
  checkEqual(fn, 'y', y, n);
  if (n === 0) return;
  const executor = wasmExecutor();
  try {
    const to = output(executor, y, n, false);
    encodeUnary(executor.program, {
      fn: UnaryFn[fn],
      x: input(executor, x, n, to, n, true),
      y: to,
      n,
      p0: 0,
      p1: 0,
    });
  } catch (error) {
    abandon(executor);
    throw error;
  }
  finish(executor);
}

/**
 * y = max(x, 0).
 *
 * @example
 * const y = new Float32Array(2);
 * relu({ x: new Float32Array([-1, 2]), y });
 * y; // [0, 2]
 */
export function relu(options: UnaryOptions): void {
  if (arguments.length > 1) noMore('relu', arguments);
  unary('relu', options);
}
/**
 * y = 1 / (1 + e⁻ˣ).
 *
 * @example
 * const y = new Float32Array([0, 1]);
 * sigmoid({ x: y, y });
 * y; // [0.5, 0.7311]
 */
export function sigmoid(options: UnaryOptions): void {
  if (arguments.length > 1) noMore('sigmoid', arguments);
  unary('sigmoid', options);
}
/**
 * y = tanh x.
 *
 * @example
 * const y = new Float32Array([0, 1]);
 * tanh({ x: y, y });
 * y; // [0, 0.7616]
 */
export function tanh(options: UnaryOptions): void {
  if (arguments.length > 1) noMore('tanh', arguments);
  unary('tanh', options);
}
/**
 * y = eˣ.
 *
 * @example
 * const y = new Float32Array([0, 1]);
 * exp({ x: y, y });
 * y; // [1, 2.7183]
 */
export function exp(options: UnaryOptions): void {
  if (arguments.length > 1) noMore('exp', arguments);
  unary('exp', options);
}

/** One step of a composed function: y = fn(x, scalar), n elements, in place or not. */
function withScalar(executor: WasmExecutor, fn: BinaryFn, x: number, y: number, n: number, scalar: number): void {
  encodeBinary(executor.program, {
    fn: BinaryFn[fn],
    a: x,
    b: 0,
    y,
    scalar: floatBits(scalar),
    ndim: 1,
    shape: [n],
    aStrides: [1],
    bStrides: [0],
  });
}

/**
 * y = x/2 · (1 + erf(x/√2)).
 *
 * @example
 * const y = new Float32Array([-1, 2]);
 * gelu({ x: y, y });
 * y; // [-0.1587, 1.9545]
 */
export function gelu(options: UnaryOptions): void {
  if (arguments.length > 1) noMore('gelu', arguments);
  if (!hasOnly(options, 2)) checkNames('gelu', options, unaryNames);
  const { x, y } = options;
  checkArray('gelu', 'x', x, 0);
  const n = x.length;
  checkEqual('gelu', 'y', y, n);
  if (n === 0) return;
  const executor = wasmExecutor();
  try {
    const to = output(executor, y, n, false);
    const from = input(executor, x, n, to, n, true);
    const work = temporary(executor, n);
    const { program } = executor;
    withScalar(executor, 'mul', from, work, n, Math.SQRT1_2);
    encodeUnary(program, { fn: UnaryFn.erf, x: work, y: work, n, p0: 0, p1: 0 });
    withScalar(executor, 'add', work, work, n, 1);
    encodeBinary(program, {
      fn: BinaryFn.mul,
      a: work,
      b: from,
      y: work,
      scalar: 0,
      ndim: 1,
      shape: [n],
      aStrides: [1],
      bStrides: [1],
    });
    withScalar(executor, 'mul', work, to, n, 0.5);
  } catch (error) {
    abandon(executor);
    throw error;
  }
  finish(executor);
}

/** What `add` and `mul` take. */
export interface BinaryOptions {
  /** The left operand, any number of elements. */
  a: Float32Array;
  /** As long as a. */
  b: Float32Array;
  /** As long as a; it may be a or b. */
  y: Float32Array;
}

const binaryNames = namesOf('a b y');

function binary(fn: BinaryFn, options: BinaryOptions): void {
  if (!hasOnly(options, 3)) checkNames(fn, options, binaryNames);
  const { a, b, y } = options;
  checkArray(fn, 'a', a, 0);
  const n = a.length;
  checkEqual(fn, 'b', b, n);
  checkEqual(fn, 'y', y, n);
  if (n === 0) return;
  const executor = wasmExecutor();
  try {
    const to = output(executor, y, n, false);
    encodeBinary(executor.program, {
      fn: BinaryFn[fn],
      a: input(executor, a, n, to, n, true),
      b: input(executor, b, n, to, n, true),
      y: to,
      scalar: 0,
      ndim: 1,
      shape: [n],
      aStrides: [1],
      bStrides: [1],
    });
  } catch (error) {
    abandon(executor);
    throw error;
  }
  finish(executor);
}

/**
 * y = a + b.
 *
 * @example
 * const y = new Float32Array(2);
 * add({ a: new Float32Array([1, 2]), b: new Float32Array([3, 4]), y });
 * y; // [4, 6]
 */
export function add(options: BinaryOptions): void {
  if (arguments.length > 1) noMore('add', arguments);
  binary('add', options);
}
/**
 * y = a · b, element by element.
 *
 * @example
 * const y = new Float32Array(2);
 * mul({ a: new Float32Array([1, 2]), b: new Float32Array([3, 4]), y });
 * y; // [3, 8]
 */
export function mul(options: BinaryOptions): void {
  if (arguments.length > 1) noMore('mul', arguments);
  binary('mul', options);
}

/** What `axpy` takes. */
export interface AxpyOptions extends UnaryOptions {
  /** Factor of x. */
  alpha: number;
}

const axpyNames = namesOf('alpha x y');
const one = new Float32Array([1]);

/**
 * y = alpha·x + y.
 *
 * @example
 * const y = new Float32Array([1, 1]);
 * axpy({ alpha: 2, x: new Float32Array([3, 4]), y });
 * y; // [7, 9]
 */
export function axpy(options: AxpyOptions): void {
  if (arguments.length > 1) noMore('axpy', arguments);
  if (!hasOnly(options, 3)) checkNames('axpy', options, axpyNames);
  const { alpha, x, y } = options;
  checkNumber('axpy', 'alpha', alpha);
  checkArray('axpy', 'x', x, 0);
  const n = x.length;
  checkEqual('axpy', 'y', y, n);
  if (n === 0) return;
  const executor = wasmExecutor();
  try {
    const to = output(executor, y, n, true);
    encodeGemm(executor.program, {
      a: input(executor, one, 1, to, n, false),
      b: input(executor, x, n, to, n, false),
      c: to,
      bias: 0,
      batch: 1,
      m: 1,
      n,
      k: 1,
      aRow: 1,
      aCol: 1,
      aBatch: 0,
      bRow: n,
      bCol: 1,
      bBatch: 0,
      cRow: n,
      cBatch: 0,
      alpha,
      beta: 1,
      activation: 0,
    });
  } catch (error) {
    abandon(executor);
    throw error;
  }
  finish(executor);
}
