/**
 * A counted reference to a block of an executor's heap. Tensors, their views and what autograd saves share one storage;
 * the last one to let go gives the block back.
 */
import type { Executor, NumericArray } from '../../bindings/executor.ts';
import { chargeBlock } from './budget.ts';
import { paused, tracing } from './trace.ts';

export class Storage {
  /** Grows with every change in place, so that autograd notices when a saved value is no longer what it was. */
  version = 0;
  /** Whoever needs the block: tensors, and what autograd saved. */
  refs = 1;
  /** Tensors on it. */
  handles = 0;
  /** Those of `refs` that belong to programs. */
  programs = 0;
  /** The elements as the host wrote them at some version, where the executor's memory cannot be read at once. */
  written: { values: NumericArray; version: number } | null = null;

  constructor(
    public executor: Executor,
    public address: number,
    readonly length: number,
  ) {}

  static allocate(executor: Executor, length: number): Storage {
    chargeBlock(length);
    const storage = new Storage(executor, executor.allocator.allocate(length), length);
    if (tracing === executor) tracing.track(storage);
    else if (paused !== null) paused.made.add(storage);
    return storage;
  }

  retain(): this {
    this.refs++;
    return this;
  }

  /** A program, or the recording of one, needs the block. */
  retainForProgram(): this {
    this.programs++;
    return this.retain();
  }

  releaseFromProgram(): void {
    this.programs--;
    this.release();
  }

  /** Whether nothing but programs needs the block any more. */
  get isGivenUp(): boolean {
    return this.refs === this.programs;
  }

  /** Takes a block on another executor, with these words in it, in place of its own. */
  relocate(executor: Executor, words: ArrayLike<number>): void {
    const address = executor.allocator.allocate(this.length);
    executor.write(address, words, 'int32');
    this.executor.allocator.release(this.address, this.length);
    this.executor = executor;
    this.address = address;
  }

  release(): void {
    if (--this.refs === 0) this.executor.allocator.release(this.address, this.length);
  }
}
