/**
 * Random numbers: Philox4x32-10, a counter-based generator. Number i of a stream is a function of (seed, i) only, so
 * every executor draws the same numbers, with any number of threads.
 */
import { floatBits } from '../../bindings/commands/program.ts';
import { ArgumentError, refuse } from '../../bindings/errors.ts';
import type { Executor } from '../../bindings/executor.ts';
import { encodeRandom, RandomFn } from '../../bindings/generated/encode.ts';
import { checkWhole, noMore } from '../options.ts';
import { readableExecutor } from '../runtime/runtime.ts';
import { Storage } from '../tensor/storage.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { tracing } from '../tensor/trace.ts';

const TWO_32 = 2 ** 32;
/** Numbers that one Philox block gives. */
const BLOCK = 4;

/** A stream of random numbers. */
export class Generator {
  private seedValue = 0;
  private counter = 0;

  constructor(seed: number) {
    this.seed(seed);
  }

  /** Restarts the stream. */
  seed(seed: number): void {
    if (!Number.isSafeInteger(seed) || seed < 0) {
      refuse(ArgumentError, 'manualSeed', `the seed must be a whole number from 0 to 2^53 − 1, got ${seed}`, {
        argument: 'seed',
        got: seed,
      });
    }
    this.seedValue = seed;
    this.counter = 0;
  }

  /** Seed and position, from which to continue later. */
  get state(): { seed: number; counter: number } {
    return { seed: this.seedValue, counter: this.counter };
  }

  set state({ seed, counter }: { seed: number; counter: number }) {
    this.seed(seed);
    this.counter = counter;
  }

  /** Fills a contiguous tensor. p0 and p1 are floats, or int32 for 'integers'. */
  fill(y: Tensor, fn: RandomFn, p0: number, p1: number): void {
    this.draw(y.executor, y.address, y.numel, fn, p0, p1);
  }

  private draw(executor: Executor, address: number, n: number, fn: RandomFn, p0: number, p1: number): void {
    if (n === 0) return;
    const isInteger = fn === 'integers';
    const blocks = Math.ceil(n / BLOCK);
    if (tracing === null) this.place(executor);
    encodeRandom(executor.program, {
      fn: RandomFn[fn],
      y: address,
      state: executor.randomState,
      offset: tracing === null ? 0 : tracing.drawFrom(this, blocks),
      n,
      p0: isInteger ? p0 : floatBits(p0),
      p1: isInteger ? p1 : floatBits(p1),
    });
    executor.run();
    if (tracing === null) this.counter += blocks;
  }

  /** Writes seed and position where an executor's commands look for them. */
  place(executor: Executor): void {
    const { seedValue, counter } = this;
    const words = [seedValue, Math.floor(seedValue / TWO_32), counter, Math.floor(counter / TWO_32)];
    executor.write(
      executor.randomState,
      words.map((word) => (word % TWO_32) | 0),
      'int32',
    );
  }

  /** Skips this many blocks. */
  skip(blocks: number): void {
    this.counter += blocks;
  }

  /** n numbers: uniform in 0 … 1, or from the standard normal distribution. */
  numbers(fn: 'uniform' | 'normal', n: number): Float32Array {
    const executor = readableExecutor();
    const words = Storage.allocate(executor, n);
    try {
      this.draw(executor, words.address, n, fn, 0, 1);
      return executor.read(words.address, n, 'float32') as Float32Array;
    } finally {
      words.release();
    }
  }

  /** A random order of 0 … n − 1 (Fisher and Yates). */
  permutation(n: number): Int32Array {
    const order = Int32Array.from({ length: n }, (_, i) => i);
    if (n < 2) return order;
    const uniform = this.numbers('uniform', n);
    for (let i = n - 1; i > 0; i--) {
      const j = Math.floor(uniform[i]! * (i + 1));
      const swap = order[i]!;
      order[i] = order[j]!;
      order[j] = swap;
    }
    return order;
  }
}

/** The library's own stream, with another seed in every process. */
export const generator = new Generator(Math.floor(Math.random() * TWO_32));

/** A new stream for a seed, or the library's without one. */
export function generatorFor(op: string, seed: number | undefined): Generator {
  if (seed === undefined) return generator;
  checkWhole(op, 'seed', seed);
  return new Generator(seed);
}

/**
 * Restarts the library's random numbers: initial weights, dropout, `rand…`, shuffling without a seed of its own.
 *
 * @example
 * manualSeed(42);
 */
export function manualSeed(seed: number): void {
  if (arguments.length > 1) noMore('manualSeed', 1, arguments);
  generator.seed(seed);
}
