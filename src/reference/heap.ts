import type { Opcode } from '../../bindings/commands/table.ts';

/** The reference executor's memory: `f` reads elements as floats, `i` as int32. In float64 mode both are the same array of doubles. */
export interface Heap {
  f: Float32Array | Float64Array;
  i: Int32Array | Float64Array;
}

/** One opcode's kernel: the command's words are at words[at …]; `floats` is the same memory read as float32. */
export type ReferenceKernel = (heap: Heap, words: Int32Array, floats: Float32Array, at: number) => void;

/** A family's kernels, by opcode. */
export type ReferenceKernels = Partial<Record<Opcode, ReferenceKernel>>;
