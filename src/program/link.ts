/**
 * The last step before a program can run: every buffer gets its address, and the commands are loaded. Inputs and results have other
 * addresses at every run; the words that hold these are noted.
 */
import type { DType, LoadedProgram } from '../../bindings/executor.ts';
import type { Storage } from '../tensor/storage.ts';
import { type Command, type Operand, writes } from './commands.ts';
import { type Draft, draftOf, finder } from './draft.ts';
import { ProgramMemory } from './memory.ts';
import { sumOf, type VirtualHeap } from './passes.ts';
import type { Recorder, VirtualBuffer } from './recorder.ts';

/** A result of the program: how the traced function saw it on its buffer. */
export interface ProgramOutput {
  buffer: VirtualBuffer;
  offset: number;
  shape: readonly number[];
  strides: readonly number[];
  dtype: DType;
}

/** A word of the program that holds an address which changes from run to run. */
export interface Patch {
  at: number;
  /** Elements from the start of the block. */
  delta: number;
}

/** A block that the program uses, and the words that hold its address. */
export interface Place {
  readonly storage: Storage;
  /** The address that they hold. */
  address: number;
  readonly main: Patch[];
  readonly prologue: Patch[];
}

/** A result, and how it gets its memory. */
export interface ProgramResult extends ProgramOutput {
  /** The words that hold its address. */
  readonly patches: readonly Patch[];
  /** The number of the first result on the same buffer, which may be its own. */
  readonly first: number;
}

/** What a program costs and contains, for people. */
export interface ProgramFigures {
  /** Commands recorded. */
  recorded: number;
  /** Commands left after the passes, which every call runs. */
  commands: number;
  /** Commands that run only when what they read has changed. */
  prologueCommands: number;
  /** Bytes of the results that those keep. */
  prologueBytes: number;
  /** Commands that the passes joined to others. */
  fusedCommands: number;
  /** Bytes of the program's memory. */
  plannedBytes: number;
  /** Bytes of all the buffers that share it, one after the other. */
  bufferBytes: number;
}

/** Commands that the executor can run. */
interface Section {
  readonly commands: readonly Command[];
  /** Word at which each command starts. */
  readonly starts: readonly number[];
  readonly loaded: LoadedProgram;
}

/** A program that can run. */
export interface Linked {
  /** What it owns. */
  readonly memory: ProgramMemory;
  /** What runs before `main` if something that it reads has changed. */
  readonly prologue: Section;
  /** What every call runs. */
  readonly main: Section;
  /** The storages outside that the prologue reads. */
  readonly sources: ReadonlySet<Storage>;
  /** The words that hold the address of each input. */
  readonly inputPatches: readonly (readonly Patch[])[];
  readonly results: readonly ProgramResult[];
  /** The blocks outside, and those that the program owns. */
  readonly places: readonly Place[];
  /** The inputs that the program changes in place. */
  readonly changedInputs: readonly number[];
  readonly figures: ProgramFigures;
  /** The storage outside that holds an address. */
  storageOf(address: number): Storage | null;
}

/** Plans and loads what was recorded. If that throws, no memory is held, and storages are where they were. */
export function link(recorder: Recorder, inputs: readonly VirtualBuffer[], outputs: readonly ProgramOutput[]): Linked {
  const memory = new ProgramMemory(recorder.base);
  try {
    return linkIn(memory, recorder, inputs, outputs);
  } catch (error) {
    memory.undo();
    throw error;
  }
}

