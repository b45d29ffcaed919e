/**
 * The pass that takes out of a program what gives the same result in every run: commands that depend, directly or through
 * others, only on memory outside that the program does not write. They become its prologue, which runs before the first
 * run, and again only after that memory has changed.
 */
import { type Command, type Operand, reads, writes } from './commands.ts';
import type { VirtualHeap } from './passes.ts';
import type { VirtualBuffer } from './recorder.ts';

/** What the pass must know about the memory that the commands use. `Source` stands for a block of memory outside. */
export interface Surroundings<Source> {
  /** Buffers that belong to a single run, or to the world outside: inputs, results, what lives on. */
  varying: ReadonlySet<VirtualBuffer>;
  /** The block of memory outside that holds an address, or null if it is not known when that changes. */
  sourceOf(address: number): Source | null;
  /** Whether a command must be part of every run, whatever it reads. */
  stays(command: Command): boolean;
}

export interface Folded<Source> {
  /** Commands that run before the others if something that they read has changed. */
  prologue: Command[];
  commands: Command[];
  /** Buffers that the prologue leaves to the commands. */
  results: Set<VirtualBuffer>;
  /** Memory outside that the prologue reads. */
  sources: Set<Source>;
}

/** Divides commands into prologue and rest. Both keep their order. */
export function foldConstants<Source>(
  commands: readonly Command[],
  heap: VirtualHeap,
  { varying: given, sourceOf, stays: mustStay }: Surroundings<Source>,
): Folded<Source> {
  const varying = new Set(given);
  const written = new Set<Source>();
  for (const command of commands) {
    for (const operand of command.operands.filter(writes)) {
      if (heap.of(command, operand) !== null) continue;
      const source = sourceOf(command.address(operand));
      if (source !== null) written.add(source);
    }
  }
  const isConstant = (command: Command, operand: Operand): boolean => {
    const buffer = heap.of(command, operand);
    if (buffer !== null) return !varying.has(buffer);
    if (writes(operand)) return false;
    const source = sourceOf(command.address(operand));
    return source !== null && !written.has(source);
  };
  const stays = new Set<Command>(commands.filter(mustStay));
  // What a command that stays writes is varying, which may make other commands stay, earlier ones too.
  for (let size = -1; size !== stays.size + varying.size; ) {
    size = stays.size + varying.size;
    const touched = new Set<VirtualBuffer>();
    for (const command of commands) {
      if (!command.operands.every((operand) => isConstant(command, operand))) stays.add(command);
      for (const operand of command.operands) {
        const buffer = heap.of(command, operand);
        if (buffer === null) continue;
        if (stays.has(command)) {
          touched.add(buffer);
          if (writes(operand)) varying.add(buffer);
        } else if (writes(operand) && touched.has(buffer)) {
          // A command that stays has seen this buffer before the change.
          varying.add(buffer);
        }
      }
    }
  }
  const prologue = commands.filter((command) => !stays.has(command));
  const rest = commands.filter((command) => stays.has(command));
  return { prologue, commands: rest, ...dependencies(prologue, rest, heap, sourceOf) };
}

/** What a prologue leaves to the commands, and what it reads. */
export function dependencies<Source>(
  prologue: readonly Command[],
  commands: readonly Command[],
  heap: VirtualHeap,
  sourceOf: (address: number) => Source | null,
): Pick<Folded<Source>, 'results' | 'sources'> {
  const made = buffersOf(prologue, heap, writes);
  const results = new Set([...buffersOf(commands, heap, reads)].filter((buffer) => made.has(buffer)));
  const sources = new Set<Source>();
  for (const command of prologue) {
    for (const operand of command.operands) {
      const source = heap.of(command, operand) === null ? sourceOf(command.address(operand)) : null;
      if (source !== null) sources.add(source);
    }
  }
  return { results, sources };
}

function buffersOf(
  commands: readonly Command[],
  heap: VirtualHeap,
  wanted: (operand: Operand) => boolean,
): Set<VirtualBuffer> {
  const buffers = new Set<VirtualBuffer>();
  for (const command of commands) {
    for (const operand of command.operands.filter(wanted)) {
      const buffer = heap.of(command, operand);
      if (buffer !== null) buffers.add(buffer);
    }
  }
  return buffers;
}
