/**
 * A block of an executor's heap, with a count of references. Tensors, their views and what autograd saves share one storage;
 * the last one to let go gives the block back.
 */
import type { Executor, NumericArray } from '../../bindings/executor.ts';
import { chargeBlock } from './budget.ts';
import { paused, tracing } from './trace.ts';

export class Storage {
  /** Counts changes in place, so that autograd notices when a saved value is no longer what it was. */
  version = 0;
  /** How many need the block: tensors, programs, and what autograd saved. */
  refs = 1;
  /** How many tensors are on it. */
  handles = 0;
  /** How many of `refs` are programs. */
  programs = 0;
  /** The elements that the host wrote, and the version then, if the executor's memory cannot be read at once. */
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

  /** Whether only programs need the block any more. */
  get isGivenUp(): boolean {
    return this.refs === this.programs;
  }

  /** Exchanges its block for one on another executor, with these words in it. */
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
