/**
 * What every executor offers: a heap of 4-byte elements, an allocator over it, a block to encode commands into, and `run`.
 * Tensors above this interface hold element indices and never see memory; executors know nothing of tensors.
 */
import type { ProgramBlock } from './commands/program.ts';
import type { Residents } from './memory/residents.ts';

/** Where a tensor lives and its commands run. */
export type Device = 'wasm' | 'webgpu' | 'reference';

/** Element types. A bool is stored as an int32 0 or 1. */
export type DType = 'float32' | 'int32' | 'bool';

/** An array of numbers. */
export type NumericArray = Float32Array | Float64Array | Int32Array | Uint8Array;

/** Hands out blocks of an executor's heap. */
export interface HeapAllocator {
  /** Bytes in live blocks. */
  readonly bytesInUse: number;
  /** Live blocks. */
  readonly blocks: number;
  /** Bytes that the heap holds. */
  readonly bytesReserved: number;
  /** Added to the message of an OutOfMemoryError. */
  describe: () => string;
  /** Index of this many uninitialised elements. */
  allocate(elements: number): number;
  /** Takes a block back. */
  release(address: number, elements: number): void;
  /** Has the heap hold at most this many bytes from now on. */
  limitTo(bytes: number): void;
  /** Bytes of a block for this many elements. */
  bytesOf(elements: number): number;
}

/** A program that can be run again and again. */
export interface LoadedProgram {
  /** Has its words in the executor's memory, where they stay until commands have run. */
  ready(): void;
  /** Changes one word. */
  patch(at: number, word: number): void;
  /** Runs `commands` commands from the word `at` on; all of them by default. */
  run(at?: number, commands?: number): void;
  dispose(): void;
}

export interface Executor {
  readonly device: Device;
  readonly allocator: HeapAllocator;
  /** What is in the heap, and can leave it where `save` exists. */
  readonly residents: Residents;
  /** Encode commands here, then `run`. */
  readonly program: ProgramBlock;
  /** Element index of the four words that random commands read: key and counter. */
  readonly randomState: number;
  /** Element index of the three words in which commands report a value out of range: bindings/ranges.ts. */
  readonly fault: number;
  /** Runs the commands in `program` in order and clears it. */
  run(): void;
  /** Keeps a program for repeated runs. */
  load(words: Int32Array, commands: number): LoadedProgram;
  /** Copies elements in, converting numbers to the element type. */
  write(address: number, data: ArrayLike<number>, dtype: DType): void;
  /** Copies elements out into a new array: Float32Array, Int32Array, or Uint8Array for bool (Float64Array on a float64 executor). */
  read(address: number, length: number, dtype: DType): NumericArray;
  /** Copies elements out and in again, bit for bit, for a block that leaves the heap. Only where memory can be read at once. */
  save?(address: number, length: number): NumericArray;
  restore?(address: number, elements: NumericArray): void;
  /** One element. */
  get(address: number, dtype: DType): number;
  /** Whether its device is lost, and with it everything in its memory. */
  readonly isLost?: boolean;
  /** Like `read`, but asynchronous. Only executors whose memory cannot be read synchronously have it; their `read` and `get` throw. */
  download?(address: number, length: number, dtype: DType): Promise<NumericArray>;
}
