/**
 * A mode of an executor that reveals mistakes with memory: blocks are surrounded by guards, new and freed ones hold
 * NaN, and a freed block is not reused for a while. Each of these throws, with the stack of the release: a block that
 * is released twice; a command, a read or a write on memory that is not in use; a guard that was overwritten. The
 * memory grows early, so that views of it become stale. For executors whose memory can be read synchronously.
 */
import { OutOfMemoryError } from '../../bindings/errors.ts';
import type { DType, Executor, LoadedProgram } from '../../bindings/executor.ts';
import { Allocator } from '../../bindings/memory/allocator.ts';
import { Residents } from '../../bindings/memory/residents.ts';
import { parse } from '../../src/program/commands.ts';

/** Elements of a guard: one cache line, so that blocks stay aligned. */
const GUARD = 16;
const GUARD_WORD = 0x7f5a5a5a;
/** The largest number of freed blocks that wait, and of their elements in total. */
const WAITING_BLOCKS = 2000;
const WAITING_ELEMENTS = 2 ** 22;
/** After this many allocations the memory grows. */
const GROWTHS = [20, 200];

const guardWords = new Int32Array(GUARD).fill(GUARD_WORD);
const nothing = new Float32Array(2 ** 16).fill(Number.NaN);

interface Block {
  address: number;
  elements: number;
  /** Its index in the allocator that counts. */
  counted: number;
  /** Where it was released. */
  released: Error | null;
}

/** Blocks by address; none overlaps another. */
class Blocks {
  private readonly sorted: Block[] = [];

  /** The number of blocks that start at `address` or before. */
  private rank(address: number): number {
    let low = 0;
    let high = this.sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.sorted[middle]!.address <= address) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  add(block: Block): void {
    this.sorted.splice(this.rank(block.address), 0, block);
  }

  remove(block: Block): void {
    this.sorted.splice(this.rank(block.address) - 1, 1);
  }

  /** The block that an element belongs to; a block without elements counts as one element here. */
  at(address: number): Block | undefined {
    const block = this.sorted[this.rank(address) - 1];
    return block !== undefined && address < block.address + Math.max(1, block.elements) ? block : undefined;
  }

  get all(): readonly Block[] {
    return this.sorted;
  }
}

/** A mistake with memory. */
export class HeapFault extends Error {
  override name = 'HeapFault';

  constructor(message: string, block?: Block) {
    const released = block?.released;
    super(released == null ? message : `${message}; released ${released.stack?.split('\n').slice(2).join('\n')}\nused`);
  }
}

export class CheckedHeap {
  private readonly blocks = new Blocks();
  private readonly waiting: Block[] = [];
  private waitingElements = 0;
  private allocations = 0;
  /** Counts as the executor's own allocator would. */
  private readonly counter = new Allocator(0, 2 ** 30, () => 0, new Residents());
  /** Below this there may be earlier blocks of the executor itself. */
  private readonly first: number;
  private readonly allocate: (elements: number) => number;
  private readonly free: (address: number, elements: number) => void;
  private readonly write: (address: number, data: ArrayLike<number>, dtype: DType) => void;
  /** The bytes that the memory would have. */
  private reserved: number;

  /** @param parks whether every allocation parks whatever can be parked */
  constructor(
    private readonly executor: Executor,
    parks = false,
  ) {
    const { allocator } = executor;
    this.reserved = allocator.bytesReserved;
    this.allocate = allocator.allocate.bind(allocator);
    this.free = allocator.release.bind(allocator);
    this.write = executor.write.bind(executor);
    this.first = this.allocate(1);
    this.free(this.first, 1);
    Object.assign(allocator, {
      allocate: (elements: number) => {
        if (parks) executor.residents.clear();
        return this.unnoticed(() => this.take(elements));
      },
      release: (address: number, elements: number) => this.unnoticed(() => this.giveBack(address, elements)),
    });
    // Guards and waiting blocks make the allocator's own figures larger than they would be.
    Object.defineProperties(allocator, {
      bytesInUse: { configurable: true, get: () => this.counter.bytesInUse, set: () => {} },
      blocks: { configurable: true, get: () => this.counter.blocks, set: () => {} },
      bytesReserved: { configurable: true, get: () => this.reserved },
    });
    this.watch();
  }

  /** Runs `fn`, which reads and writes the memory, without a mark in what was used when. */
  private unnoticed<T>(fn: () => T): T {
    const { residents } = this.executor;
    const { epoch } = residents;
    try {
      return fn();
    } finally {
      residents.epoch = epoch;
    }
  }

  private take(elements: number): number {
    if (GROWTHS.includes(++this.allocations)) this.growHeap();
    const address = this.takeGuarded(elements) + GUARD;
    this.blocks.add({ address, elements, counted: this.counter.allocate(elements), released: null });
    const { bytesInUse } = this.counter;
    if (bytesInUse > this.reserved) this.reserved = Math.max(bytesInUse, 1.25 * this.reserved);
    this.write(address - GUARD, guardWords, 'int32');
    this.write(address + elements, guardWords, 'int32');
    this.blank(address, elements);
    return address;
  }

