/**
 * Operands on an executor's heap for kernel tests: at any offset from a 64-byte line, with canary words on both sides, and
 * seeded random data. `check` fails when a canary has changed.
 */
import { expect } from 'vitest';
import type { DType, Executor, NumericArray } from '../../bindings/executor.ts';
import { executors } from './executors.ts';

/** The executors that the kernel tests run on. */
export const kernelExecutors: [string, Executor][] = executors;

const PAD = 16;
/** A signalling bit pattern: neither a usual number nor a usual NaN. */
const CANARY = 0x7f5a5a5a;

interface Block {
  start: number;
  total: number;
  address: number;
  length: number;
}

export class Sandbox {
  private readonly blocks: Block[] = [];

  constructor(readonly executor: Executor) {}

  /** Places an operand with these elements `offset` elements past a 64-byte line. Returns its address. */
  put(data: ArrayLike<number>, dtype: DType = 'float32', offset = 0): number {
    const { executor } = this;
    const total = PAD + offset + data.length + PAD;
    const start = executor.allocator.allocate(total);
    executor.write(start, new Int32Array(total).fill(CANARY), 'int32');
    const address = start + PAD + offset;
    executor.write(address, data, dtype);
    this.blocks.push({ start, total, address, length: data.length });
    return address;
  }

  /** Places an operand to be written, filled with a value that no test expects. */
  room(length: number, offset = 0): number {
    return this.put(new Int32Array(length).fill(0x7fbadbad), 'int32', offset);
  }

  floats(address: number): number[] {
    return Array.from(this.executor.read(address, this.lengthOf(address), 'float32'));
  }

  ints(address: number): number[] {
    return Array.from(this.executor.read(address, this.lengthOf(address), 'int32'));
  }

  /** The elements of an operand, also on executors that are read asynchronously. */
  async download(address: number, dtype: DType): Promise<number[]> {
    const { executor } = this;
    const length = this.lengthOf(address);
    return Array.from(await (executor.download?.(address, length, dtype) ?? executor.read(address, length, dtype)));
  }

  /** The same as `run`, also on executors that are read asynchronously. */
  async settle(note: string): Promise<void> {
    const { executor, blocks } = this;
    executor.run();
    const heaps = await Promise.all(
      blocks.map(
        ({ start, total }) => executor.download?.(start, total, 'int32') ?? executor.read(start, total, 'int32'),
      ),
    );
    this.checkCanaries(note, heaps);
  }

  /** Runs the commands encoded so far, then checks every canary. */
  run(note: string): void {
    this.executor.run();
    this.checkCanaries(
      note,
      this.blocks.map(({ start, total }) => this.executor.read(start, total, 'int32')),
    );
  }

  private checkCanaries(note: string, heaps: readonly NumericArray[]): void {
    for (const [i, { start, address, length }] of this.blocks.entries()) {
      const words = heaps[i]!;
      const end = address - start + length;
      const changed = words.findIndex((word, i) => (i < address - start || i >= end) && word !== CANARY);
      if (changed >= 0)
        expect.fail(`${note}: wrote at element ${changed - (address - start)} of an operand of ${length} elements`);
    }
  }

  /** Releases all blocks. */
  release(): void {
    for (const { start, total } of this.blocks) this.executor.allocator.release(start, total);
    this.blocks.length = 0;
  }

  private lengthOf(address: number): number {
    return this.blocks.find((block) => block.address === address)!.length;
  }
}

/** Runs `body` with a fresh sandbox and releases its memory. */
export function inSandbox<T>(executor: Executor, body: (sandbox: Sandbox) => T): T {
  const sandbox = new Sandbox(executor);
  try {
    return body(sandbox);
  } finally {
    sandbox.release();
  }
}

/** mulberry32: numbers in [0, 1) from a seed. */
function randomOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** n float32 numbers in [low, high). */
export function randomFloats(n: number, seed: number, low = -1, high = 1): number[] {
  const next = randomOf(seed);
  return Array.from({ length: n }, () => Math.fround(low + (high - low) * next()));
}

/** n integers in [low, high). */
export function randomInts(n: number, seed: number, low: number, high: number): number[] {
  const next = randomOf(seed);
  return Array.from({ length: n }, () => Math.floor(low + (high - low) * next()));
}

/** A copy of `list` with one element changed. */
export function withAt(list: readonly number[], at: number, value: number): number[] {
  const copy = [...list];
  copy[at] = value;
  return copy;
}

/** Fails unless every element is within absolute + relative·|expected| of the expected one; NaN and ±∞ must be the same. */
export function expectClose(
  actual: readonly number[],
  expected: readonly number[],
  { relative = 1e-6, absolute = 0 }: { relative?: number; absolute?: number },
  note: string,
): void {
  expect(actual.length, note).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const a = actual[i]!;
    const e = expected[i]!;
    const same = Number.isFinite(e) ? Math.abs(a - e) <= absolute + relative * Math.abs(e) : Object.is(a, e);
    if (!same) expect.fail(`${note}: element ${i} is ${a}, expected ${e}`);
  }
}

/** Lengths below, at and above every tile of the kernels. */
export const lengths = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 129, 257];

/** Shapes [outer, size, inner] of views: rows, columns, narrow and wide. */
export const views: [outer: number, size: number, inner: number][] = [
  ...lengths.map((size): [number, number, number] => [3, size, 1]),
  ...[1, 2, 7, 8, 9, 16, 17, 129, 300].map((size): [number, number, number] => [1, size, 5]),
  ...[2, 3, 4, 6, 16, 17, 35].map((inner): [number, number, number] => [2, 11, inner]),
  [1, 3, 2050],
  [2, 1030, 3],
  [5, 1, 4],
  [0, 3, 4],
  [2, 3, 0],
];

/** The middle elements x[o, ·, i] of a [outer, size, inner] array, for every (o, i) in order. */
export function columnsOf(x: readonly number[], [outer, size, inner]: (typeof views)[number]): number[][] {
  return Array.from({ length: outer * inner }, (_, at) => {
    const o = Math.floor(at / inner);
    return Array.from({ length: size }, (_, r) => x[(o * size + r) * inner + (at % inner)]!);
  });
}
