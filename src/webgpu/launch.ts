/**
 * What the WGSL kernels and the executor agree on: a command becomes one or more launches, each of which is a shader, its parameters and a
 * number of workgroups. Launches of a program run in order; each sees what the ones before it have written.
 */
import type { Opcode } from '../../bindings/commands/table.ts';

/** One dispatch of a shader. */
export interface Launch {
  /** Names the shader: launches with equal keys have equal sources. */
  key: string;
  source: () => string;
  /** What the shader reads as `cmd`: 32-bit words. */
  words: readonly number[];
  /** Workgroups along x and y; shaders number them row by row. */
  groups: readonly [x: number, y: number];
}

/** What a kernel may ask of the executor while it plans its launches. */
export interface Planner {
  /** Number of adjacent lanes that can exchange values without a barrier; 0: none. A power of two. */
  readonly subgroup: number;
  /** Whether products round their operands to float16. */
  readonly half: boolean;
  launch(launch: Launch): void;
  /** Element index of this many elements that belong to the command until its last launch. */
  scratch(elements: number): number;
}

/** Makes launches of the command whose words start at `at`. */
export type GpuKernel = (words: Int32Array, at: number, planner: Planner) => void;

/** A family's kernels, by opcode. */
export type GpuKernels = Partial<Record<Opcode, GpuKernel>>;

/** Words that fit the uniform slot of an ordinary launch. */
export const SLOT_WORDS = 64;

/** Words of the slot for this many parameters. */
export function slotWordsFor(words: number): number {
  let slot = SLOT_WORDS;
  while (slot < words) slot *= 2;
  return slot;
}

/** Threads in a workgroup, unless a shader says otherwise. */
export const THREADS = 256;
const MAX_GROUPS = 65535;

/** A grid of at least this many workgroups. */
export function grid(groups: number): readonly [x: number, y: number] {
  if (groups <= MAX_GROUPS) return [Math.max(groups, 1), 1];
  const rows = Math.ceil(groups / MAX_GROUPS);
  return [Math.ceil(groups / rows), rows];
}

/** A grid with a thread for each of n elements. */
export function gridOfThreads(n: number): readonly [x: number, y: number] {
  return grid(Math.ceil(n / THREADS));
}
