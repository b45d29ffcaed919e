/**
 * The memory that a program owns: its constants, the results of its prologue, the block that its buffers share, and the blocks of storages
 * that outlive the trace. While the program is being made, `undo` gives all of it back; later `release` lets go of it.
 */
import type { Executor, LoadedProgram } from '../../bindings/executor.ts';
import { Storage } from '../tensor/storage.ts';

/** A storage that was brought from virtual memory, and where it was. */
interface Settled {
  storage: Storage;
  executor: Executor;
  address: number;
}

export class ProgramMemory {
  private readonly blocks: Storage[] = [];
  private readonly settled: Settled[] = [];
  private readonly loaded: LoadedProgram[] = [];

  constructor(private readonly base: Executor) {}

  /** All blocks. */
  get storages(): readonly Storage[] {
    return this.blocks;
  }

  /** A block that stays where it is until `unpin`. */
  allocate(elements: number): Storage {
    const storage = Storage.allocate(this.base, elements);
    storage.pins++;
    this.blocks.push(storage);
    return storage;
  }

  /** Gives a storage that outlives the trace real memory, and holds on to it. */
  settle(storage: Storage): void {
    const real = this.base.allocator.allocate(storage.length);
    this.settled.push({ storage, ...storage.depart() });
    storage.settle(this.base, real);
    storage.pins++;
    this.blocks.push(storage.retain());
  }

  /** The program knows what to do if a block moves. */
  unpin(): void {
    for (const storage of this.blocks) storage.pins--;
  }

  load(words: Int32Array, commands: number): LoadedProgram {
    const loaded = this.base.load(words, commands);
    this.loaded.push(loaded);
    return loaded;
  }

  /** Puts settled storages back on virtual memory, and lets go of everything. */
  undo(): void {
    this.unpin();
    for (const { storage, executor, address } of this.settled) {
      const real = storage.depart();
      real.executor.allocator.release(real.address, storage.length);
      storage.settle(executor, address);
    }
    this.release();
  }

  release(): void {
    for (const program of this.loaded) program.dispose();
    for (const storage of this.blocks) storage.release();
  }
}