  private takeGuarded(elements: number): number {
    try {
      return this.allocate(elements + 2 * GUARD);
    } catch (error) {
      if (!(error instanceof OutOfMemoryError)) throw error;
      while (this.waiting.length > 0) this.letGo();
      try {
        return this.allocate(elements + 2 * GUARD);
      } catch {
        // The same error, for the requested size.
        this.free(this.allocate(elements), elements);
        throw error;
      }
    }
  }

  /** Grows the memory, if possible. */
  private growHeap(): void {
    const elements = this.reserved / 4 + 1;
    try {
      this.free(this.allocate(elements), elements);
    } catch (error) {
      if (!(error instanceof OutOfMemoryError)) throw error;
    }
  }

  private blank(address: number, elements: number): void {
    for (let at = 0; at < elements; at += nothing.length)
      this.write(address + at, nothing.subarray(0, Math.min(nothing.length, elements - at)), 'float32');
  }

  private giveBack(address: number, elements: number): void {
    const block = this.blocks.at(address);
    if (block === undefined && address < this.first) {
      this.free(address, elements);
      return;
    }
    if (block === undefined || block.address !== address)
      throw new HeapFault(`released ${address}, where no block starts`);
    if (block.released !== null) throw new HeapFault(`released ${address} (${elements} elements) twice`, block);
    if (block.elements !== elements)
      throw new HeapFault(`released ${address} as ${elements} elements; it has ${block.elements}`);
    this.checkGuards(block);
    this.blank(address, elements);
    this.counter.release(block.counted, elements);
    block.released = new Error();
    this.waiting.push(block);
    this.waitingElements += elements;
    while (this.waiting.length > WAITING_BLOCKS || this.waitingElements > WAITING_ELEMENTS) this.letGo();
  }

  /** Releases the block that has waited longest. */
  private letGo(): void {
    const block = this.waiting.shift()!;
    this.waitingElements -= block.elements;
    this.blocks.remove(block);
    this.free(block.address - GUARD, block.elements + 2 * GUARD);
  }

  private checkGuards({ address, elements }: Block): void {
    for (const guard of [address - GUARD, address + elements]) {
      const words = this.readWords(guard, GUARD);
      const at = words.findIndex((word) => word !== GUARD_WORD);
      if (at >= 0)
        throw new HeapFault(`element ${guard + at - address} of a block of ${elements} elements was written`);
    }
  }

  private readWords: (address: number, length: number) => ArrayLike<number> & { findIndex: Int32Array['findIndex'] } =
    () => guardWords;

  /** Fails if the guards of a block were overwritten. */
  checkAll(): void {
    for (const block of this.blocks.all) this.checkGuards(block);
  }

  /** Operands may be empty: then only their address is checked. */
  private checkUse(use: string, address: number, elements = 0): void {
    const block = this.blocks.at(address);
    if (block === undefined && address < this.first) return;
    if (block === undefined) throw new HeapFault(`${use} at ${address}, where there is no block`);
    if (block.released !== null) throw new HeapFault(`${use} at ${address} after its release`, block);
    if (address + elements > block.address + block.elements)
      throw new HeapFault(`${use} of ${elements} elements at ${address}: the block ends after ${block.elements}`);
  }

  private checkCommands(words: Int32Array, length: number): void {
    for (const command of parse(words, length)) {
      for (const operand of command.operands)
        this.checkUse(`${command.opcode}.${operand.name}`, command.address(operand));
    }
  }

  /** Checks what the executor runs, reads and writes. */
  private watch(): void {
    const { executor } = this;
    const { run, load, read, get } = {
      run: executor.run.bind(executor),
      load: executor.load.bind(executor),
      read: executor.read.bind(executor),
      get: executor.get.bind(executor),
    };
    this.readWords = (address, length) => read(address, length, 'int32') as Int32Array;
    Object.assign(executor, {
      run: () => {
        const { program } = executor;
        try {
          this.checkCommands(program.words, program.length);
        } catch (error) {
          // The executor itself refuses anything that is not a command.
          if (error instanceof HeapFault) {
            program.clear();
            throw error;
          }
        }
        run();
      },
      load: (words: Int32Array, commands: number): LoadedProgram => {
        const own = words.slice();
        const loaded = load(words, commands);
        return {
          ready: () => loaded.ready(),
          patch: (at, word) => {
            own[at] = word;
            loaded.patch(at, word);
          },
          run: (at = 0, count = commands) => {
            let end = at;
            for (let left = count; left > 0; left--) end += own[end + 1]!;
            this.checkCommands(own.subarray(at), end - at);
            loaded.run(at, count);
          },
          dispose: () => loaded.dispose(),
        };
      },
      write: (address: number, data: ArrayLike<number>, dtype: DType) => {
        if (data.length > 0) this.checkUse('a write', address, data.length);
        this.write(address, data, dtype);
      },
      read: (address: number, length: number, dtype: DType) => {
        if (length > 0) this.checkUse('a read', address, length);
        return read(address, length, dtype);
      },
      get: (address: number, dtype: DType) => {
        this.checkUse('a read', address, 1);
        return get(address, dtype);
      },
    });
  }
}
