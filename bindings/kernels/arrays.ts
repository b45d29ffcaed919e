/**
 * Arrays of a call. One in wasm memory is used where it is; any other is copied in before the kernel runs and, if it is an output,
 * copied out afterwards. All arrays have been checked before anything is copied or run.
 */
import type { WasmExecutor } from '../wasm/executor.ts';
import { hasAllocated, locate } from './heap.ts';

/** An array that is copied for the length of a call. */
interface Staged {
  address: number;
  length: number;
  /** Where the result goes; null for inputs. */
  target: Float32Array | null;
}

const staged: Staged[] = [];

/** A block for the length of a call. Memory does not grow for it where that would detach arrays, which a call may be using. */
function stage(executor: WasmExecutor, length: number, target: Float32Array | null): number {
  executor.holdsStill = hasAllocated();
  let address: number;
  try {
    address = executor.allocator.allocate(length);
  } finally {
    executor.holdsStill = false;
  }
  staged.push({ address, length, target });
  return address;
}

/**
 * Address of an input of `length` elements; a copy if it is outside wasm memory, or overlaps the output (`outputLength` elements at
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

/** Forgets a call that will not run. */
export function abandon(executor: WasmExecutor): void {
  executor.program.clear();
  release(executor);
}

/** Frees the copies of a call. */
function release(executor: WasmExecutor): void {
  if (staged.length === 0) return;
  for (const { address, length } of staged) executor.allocator.release(address, length);
  staged.length = 0;
}
