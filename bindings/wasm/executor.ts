/**
 * The wasm executor: one instance of the kernels, its memory, and the views on it. Views are renewed in one place,
 * after the memory has grown; no other code keeps one. With threads its memory is shared, and programs that are worth it
 * run on the caller's thread and on those of the pool.
 */
import { ProgramBlock } from '../commands/program.ts';
import { DeviceError } from '../errors.ts';
import type { DType, Executor, LoadedProgram, NumericArray } from '../executor.ts';
import { Allocator } from '../memory/allocator.ts';
import { Residents } from '../memory/residents.ts';
import { FAULT_WORDS } from '../ranges.ts';
import type { GivenKernels } from './given.ts';
import { instantiate } from './loader.ts';
import { compileModule, moduleSize } from './module.ts';
import { teamElements, WorkerPool } from './pool.ts';
import type { Variant } from './probe.ts';
import { StoredProgram } from './program.ts';
import { chooseTile } from './tile.ts';
import { mayWait } from './worker.ts';

const PAGE_ELEMENTS = 65536 / 4;
const MAX_PAGES = 65536;
const LEAST_MAX_PAGES = 4096;
const PROGRAM_WORDS = 1024;
const RANDOM_WORDS = 4;
/** Seconds that a worker may take for its share before it counts as failed. */
const PATIENCE = 60;

/** What the kernels export. */
interface Kernels {
  run(program: number, commands: number): void;
  /** The same with a team of threads: 0, or the share of a worker that has failed. */
  lead(program: number, commands: number, team: number, threads: number, patience: number): number;
  worthSharing(program: number, commands: number): number;
  peak(rounds: number, factor: number, summand: number): number;
  scratchElements(threads: number): number;
  heapBase(): number;
}

export interface WasmOptions {
  variant: Variant;
  /** Memory to reserve at the start; it grows when needed. */
  memoryMiB?: number;
  /** Threads that there is room for. More than one needs shared memory, and `startThreads` to start them. */
  threads?: number;
  /** Use a shared memory, as threads need it. */
  shared?: boolean;
  /** Kernels to run instead of the inlined ones. */
  given?: GivenKernels | null;
  /** A hosted copy of the workers' program. */
  workerUrl?: URL | string | null;
}

/** The executor whose heap a buffer is or was: views of a heap outlive an executor that has been replaced. */
const heaps = new WeakMap<ArrayBufferLike, WasmExecutor>();

/** Buffers that are or were heaps: more than one after an executor has been replaced, or a shared memory has grown. */
let lasting = 0;

/** The executor whose heap this buffer is, or was before it was detached; undefined for all others. */
export function heapOf(buffer: ArrayBufferLike): WasmExecutor | undefined {
  return heaps.get(buffer);
}

/** Whether undetached buffers of heaps exist besides the executor's `buffer`. If not, `heapOf` need not be asked. */
export function hasOlderHeaps(): boolean {
  return lasting > 1;
}

/** A memory that may grow as far as this engine allows: iOS refuses large shared ones. */
function createMemory(initial: number, shared: boolean): [memory: WebAssembly.Memory, maximum: number] {
  for (let maximum = MAX_PAGES; ; maximum /= 2) {
    try {
      return [new WebAssembly.Memory({ initial, maximum, shared }), maximum];
    } catch (error) {
      if (!shared || maximum / 2 < Math.max(initial, LEAST_MAX_PAGES)) throw error;
    }
  }
}

export class WasmExecutor implements Executor {
  readonly device = 'wasm';
  readonly variant: Variant;
  readonly residents = new Residents();
  readonly allocator: Allocator;
  readonly program: ProgramBlock;
  readonly randomState: number;
  readonly fault: number;
  readonly memory: WebAssembly.Memory;
  /** Threads that there is room for. */
  readonly capacity: number;
  private readonly given: GivenKernels | null;
  private readonly kernels: Kernels;
  private readonly maxPages: number;
  /** Byte address of the block through which threads communicate. */
  private readonly team: number;
  private readonly pool: WorkerPool | null;
  /** Seconds that a worker may take for its share; 0 where this thread may not wait. */
  private readonly patience: number;
  private starting: Promise<void> | null = null;
  /** Whether growing keeps views of the heap valid and arrays where they are. */
  private keepsViews: boolean;
  readonly isShared: boolean;
  private wasReserved: boolean;
  /** While true, memory whose growth would detach views does not grow. */
  holdsStill = false;
  private readonly programAddress: number;
  private floats: Float32Array<ArrayBufferLike>;
  private ints: Int32Array<ArrayBufferLike>;

