/**
 * The reference executor: every command in plain TypeScript, as plainly as possible. It is the oracle of the tests, the
 * pure-JavaScript baseline of the benchmarks, and the fallback where there is no WebAssembly.
 *
 * With `precision: 64` its elements are doubles and all arithmetic is double: for gradient checks.
 */

import { STRIP_BLOCK, STRIP_LOCALS } from '../../bindings/commands/limits.ts';
import { ProgramBlock } from '../../bindings/commands/program.ts';
import type { DType, Executor, LoadedProgram, NumericArray } from '../../bindings/executor.ts';
import { Allocator } from '../../bindings/memory/allocator.ts';
import { Residents } from '../../bindings/memory/residents.ts';
import { FAULT_WORDS } from '../../bindings/ranges.ts';
import type { Heap } from './heap.ts';
import { kernels } from './kernels.ts';

const START_ELEMENTS = 1 << 17;
/** A JavaScript engine may refuse earlier; the allocator reports that. */
const MAX_ELEMENTS = 2 ** 30;

const RANDOM_WORDS = 4;

export interface ReferenceOptions {
  /** Bits of an element's arithmetic. Default 32. */
  precision?: 32 | 64;
}

function heapOf(elements: number, precision: 32 | 64): Heap {
  if (precision === 64) {
    const doubles = new Float64Array(elements);
    return { f: doubles, i: doubles };
  }
  const f = new Float32Array(elements);
  return { f, i: new Int32Array(f.buffer) };
}

export class ReferenceExecutor implements Executor {
  readonly device = 'reference';
  readonly precision: 32 | 64;
  readonly residents = new Residents();
  readonly allocator: Allocator;
  readonly program = new ProgramBlock(new Int32Array(1024));
  readonly randomState: number;
  readonly fault: number;
  private heap: Heap;

  constructor({ precision = 32 }: ReferenceOptions = {}) {
    this.precision = precision;
    this.heap = heapOf(START_ELEMENTS, precision);
    this.allocator = new Allocator(0, START_ELEMENTS, (elements) => this.grow(elements), this.residents);
    this.randomState = this.allocator.allocate(RANDOM_WORDS);
    this.fault = this.allocator.allocate(FAULT_WORDS);
    this.program.scratch = this.allocator.allocate(STRIP_LOCALS * STRIP_BLOCK);
    this.allocator.uncount();
  }

  run(): void {
    const { words, floats, commands } = this.program;
    try {
      this.execute(words, floats, 0, commands);
    } finally {
      this.program.clear();
    }
  }

  private execute(words: Int32Array, floats: Float32Array, start: number, commands: number): void {
    this.residents.epoch++;
    let at = start;
    for (let left = commands; left > 0; left--) {
      kernels[words[at]!]!(this.heap, words, floats, at);
      at += words[at + 1]!;
    }
  }

  load(words: Int32Array, commands: number): LoadedProgram {
    const own = words.slice();
    const floats = new Float32Array(own.buffer);
    return {
      ready: () => {},
      patch: (at, word) => {
        own[at] = word;
      },
      run: (at = 0, count = commands) => this.execute(own, floats, at, count),
      dispose: () => {},
    };
  }

  write(address: number, data: ArrayLike<number>, dtype: DType): void {
    if (dtype === 'float32') this.heap.f.set(data, address);
    else this.heap.i.set(this.precision === 64 ? Int32Array.from(data) : data, address);
    this.done();
  }

  read(address: number, length: number, dtype: DType): NumericArray {
    this.done();
    if (dtype === 'float32') return this.heap.f.slice(address, address + length);
    const ints = this.heap.i.subarray(address, address + length);
    return dtype === 'bool' ? new Uint8Array(ints) : new Int32Array(ints);
  }

  get(address: number, dtype: DType): number {
    this.done();
    return dtype === 'float32' ? this.heap.f[address]! : this.heap.i[address]!;
  }

  save(address: number, length: number): NumericArray {
    return this.heap.i.slice(address, address + length);
  }

  restore(address: number, elements: NumericArray): void {
    this.heap.i.set(elements, address);
  }

  /** Addresses in hand have served their purpose, unless commands wait to run. */
  private done(): void {
    if (this.program.length === 0) this.residents.epoch++;
  }

  private grow(elements: number): number {
    if (elements > MAX_ELEMENTS) return 0;
    if (elements <= this.heap.f.length) return elements;
    let larger: Heap;
    try {
      larger = heapOf(elements, this.precision);
    } catch {
      return 0;
    }
    if (this.precision === 64) larger.f.set(this.heap.f);
    else larger.i.set(this.heap.i);
    this.heap = larger;
    return elements;
  }
}
