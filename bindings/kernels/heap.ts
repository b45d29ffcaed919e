/**
 * Arrays in wasm memory: `alloc` hands them out, `free` takes them back. Kernels use them, and parts of them, where they are. The blocks in
 * use are recorded here, to tell parts of freed arrays from parts of live ones.
 */
import { ArgumentError, refuse } from '../errors.ts';
import { hasOlderHeaps, heapOf, type WasmExecutor } from '../wasm/executor.ts';
import { wasmExecutor } from '../wasm/instance.ts';
import { noMore } from './options.ts';

/** Under this key an array from `alloc` carries its element index, or FREED. */
const ADDRESS = Symbol('address');
const FREED = -1;

/** Elements of a view that is not a view of a whole heap. */
const PAGE = 65536 / 4;

interface HeapArray extends Float32Array {
  [ADDRESS]?: number;
}

/** The executor and the length of each array from `alloc`: a detached array has lost its own length. */
const owners = new WeakMap<Float32Array, { executor: WasmExecutor; length: number }>();

/** First elements of the blocks in use, in ascending order, and where each ends. */
const starts: number[] = [];
const ends: number[] = [];

/** How many blocks start at or before an element. */
function blocksUpTo(address: number): number {
  let [low, high] = [0, starts.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (starts[middle]! <= address) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * A Float32Array of n zeros in wasm memory: kernels use it, and parts of it, without copying. Give it back with `free`. It stays
 * where it is when the memory grows: for that the first call reserves 4 GiB of addresses, not of memory. Engines do not post or clone
 * a buffer of this size: post `a.slice()`. Where an engine gives fewer addresses (32-bit systems), memory that
 * grows beyond them detaches the arrays made before (their length becomes 0), which kernels refuse; `init({ memoryMiB })` reserves memory.
 *
 * @throws ArgumentError if n is not a whole number; OutOfMemoryError
 * @example
 * const a = alloc(1024 * 1024);
 * a.length; // 1048576
 */
export function alloc(n: number): Float32Array {
  if (arguments.length > 1) noMore('alloc', arguments);
  if (!(Number.isInteger(n) && n >= 0))
    refuse(ArgumentError, 'alloc', `n must be a whole number of at least 0, got ${String(n)}`, {
      argument: 'n',
      got: n,
    });
  const executor = wasmExecutor();
  executor.keepViews();
  const address = executor.allocator.allocate(n);
  const array: HeapArray = executor.view(address, n) as Float32Array;
  array.fill(0);
  array[ADDRESS] = address;
  owners.set(array, { executor, length: n });
  const at = blocksUpTo(address);
  starts.splice(at, 0, address);
  ends.splice(at, 0, address + n);
  return array;
}

/**
 * Gives an array from `alloc` back; neither it nor a part of it must be used afterwards. Detached ones may be given back too.
 *
 * @throws ArgumentError for all other arrays, and for one that was given back before
 * @example
 * const a = alloc(100);
 * free(a);
 */
export function free(array: Float32Array): void {
  if (arguments.length > 1) noMore('free', arguments);
  const owner = owners.get(array);
  if (owner === undefined || owner.executor !== wasmExecutor()) {
    const why =
      owner === undefined
        ? 'this array is not from alloc, or was freed before'
        : 'this array is in a memory that init has replaced';
    refuse(ArgumentError, 'free', `${why}`, { argument: 'array' });
  }
  const address = (array as HeapArray)[ADDRESS]!;
  (array as HeapArray)[ADDRESS] = FREED;
  owners.delete(array);
  const at = blocksUpTo(address) - 1;
  starts.splice(at, 1);
  ends.splice(at, 1);
  owner.executor.allocator.release(address, owner.length);
}

/** Whether an array is from `alloc` and has not been freed. */
export function isAllocated(array: Float32Array): boolean {
  return (array as HeapArray)[ADDRESS]! > 0;
}

/** Whether some array from `alloc` has not been freed. */
export function hasAllocated(): boolean {
  return starts.length > 0;
}

/** Whether an array without elements has lost them: its buffer was detached, or has become too short. */
function isDetached(array: Float32Array | Int32Array | Int8Array): boolean {
  try {
    array.keys();
    return false;
  } catch {
    return true;
  }
}

/** Why an array cannot be used, as the end of a sentence; null if it can. */
export function fateOf(array: Float32Array | Int32Array | Int8Array): string | null {
  if ((array as HeapArray)[ADDRESS] === FREED) return 'was used after free()';
  if (array.length === 0 && isDetached(array))
    return heapOf(array.buffer) === undefined
      ? 'is detached: its buffer was transferred, or has become shorter'
      : 'is detached because the wasm memory has grown; alloc again, or reserve memory first with init({ memoryMiB })';
  // Engines are slow at `buffer`. It is not asked for if the array starts at 0, or would be in a block in use if it were in the heap.
  if (!hasOlderHeaps() && ((array.byteOffset === 0 && array.length < PAGE) || isLive(array))) return null;
  const { buffer } = array;
  const executor = wasmExecutor();
  if (buffer !== executor.buffer) {
    const heap = heapOf(buffer);
    if (heap === undefined || (heap === executor && isLive(array))) return null;
  } else if (isLive(array)) return null;
  return 'is in wasm memory that does not, or no longer, belong to an array from alloc: the array that it is a part of was freed';
}

/** Whether an array in wasm memory is in a block that is in use. */
function isLive({ byteOffset, byteLength }: Float32Array | Int32Array | Int8Array): boolean {
  const at = blocksUpTo(byteOffset / 4) - 1;
  return at >= 0 && (byteOffset + byteLength) / 4 <= ends[at]!;
}

/** Element index of an array in the executor's memory, from `alloc` or a part of one; else 0. */
export function locate(executor: WasmExecutor, array: Float32Array): number {
  const address = (array as HeapArray)[ADDRESS];
  if (address !== undefined) return address;
  return isIn(executor, array) ? array.byteOffset >>> 2 : 0;
}

/** Whether an array is in the executor's memory. A shared memory has another buffer after it has grown. */
export function isIn(executor: WasmExecutor, array: Float32Array | Int32Array | Int8Array): boolean {
  const { buffer } = array;
  if (buffer !== executor.buffer && !(executor.isShared && heapOf(buffer) === executor)) return false;
  if (array.byteOffset === 0)
    throw new ArgumentError('saraf/kernels: an array starts where the wasm memory does, so it is not from alloc');
  return true;
}