  constructor({
    variant,
    memoryMiB = 16,
    threads = 1,
    shared = threads > 1,
    given = null,
    workerUrl = null,
  }: WasmOptions) {
    this.given = given;
    this.variant = variant;
    this.capacity = threads;
    const initial = Math.max(1, Math.ceil(memoryMiB * 16));
    [this.memory, this.maxPages] = createMemory(initial, shared);
    const module = this.compile(shared);
    // The loader's wrappers cost more than small kernels, so the raw exports are called.
    this.kernels = instantiate(module, this.memory) as unknown as Kernels;
    this.isShared = this.keepsViews = this.wasReserved = shared;
    lasting++;
    this.floats = new Float32Array(this.memory.buffer);
    this.ints = new Int32Array(this.memory.buffer);
    heaps.set(this.memory.buffer, this);
    this.allocator = new Allocator(
      this.kernels.heapBase() / 4,
      this.floats.length,
      (elements) => this.grow(elements),
      this.residents,
    );
    this.programAddress = this.allocator.allocate(PROGRAM_WORDS);
    this.program = new ProgramBlock(this.programWords());
    this.program.scratch = this.allocator.allocate(this.kernels.scratchElements(threads));
    this.randomState = this.allocator.allocate(RANDOM_WORDS);
    this.fault = this.allocator.allocate(FAULT_WORDS);
    this.team = threads > 1 ? this.allocator.allocate(teamElements(threads)) * 4 : 0;
    this.pool = threads > 1 ? new WorkerPool(this.memory, this.team, threads, workerUrl) : null;
    this.patience = threads > 1 && mayWait() ? PATIENCE : 0;
    this.program.tile = chooseTile(this);
    this.allocator.uncount();
  }

  run(): void {
    const { program } = this;
    const { commands } = program;
    program.clear();
    this.residents.epoch++;
    this.execute(this.programAddress * 4, commands);
  }

  load(words: Int32Array, commands: number): LoadedProgram {
    return new StoredProgram(this, words, commands);
  }

  /** Whether threads are worth their cost for a program, in a block of the heap. */
  isWorthSharing(block: number, commands: number): boolean {
    return this.pool !== null && this.kernels.worthSharing(block * 4, commands) !== 0;
  }

  /** Runs commands in a block of the heap. */
  runStored(at: number, commands: number, share: boolean): void {
    this.residents.epoch++;
    if (share) this.execute(at * 4, commands);
    else this.kernels.run(at * 4, commands);
  }

  write(address: number, data: ArrayLike<number>, dtype: DType): void {
    (dtype === 'float32' ? this.floats : this.ints).set(data, address);
    this.done();
  }

  read(address: number, length: number, dtype: DType): NumericArray {
    this.done();
    if (dtype === 'float32') return this.floats.slice(address, address + length);
    const ints = this.ints.slice(address, address + length);
    return dtype === 'bool' ? Uint8Array.from(ints) : ints;
  }

  get(address: number, dtype: DType): number {
    this.done();
    return dtype === 'float32' ? this.floats[address]! : this.ints[address]!;
  }

  save(address: number, length: number): Int32Array {
    return this.ints.slice(address, address + length);
  }

  restore(address: number, elements: NumericArray): void {
    this.ints.set(elements, address);
  }

  /** Changes one word of the heap. */
  put(address: number, word: number): void {
    this.ints[address] = word;
  }

  /** Addresses in hand have served their purpose, unless commands wait to run. */
  private done(): void {
    if (this.program.length === 0) this.residents.epoch++;
  }

  /** A view on the heap itself; it is detached when an unshared memory grows, except after `keepViews`. */
  view(address: number, length: number): Float32Array<ArrayBufferLike> {
    return this.floats.subarray(address, address + length);
  }

