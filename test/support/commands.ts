/**
 * Runs single commands in tests: arrays are placed in an executor's heap between canary words, at a chosen offset from
 * the allocator's alignment, and `check` fails if a canary has changed.
 */
import { expect } from 'vitest';
import type { DType, Executor, NumericArray } from '../../bindings/executor.ts';
import type { WasmExecutor } from '../../bindings/wasm/executor.ts';
import { executors } from './executors.ts';

/** The executors that the elementwise commands are tested on. */
export const tested: [string, Executor][] = executors;

const CANARY = 0x5ca1ab1e;
const MARGIN = 8;

/** An array in an executor's heap. */
export interface Placed {
  address: number;
  read(): NumericArray;
}

export class Desk {
  private readonly blocks: { address: number; size: number; start: number; length: number }[] = [];

  constructor(readonly executor: Executor) {}

  /** Puts `data` into the heap, `shift` elements off the allocator's alignment. */
  put(data: ArrayLike<number>, dtype: DType = 'float32', shift = 0): Placed {
    const size = data.length + 2 * MARGIN + shift;
    const block = this.executor.allocator.allocate(size);
    const address = block + MARGIN + shift;
    this.executor.write(block, new Int32Array(size).fill(CANARY), 'int32');
    this.executor.write(address, data, dtype);
    this.blocks.push({ address: block, size, start: address - block, length: data.length });
    return { address, read: () => this.executor.read(address, data.length, dtype) };
  }

  /** Memory for n elements that a command must write. */
  room(n: number, dtype: DType = 'float32', shift = 0): Placed {
    return this.put(new Int32Array(n).fill(-77), dtype, shift);
  }

  /** Fails if a word next to a placed array has changed. */
  check(what: string): void {
    for (const { address, size, start, length } of this.blocks) {
      const words = this.executor.read(address, size, 'int32');
      const outside = [...words.subarray(0, start), ...words.subarray(start + length)];
      expect(
        outside.every((word) => word === CANARY),
        `${what}: wrote outside of an array`,
      ).toBe(true);
    }
  }

  /** Releases all memory. */
  clear(): void {
    for (const { address, size } of this.blocks) this.executor.allocator.release(address, size);
    this.blocks.length = 0;
  }
}

interface RawKernels {
  kernels: { runParts(program: number, commands: number, threads: number): void };
  programAddress: number;
}

/** Runs the encoded commands as `threads` threads would, one after another, the last thread first. */
export function runAsThreads(executor: WasmExecutor, threads: number): void {
  const { kernels, programAddress } = executor as unknown as RawKernels;
  kernels.runParts(programAddress * 4, executor.program.commands, threads);
  executor.program.clear();
}

/** Random numbers in [0, 1) from a seed (mulberry32, T. Ettinger, public domain). */
export function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Distance of `got` from the exact value in units in the last place of float32 there; 0 for equal specials, ∞ for unequal ones. */
export function ulpError(got: number, exact: number): number {
  const nearest = Math.fround(exact);
  if (Object.is(got, nearest)) return 0;
  if (Number.isNaN(got) || Number.isNaN(exact) || (got === 0 && nearest === 0)) return Infinity;
  const limit = 2 ** 128;
  const clamped = (x: number) => Math.max(-limit, Math.min(limit, x));
  const size = Math.max(2 ** -126, Math.min(Math.abs(exact), 2 ** 127));
  let exponent = Math.floor(Math.log2(size));
  if (2 ** exponent > size) exponent--;
  return Math.abs(clamped(got) - clamped(exact)) / 2 ** (exponent - 23);
}
