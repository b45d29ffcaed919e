/** A program that stays in the memory of a wasm executor, or comes back there when it is needed. */
import type { HeapAllocator, LoadedProgram } from '../executor.ts';
import type { Resident, Residents } from '../memory/residents.ts';

/** The executor that runs it. */
interface Host {
  readonly allocator: HeapAllocator;
  readonly residents: Residents;
  restore(address: number, words: Int32Array): void;
  /** Changes one word of the heap. */
  put(address: number, word: number): void;
  /** Whether threads are worth their cost for a program in a block of the heap. */
  isWorthSharing(block: number, commands: number): boolean;
  runStored(at: number, commands: number, share: boolean): void;
}

export class StoredProgram implements LoadedProgram, Resident {
  slot = -1;
  stamp = 0;
  pins = 0;
  readonly handles = 0;
  /** Where its words are in the heap, if they are there. */
  private block = 0;
  private isShared = false;

  /** @param words as they should be; kept */
  constructor(
    private readonly executor: Host,
    private readonly words: Int32Array,
    private readonly commands: number,
  ) {
    this.ready();
    this.isShared = executor.isWorthSharing(this.block, commands);
  }

  get length(): number {
    return this.words.length;
  }

  ready(): void {
    const { executor, words } = this;
    if (this.slot < 0) {
      this.block = executor.allocator.allocate(words.length);
      executor.restore(this.block, words);
      executor.residents.enter(this, this.block);
    }
    this.stamp = executor.residents.epoch;
  }

  patch(at: number, word: number): void {
    this.words[at] = word;
    if (this.slot >= 0) this.executor.put(this.block + at, word);
  }

  run(at = 0, commands = this.commands): void {
    this.ready();
    this.executor.runStored(this.block + at, commands, this.isShared);
  }

  park(): void {
    const { executor, block, length } = this;
    executor.allocator.release(block, length);
    executor.residents.leave(this, null);
    executor.residents.moves++;
  }

  dispose(): void {
    if (this.slot >= 0) this.park();
  }
}