  /** The memory's buffer; another one after it has grown. */
  get buffer(): ArrayBufferLike {
    return this.floats.buffer;
  }

  /**
   * Makes views survive growth of the memory from their first use on: the whole memory is reserved at once, which costs only addresses,
   * because engines back only touched pages. (Resizable buffers, which newer engines have, make loops over them four times
   * slower, and loops of the same functions over other arrays too: they are the second choice. A shared memory would be shared with
   * every receiver of a posted array: it is not used.) Where an engine offers neither, views last until the memory it gave is full.
   */
  keepViews(): void {
    if (this.wasReserved) return;
    this.wasReserved = true;
    // Newer engines have the latter.
    const memory: Pick<WebAssembly.Memory, 'grow'> & Partial<Pick<WebAssembly.Memory, 'toResizableBuffer'>> =
      this.memory;
    const growBy = (pages: number): boolean => {
      try {
        memory.grow(pages);
        return true;
      } catch {
        return false;
      }
    };
    let more = this.maxPages - this.floats.length / PAGE_ELEMENTS;
    this.keepsViews = growBy(more) || memory.toResizableBuffer?.() !== undefined;
    while (!this.keepsViews && more >= 1 && !growBy(more)) more = Math.floor(more / 2);
    this.renew();
  }

  /** Threads that run programs. */
  get threads(): number {
    return this.pool?.threads ?? 1;
  }

  /** Why there are fewer threads than there is room for. */
  get threadsNote(): string | undefined {
    return this.pool?.note;
  }

  /** Starts the workers that there is room for, once; resolves when each has started or failed. */
  startThreads(): Promise<void> {
    this.starting ??= this.pool?.start(this.compile(true)) ?? Promise.resolve();
    return this.starting;
  }

  /** Uses this many threads, or all if there are fewer. */
  setThreads(threads: number): void {
    this.pool?.use(threads);
  }

  /** Ends the workers; the executor goes on with one thread. */
  stopThreads(): void {
    this.pool?.stop();
  }

  /** The register-only loop of the benchmarks: `rounds` × 96 floating-point operations. */
  peak(rounds: number): number {
    return this.kernels.peak(rounds, 1.0000001, 0.0000001);
  }

  /** Size of the kernels in bytes; 0 where the user has given a module. */
  get wasmBytes(): number {
    return this.given === null ? moduleSize : (this.given.bytes?.length ?? 0);
  }

  private compile(shared: boolean): WebAssembly.Module {
    return this.given === null ? compileModule(this.variant, shared) : this.given.compile(shared);
  }

  private execute(program: number, commands: number): void {
    const { pool, kernels } = this;
    if (pool === null || pool.threads === 1) {
      kernels.run(program, commands);
      return;
    }
    let failed = -1;
    try {
      failed = kernels.lead(program, commands, this.team, pool.threads, this.patience);
    } finally {
      if (failed !== 0) pool.stop('a worker failed in the middle of a program');
    }
    if (failed !== 0) {
      throw new DeviceError(
        `device wasm: worker ${failed} failed in the middle of a program, whose results are lost; going on with 1 thread`,
        { argument: 'threads' },
      );
    }
  }

  private programWords(): Int32Array {
    return new Int32Array(this.memory.buffer, this.programAddress * 4, PROGRAM_WORDS);
  }

  /** Grows the memory to at least `elements` if it is smaller. Returns how many may be used then, or 0. */
  private grow(elements: number): number {
    const pages = Math.ceil(elements / PAGE_ELEMENTS);
    const more = pages - this.floats.length / PAGE_ELEMENTS;
    if (more <= 0) return pages * PAGE_ELEMENTS;
    if (pages > this.maxPages || (this.holdsStill && !this.keepsViews)) return 0;
    try {
      this.memory.grow(more);
    } catch {
      return 0;
    }
    this.renew();
    return this.floats.length;
  }

  /** Views on the memory as it is now. */
  private renew(): void {
    const { buffer } = this.memory;
    if (this.isShared) lasting++;
    this.floats = new Float32Array(buffer);
    this.ints = new Int32Array(buffer);
    heaps.set(buffer, this);
    this.program.rebase(this.programWords());
  }
}
