/**
 * From a recording to commands that can be loaded: numbers that the traced function wrote get memory that lasts, the passes run, and
 * every buffer is given its place.
 */
import { ProgramBlock } from '../../bindings/commands/program.ts';
import { encodeCopy } from '../../bindings/generated/encode.ts';
import { isDeterministic } from '../../bindings/wasm/instance.ts';
import type { Storage } from '../tensor/storage.ts';
import { type Command, parse, writes } from './commands.ts';
import type { ProgramMemory } from './memory.ts';
import { type Optimized, optimize } from './optimize.ts';
import { planProgram, VirtualHeap } from './passes.ts';
import type { Recorder, VirtualBuffer } from './recorder.ts';

export interface Draft {
  heap: VirtualHeap;
  /** Storages on virtual memory that outlive the trace, and now have real memory. */
  lasting: readonly Storage[];
  /** The memory of the buffers that have their own, the same at every run. */
  places: Map<VirtualBuffer, Storage>;
  optimized: Optimized<Storage>;
  /** Where the other buffers are in the block that they share. */
  plan: ReturnType<typeof planProgram>;
}

/** @param given buffers of inputs and results, whose addresses change from run to run */
export function draftOf(recorder: Recorder, memory: ProgramMemory, given: ReadonlySet<VirtualBuffer>): Draft {
  const heap = new VirtualHeap(recorder.buffers);
  const lasting = recorder.storages.filter((storage) => storage.refs > 0);
  // Buffers whose contents are seen outside.
  const kept = new Set(given);
  const places = new Map<VirtualBuffer, Storage>();
  for (const storage of lasting) {
    const buffer = heap.get(storage.address);
    kept.add(buffer);
    if (given.has(buffer)) continue;
    memory.settle(storage);
    places.set(buffer, storage);
  }
  const { commands, constants } = withHostWrites(recorder, memory, heap, kept);
  for (const [buffer, storage] of constants) places.set(buffer, storage);
  const optimized = optimize(commands, {
    heap,
    kept,
    given,
    settled: new Set([...given, ...places.keys()]),
    constant: constants,
    sourceOf: finder([...recorder.captured, ...memory.storages]),
    allocate: (elements) => recorder.allocator.allocate(elements),
    scratch: recorder.program.scratch,
    exact: isDeterministic(),
    isReadable: recorder.base.download === undefined,
  });
  for (const buffer of optimized.results) places.set(buffer, memory.allocate(buffer.length));
  const settled = new Set([...given, ...places.keys()]);
  return {
    heap,
    lasting,
    places,
    optimized,
    plan: planProgram([...optimized.prologue, ...optimized.commands], heap, settled),
  };
}

/**
 * Numbers that the function wrote get blocks that last. A buffer that is seen outside, or that the program changes too, is filled from
 * such a block at every run.
 */
function withHostWrites(
  { base, program, writes: hostWrites }: Recorder,
  memory: ProgramMemory,
  heap: VirtualHeap,
  kept: ReadonlySet<VirtualBuffer>,
): { commands: Command[]; constants: Map<VirtualBuffer, Storage> } {
  const recorded = parse(program.words, program.length);
  const changed = new Set<VirtualBuffer | null>(kept);
  for (const command of recorded) {
    for (const operand of command.operands.filter(writes)) changed.add(heap.of(command, operand));
  }
  const commands = [...recorded];
  const constants = new Map<VirtualBuffer, Storage>();
  const written = new Set<VirtualBuffer>();
  for (const { address } of hostWrites) {
    const buffer = heap.get(address);
    if (written.has(buffer)) changed.add(buffer);
    written.add(buffer);
  }
  for (const { address, data, dtype, before } of [...hostWrites].reverse()) {
    const buffer = heap.get(address);
    const storage = memory.allocate(Math.max(1, data.length));
    base.write(storage.address, data, dtype);
    const isWhole = address === buffer.start && data.length === buffer.length;
    if (isWhole && !changed.has(buffer)) {
      constants.set(buffer, storage);
      continue;
    }
    const block = new ProgramBlock();
    encodeCopy(block, {
      x: storage.address,
      y: address,
      ndim: 1,
      shape: [data.length],
      xStrides: [1],
      yStrides: [1],
    });
    commands.splice(before, 0, ...parse(block.words, block.length));
  }
  return { commands, constants };
}

/** A function that finds the storage in which an address is. */
export function finder(storages: readonly Storage[]): (address: number) => Storage | null {
  const sorted = [...storages].sort((a, b) => a.address - b.address);
  return (address) => {
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sorted[middle]!.address <= address) low = middle + 1;
      else high = middle;
    }
    const found = sorted[low - 1];
    return found !== undefined && address < found.address + found.length ? found : null;
  };
}
