/**
 * The wasm executor: one instance of the kernels, its memory, and the views on it. Views are renewed in one place,
 * after the memory has grown; nobody else keeps one.
 */
import { instantiateSync } from '@assemblyscript/loader';
import { ProgramBlock } from '../commands/program.ts';
import type { DType, Executor, LoadedProgram, NumericArray } from '../executor.ts';
import { Allocator } from '../memory/allocator.ts';
import { compileModule, type Variant } from './module.ts';
import { chooseTile } from './tile.ts';

const PAGE_ELEMENTS = 65536 / 4;
const MAX_PAGES = 65536;
const PROGRAM_WORDS = 1024;
const RANDOM_WORDS = 4;

/** What the kernels export. */
interface Kernels {
  run(program: number, commands: number, thread: number, threads: number): void;
  peak(rounds: number, factor: number, summand: number): number;
  scratchElements(threads: number): number;
  heapBase(): number;
}

export interface WasmOptions {
  variant: Variant;
  /** Memory to reserve at the start; it grows when needed. */
  memoryMiB?: number;
  /** Use a shared memory, as threads need it. */
  shared?: boolean;
}

export class WasmExecutor implements Executor {
  readonly device = 'wasm';
  readonly variant: Variant;
  readonly allocator: Allocator;
  readonly program: ProgramBlock;
  readonly randomState: number;
  readonly memory: WebAssembly.Memory;
  private readonly kernels: Kernels;
  private readonly programAddress: number;
  private floats: Float32Array<ArrayBufferLike>;
  private ints: Int32Array<ArrayBufferLike>;

  constructor({ variant, memoryMiB = 16, shared = false }: WasmOptions) {
    this.variant = variant;
    const initial = Math.max(1, Math.ceil(memoryMiB * 16));
    this.memory = new WebAssembly.Memory({ initial, maximum: MAX_PAGES, shared });
    const module = compileModule(variant, shared);
    // The loader's wrappers cost more than small kernels do: the raw exports are called.
    this.kernels = instantiateSync(module, { env: { memory: this.memory } }).instance.exports as unknown as Kernels;
    this.floats = new Float32Array(this.memory.buffer);
    this.ints = new Int32Array(this.memory.buffer);
    this.allocator = new Allocator(this.kernels.heapBase() / 4, this.floats.length, (elements) => this.grow(elements));
    this.programAddress = this.allocator.allocate(PROGRAM_WORDS);
    this.program = new ProgramBlock(this.programWords());
    this.program.scratch = this.allocator.allocate(this.kernels.scratchElements(1));
    this.randomState = this.allocator.allocate(RANDOM_WORDS);
    this.program.tile = chooseTile(this);
    this.allocator.uncount();
  }

  run(): void {
    const { program } = this;
    this.kernels.run(this.programAddress * 4, program.commands, 0, 1);
    program.clear();
  }

  load(words: Int32Array, commands: number): LoadedProgram {
    const { allocator, kernels } = this;
    const block = allocator.allocate(words.length);
    this.ints.set(words, block);
    return {
      patch: (at, word) => {
        this.ints[block + at] = word;
      },
      run: (at = 0, count = commands) => kernels.run((block + at) * 4, count, 0, 1),
      dispose: () => allocator.release(block, words.length),
    };
  }

  write(address: number, data: ArrayLike<number>, dtype: DType): void {
    (dtype === 'float32' ? this.floats : this.ints).set(data, address);
  }

  read(address: number, length: number, dtype: DType): NumericArray {
    if (dtype === 'float32') return this.floats.slice(address, address + length);
    const ints = this.ints.slice(address, address + length);
    return dtype === 'bool' ? Uint8Array.from(ints) : ints;
  }

  get(address: number, dtype: DType): number {
    return dtype === 'float32' ? this.floats[address]! : this.ints[address]!;
  }

  /** A view on the heap itself; it is detached when an unshared memory grows. */
  view(address: number, length: number): Float32Array<ArrayBufferLike> {
    return this.floats.subarray(address, address + length);
  }

  /** The memory's buffer; another one after it has grown. */
  get buffer(): ArrayBufferLike {
    return this.floats.buffer;
  }

  /** The register-only loop of the benchmarks: `rounds` × 96 floating-point operations. */
  peak(rounds: number): number {
    return this.kernels.peak(rounds, 1.0000001, 0.0000001);
  }

  private programWords(): Int32Array {
    return new Int32Array(this.memory.buffer, this.programAddress * 4, PROGRAM_WORDS);
  }

  /** Grows the memory to at least `elements`. Returns how many it has then, or 0. */
  private grow(elements: number): number {
    const pages = Math.min(MAX_PAGES, Math.ceil(elements / PAGE_ELEMENTS));
    try {
      this.memory.grow(pages - this.floats.length / PAGE_ELEMENTS);
    } catch {
      return 0;
    }
    this.floats = new Float32Array(this.memory.buffer);
    this.ints = new Int32Array(this.memory.buffer);
    this.program.rebase(this.programWords());
    return this.floats.length;
  }
}