function linkIn(
  memory: ProgramMemory,
  recorder: Recorder,
  inputs: readonly VirtualBuffer[],
  outputs: readonly ProgramOutput[],
): Linked {
  const given = new Set([...inputs, ...outputs.map(({ buffer }) => buffer)]);
  const draft = draftOf(recorder, memory, given);
  const { heap, places, lasting, optimized, plan } = draft;
  const arena = memory.allocate(plan.elements);
  // A run leaves nothing in it that another one needs.
  arena.isVolatile = true;
  const linker = new Linker(memory, heap, finder([...recorder.captured, ...memory.storages]), (buffer) => {
    const own = places.get(buffer);
    return own === undefined ? { storage: arena, start: plan.offsetOf(buffer) } : { storage: own, start: 0 };
  });
  const inputPatches = inputs.map((buffer) => linker.patchesOf(buffer));
  const results = outputs.map((output) => ({
    ...output,
    patches: linker.patchesOf(output.buffer),
    first: outputs.findIndex(({ buffer }) => buffer === output.buffer),
  }));
  return {
    memory,
    prologue: linker.load(optimized.prologue, 'prologue'),
    main: linker.load(optimized.commands, 'main'),
    places: linker.places,
    sources: optimized.sources,
    inputPatches,
    results,
    changedInputs: inputs.flatMap((buffer, i) => (linker.changed.has(buffer) ? [i] : [])),
    figures: figuresOf(recorder, draft),
    storageOf: finder([...recorder.captured, ...lasting]),
  };
}

class Linker {
  /** Buffers that the loaded commands write. */
  readonly changed = new Set<VirtualBuffer>();
  /** Of each buffer whose address changes at every run, the words that hold it. */
  private readonly patches = new Map<VirtualBuffer, Patch[]>();
  private readonly found = new Map<Storage, Place>();

  constructor(
    private readonly memory: ProgramMemory,
    private readonly heap: VirtualHeap,
    /** The storage that holds a real address, if it is none of the executor's own. */
    private readonly storageOf: (address: number) => Storage | null,
    /** The memory of a buffer. */
    private readonly homeOf: (buffer: VirtualBuffer) => { storage: Storage; start: number },
  ) {}

  get places(): Place[] {
    return [...this.found.values()];
  }

  /** A list that `load` fills with the words that hold the address of a buffer. */
  patchesOf(buffer: VirtualBuffer): readonly Patch[] {
    let patches = this.patches.get(buffer);
    if (patches === undefined) {
      patches = [];
      this.patches.set(buffer, patches);
    }
    return patches;
  }

  /** Puts real addresses into commands, and loads them. */
  load(commands: readonly Command[], section: 'main' | 'prologue'): Section {
    const starts: number[] = [];
    const words: number[] = [];
    for (const command of commands) {
      starts.push(words.length);
      for (const operand of command.operands) this.place(command, operand, words.length + operand.at, section);
      words.push(...command.words);
    }
    return { commands, starts, loaded: this.memory.load(Int32Array.from(words), commands.length) };
  }

  /** Notes what an operand, which becomes the word `at`, is in, and gives it its address. */
  private place(command: Command, operand: Operand, at: number, section: 'main' | 'prologue'): void {
    const address = command.address(operand);
    const buffer = this.heap.of(command, operand);
    if (buffer === null) {
      const storage = this.storageOf(address);
      if (storage !== null) this.placeOf(storage)[section].push({ at, delta: address - storage.address });
      return;
    }
    const delta = address - buffer.start;
    if (writes(operand)) this.changed.add(buffer);
    const patches = this.patches.get(buffer);
    if (patches !== undefined) {
      patches.push({ at, delta });
      return;
    }
    const { storage, start } = this.homeOf(buffer);
    const place = this.placeOf(storage);
    place[section].push({ at, delta: start + delta });
    command.relocate(operand, place.address + start + delta);
  }

  private placeOf(storage: Storage): Place {
    let place = this.found.get(storage);
    if (place === undefined) {
      place = { storage, address: storage.address, main: [], prologue: [] };
      this.found.set(storage, place);
    }
    return place;
  }
}

const BYTES_PER_ELEMENT = 4;

function figuresOf({ program }: Recorder, { optimized, plan }: Draft): ProgramFigures {
  return {
    recorded: program.commands,
    commands: optimized.commands.length,
    prologueCommands: optimized.prologue.length,
    prologueBytes: sumOf(optimized.results) * BYTES_PER_ELEMENT,
    fusedCommands: optimized.fused,
    plannedBytes: plan.elements * BYTES_PER_ELEMENT,
    bufferBytes: plan.sum * BYTES_PER_ELEMENT,
  };
}
