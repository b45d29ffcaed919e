/**
 * Arrays for the kernels. An array from `alloc` lies in wasm memory and is used where it is; any other is copied in
 * before a kernel runs and, if it is an output, copied out after. All arrays of a call are checked before anything is
 * copied or run.
 */
import { ArgumentError, DisposedError, ShapeError } from '../errors.ts';
import type { WasmExecutor } from '../wasm/executor.ts';
import { wasmExecutor } from '../wasm/instance.ts';

/** Under this key an array from `alloc` carries its element index, or FREED. */
const ADDRESS = Symbol('address');
const FREED = -1;

interface HeapArray extends Float32Array {
  [ADDRESS]?: number;
}

/**
 * A Float32Array of n zeros in wasm memory: kernels use it without copying. Give it back with `free`. Where the memory
 * has to grow, arrays made before are detached (their length becomes 0); reserve enough with `init({ memoryMiB })`.
 *
 * @throws ArgumentError if n is no whole number; OutOfMemoryError
 * @example
 * const a = alloc(1024 * 1024);
 * a.length; // 1048576
 */
export function alloc(n: number): Float32Array {
  if (!(Number.isInteger(n) && n >= 0))
    throw new ArgumentError(`alloc: n must be a whole number from 0 on, got ${n}`, {
      op: 'alloc',
      argument: 'n',
      got: n,
    });
  const executor = wasmExecutor();
  const address = executor.allocator.allocate(n);
  const array: HeapArray = executor.view(address, n) as Float32Array;
  array.fill(0);
  array[ADDRESS] = address;
  lengths.set(array, n);
  return array;
}

/** Lengths of the arrays from `alloc`: a detached one has forgotten its own. */
const lengths = new WeakMap<Float32Array, number>();

/**
 * Gives an array from `alloc` back; it must not be used afterwards. Detached ones may be given back too.
 *
 * @example
 * const a = alloc(100);
 * free(a);
 */
export function free(array: Float32Array): void {
  const address = (array as HeapArray)?.[ADDRESS];
  if (address === undefined || address === FREED) {
    throw new ArgumentError('free: this array is not from alloc, or was freed before', {
      op: 'free',
      argument: 'array',
    });
  }
  (array as HeapArray)[ADDRESS] = FREED;
  wasmExecutor().allocator.release(address, lengths.get(array)!);
}

function fail(op: string, name: string, array: unknown, length: number): never {
  if (!(array instanceof Float32Array)) {
    throw new ArgumentError(
      `${op}: ${name} must be a Float32Array, got ${array === null ? 'null' : Array.isArray(array) ? 'an array' : ((array as object)?.constructor?.name ?? typeof array)}`,
      {
        op,
        argument: name,
        got: array,
        expected: 'Float32Array',
      },
    );
  }
  const address = (array as HeapArray)[ADDRESS];
  if (address === FREED) throw new DisposedError(`${op}: ${name} was used after free()`, { op, argument: name });
  if (address !== undefined && array.length === 0) {
    throw new DisposedError(
      `${op}: ${name} is detached because the wasm memory has grown; alloc again, or reserve memory first with init({ memoryMiB })`,
      { op, argument: name },
    );
  }
  throw new ShapeError(`${op}: ${name} has ${array.length} elements, ${length} are needed`, {
    op,
    argument: name,
    got: array.length,
    expected: length,
  });
}

/** Refuses an array that is no Float32Array, too short, detached or freed. */
export function checkArray(op: string, name: string, array: Float32Array, length: number): void {
  if (!(array instanceof Float32Array) || array.length < length || (array as HeapArray)[ADDRESS] === FREED)
    fail(op, name, array, length);
}

/** Refuses a size that is no whole number from `low` on. */
export function checkSize(op: string, name: string, value: number, low = 0): void {
  if (!(Number.isInteger(value) && value >= low && value < 2 ** 31)) {
    throw new ArgumentError(`${op}: ${name} must be a whole number from ${low} on, got ${String(value)}`, {
      op,
      argument: name,
      got: value,
    });
  }
}

/** Refuses options that a kernel does not know: a misspelt one would be left out silently. */
export function checkNames(op: string, options: object, known: ReadonlySet<string>): void {
  for (const name in options) {
    if (!known.has(name))
      throw new ArgumentError(`${op}: unknown option ${name} (known: ${[...known].join(', ')})`, {
        op,
        argument: name,
        expected: [...known],
      });
  }
}

/** Refuses what is no number. */
export function checkNumber(op: string, name: string, value: number): void {
  if (typeof value !== 'number')
    throw new ArgumentError(`${op}: ${name} must be a number, got ${typeof value}`, { op, argument: name, got: value });
}

/** An array that is copied for the length of a call. */
interface Staged {
  address: number;
  length: number;
  /** Where the result goes; null for inputs. */
  target: Float32Array | null;
}

const staged: Staged[] = [];

/** Element index of an array that lies in the executor's memory, from `alloc` or a part of one; else 0. */
function locate(executor: WasmExecutor, array: HeapArray): number {
  const address = array[ADDRESS];
  if (address !== undefined) return address;
  return array.buffer === executor.buffer && (array.byteOffset & 3) === 0 ? array.byteOffset >>> 2 : 0;
}

function stage(executor: WasmExecutor, length: number, target: Float32Array | null): number {
  const address = executor.allocator.allocate(length);
  staged.push({ address, length, target });
  return address;
}

/**
 * Address of an input of `length` elements; a copy if it lies outside, or overlaps the output (`outputLength` elements at
 * `outputAddress`) where the kernel does not allow that. Being the output itself is allowed if `mayAlias`.
 */
export function input(
  executor: WasmExecutor,
  array: Float32Array,
  length: number,
  outputAddress: number,
  outputLength: number,
  mayAlias: boolean,
): number {
  const located = locate(executor, array);
  if (located !== 0) {
    const overlaps = located < outputAddress + outputLength && outputAddress < located + length;
    if (!overlaps || (mayAlias && located === outputAddress)) return located;
  }
  const address = stage(executor, length, null);
  executor.write(address, array.length === length ? array : array.subarray(0, length), 'float32');
  return address;
}

/** Address of an output of `length` elements; its contents are copied in if the kernel reads them. Comes before the inputs. */
export function output(executor: WasmExecutor, array: Float32Array, length: number, isRead: boolean): number {
  const located = locate(executor, array);
  if (located !== 0) return located;
  const address = stage(executor, length, array);
  if (isRead) executor.write(address, array.length === length ? array : array.subarray(0, length), 'float32');
  return address;
}

/** Address of a block for intermediate results of a call. */
export function temporary(executor: WasmExecutor, length: number): number {
  return stage(executor, length, null);
}

/** Runs the encoded commands, copies results out and frees the copies. */
export function finish(executor: WasmExecutor): void {
  try {
    executor.run();
    if (staged.length > 0)
      for (const { address, length, target } of staged) if (target !== null) target.set(executor.view(address, length));
  } finally {
    release(executor);
  }
}

/** Frees the copies of a call. */
export function release(executor: WasmExecutor): void {
  if (staged.length === 0) return;
  for (const { address, length } of staged) executor.allocator.release(address, length);
  staged.length = 0;
}
