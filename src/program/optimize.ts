/** The passes in their order: from the recorded commands to those that run at every call, and their prologue. */
import { checksFirst } from './checksFirst.ts';
import { type Command, writes } from './commands.ts';
import { dependencies, type Folded, foldConstants } from './fold.ts';
import { foldNorms } from './foldNorm.ts';
import { packWeights } from './packWeights.ts';
import { fuseActivations, removeDead, type VirtualHeap } from './passes.ts';
import type { VirtualBuffer } from './recorder.ts';
import { joinStrips } from './strips.ts';

/** The memory that a recorded program uses. `Source` stands for a block of memory outside. */
export interface Memory<Source> {
  heap: VirtualHeap;
  /** Buffers of inputs and results. */
  given: ReadonlySet<VirtualBuffer>;
  /** Buffers that live on after the program. */
  kept: ReadonlySet<VirtualBuffer>;
  /** Buffers that have memory of their own: given ones, kept ones, and constants. */
  settled: ReadonlySet<VirtualBuffer>;
  /** Settled buffers that no command changes. */
  constant: { has(buffer: VirtualBuffer): boolean };
  /** The block of memory outside that holds an address, or null if it is not known when that changes. */
  sourceOf(address: number): Source | null;
  /** The address of virtual memory for this many elements. */
  allocate(elements: number): number;
  /** The executor's scratch block. */
  scratch: number;
  /** Whether results must be the same bits as without the program. */
  exact: boolean;
  /** Whether the program's memory can be read as soon as it has run, which that of a GPU cannot. */
  isReadable: boolean;
}

export interface Optimized<Source> extends Folded<Source> {
  /** Commands that were joined to others. */
  fused: number;
}

export function optimize<Source>(recorded: readonly Command[], memory: Memory<Source>): Optimized<Source> {
  const { heap, given, kept, settled, sourceOf, allocate } = memory;
  const varying = new Set([...given, ...kept]);
  const ordered = checksFirst(removeDead(recorded, heap, kept), heap, sourceOf);
  const stays = ({ opcode }: Command) => opcode === 'random' || (opcode === 'check' && !memory.isReadable);
  const folded = foldConstants(ordered, heap, { varying, sourceOf, stays });
  const changing = writtenBy(folded.commands, sourceOf);
  const made = new Set(folded.results);
  const isConstant = (address: number): boolean => {
    const buffer = heap.at(address);
    if (buffer !== null) return made.has(buffer) || memory.constant.has(buffer);
    const source = sourceOf(address);
    return source !== null && !changing.has(source);
  };
  const surroundings = { prologue: folded.prologue, kept, isConstant, allocate };
  const normed = memory.exact
    ? { folding: [], commands: folded.commands }
    : foldNorms(folded.commands, heap, surroundings);
  const before = [...folded.prologue, ...normed.folding];
  for (const buffer of dependencies(before, normed.commands, heap, sourceOf).results) made.add(buffer);
  const live = new Set([...kept, ...made]);
  const fused = {
    prologue: fuseActivations(before, heap, live),
    commands: fuseActivations(normed.commands, heap, live),
  };
  // A GPU has no cache that the order of the weights would spoil.
  const packed = memory.isReadable
    ? packWeights(fused.commands, isConstant, allocate)
    : { commands: fused.commands, packing: [] };
  const prologue = [...fused.prologue, ...packed.packing];
  const { results } = dependencies(prologue, packed.commands, heap, sourceOf);
  const lasting = new Set([...kept, ...results]);
  const join = (commands: readonly Command[]) =>
    joinStrips(removeDead(commands, heap, lasting), heap, new Set([...settled, ...results]), memory.scratch);
  const [first, rest] = [join(prologue), join(packed.commands)];
  const epilogues = before.length + folded.commands.length - fused.prologue.length - fused.commands.length;
  return {
    prologue: first.commands,
    commands: rest.commands,
    results,
    sources: dependencies(first.commands, rest.commands, heap, sourceOf).sources,
    fused: epilogues + first.joined + rest.joined,
  };
}

/** The blocks of memory outside that commands write. */
export function writtenBy<Source>(
  commands: readonly Command[],
  sourceOf: (address: number) => Source | null,
): Set<Source> {
  const result = new Set<Source>();
  for (const command of commands) {
    for (const operand of command.operands) {
      const source = writes(operand) ? sourceOf(command.address(operand)) : null;
      if (source !== null) result.add(source);
    }
  }
  return result;
}
