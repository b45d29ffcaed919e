/**
 * The memory that a program owns: its constants, the results of its prologue, the block that its buffers share, and the blocks of storages
 * that outlive the trace. While the program is being made, `undo` gives all of it back; later `release` lets go of it.
 */
import type { Executor, LoadedProgram } from '../../bindings/executor.ts';
import { Storage } from '../tensor/storage.ts';

/** A storage that was moved from virtual memory, and where it was. */
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

  allocate(elements: number): Storage {
    const storage = Storage.allocate(this.base, elements);
    this.blocks.push(storage);
    return storage;
  }

  /** Gives a storage that outlives the trace real memory, and holds on to it. */
  settle(storage: Storage): number {
    const { executor, address } = storage;
    const real = this.base.allocator.allocate(storage.length);
    this.settled.push({ storage, executor, address });
    this.blocks.push(storage.retain());
    storage.executor = this.base;
    storage.address = real;
    return real;
  }

  load(words: Int32Array, commands: number): LoadedProgram {
    const loaded = this.base.load(words, commands);
    this.loaded.push(loaded);
    return loaded;
  }

  /** Puts settled storages back on virtual memory, and lets go of everything. */
  undo(): void {
    for (const { storage, executor, address } of this.settled) {
      this.base.allocator.release(storage.address, storage.length);
      storage.executor = executor;
      storage.address = address;
    }
    this.release();
  }

  release(): void {
    for (const program of this.loaded) program.dispose();
    for (const storage of this.blocks) storage.release();
  }
}
