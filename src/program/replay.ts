/**
 * A traced function, planned and loaded: what one call of a compiled function runs. It owns the program's memory; results
 * get memory of their own at every run, by patching their addresses into the program.
 */

import type { DType, Executor, LoadedProgram } from '../../bindings/executor.ts';
import { checkAll, takeFault } from '../../bindings/ranges.ts';
import { valuesAtHand } from '../emit/values.ts';
import type { Variable } from '../tensor/graph.ts';
import { keep } from '../tensor/scope.ts';
import { Storage } from '../tensor/storage.ts';
import { dropGrad, Tensor } from '../tensor/tensor.ts';
import type { Command } from './commands.ts';
import { draftOf, finder } from './draft.ts';
import { ProgramMemory } from './memory.ts';
import { type Mirror, releaseMirror, updateMirror } from './mirrors.ts';
import { writtenBy } from './optimize.ts';
import { Parts } from './parts.ts';
import { sumOf, type VirtualHeap } from './passes.ts';
import type { Recorder, VirtualBuffer } from './recorder.ts';

/** A tensor that the program gives: seen on its buffer, as the traced function saw it. */
export interface ProgramOutput {
  buffer: VirtualBuffer;
  offset: number;
  shape: readonly number[];
  strides: readonly number[];
  dtype: DType;
}

/** A word of the program that holds an address which changes from run to run. */
interface Patch {
  at: number;
  /** Elements behind the start of the block. */
  delta: number;
}

/** What commands are loaded with. */
interface Linker {
  heap: VirtualHeap;
  patched: ReadonlyMap<VirtualBuffer, Patch[]>;
  /** Real address of a buffer. */
  placeOf(buffer: VirtualBuffer): number;
  /** Buffers that loaded commands write. */
  changed: Set<VirtualBuffer>;
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

export class Replay {
  readonly commands: Command[];
  /** Commands that run before the others, if something that they read has changed. */
  readonly prologue: Command[];
  readonly figures: ProgramFigures;
  /** Word at which each command starts. */
  readonly starts: number[] = [];
  readonly loaded: LoadedProgram;
  /** Where the program runs. */
  readonly base: Executor;
  private readonly loadedPrologue: LoadedProgram;
  /** What the prologue reads, and the versions that it has seen. */
  private readonly sources: { storage: Storage; seen: number }[];
  private hasPrologueRun = false;
  private hasRun = false;
  private readonly parts: Parts;
  /** Storages outside that the program changes. */
  private readonly changes: ReadonlySet<Storage>;
  /** Inputs that the program changes in place. */
  readonly changedInputs: number[];
  private readonly memory: ProgramMemory;
  private readonly inputPatches: Patch[][];
  private readonly outputPatches: Patch[][];
  private readonly gradients: { variable: Variable; tensor: Tensor; storage: Storage }[] = [];
  /** Leaves that have no gradient after it. */
  private readonly withoutGrad: Variable[];
  /** Copies of tensors that live elsewhere. */
  private readonly mirrors: Mirror[];
  /** Where the storages outside lie: elsewhere, and the program is of no use any more. */
  private readonly homes: readonly { storage: Storage; executor: Executor; address: number; isOwn: boolean }[];

  /** Takes over what the recorder holds, unless it throws: then everything is as it was. */
  constructor(
    private readonly recorder: Recorder,
    inputs: readonly VirtualBuffer[],
    readonly outputs: readonly ProgramOutput[],
  ) {
    this.base = recorder.base;
    this.memory = new ProgramMemory(recorder.base);
    try {
      const patched = new Map<VirtualBuffer, Patch[]>();
      this.inputPatches = inputs.map((buffer) => register(patched, buffer));
      this.outputPatches = outputs.map(({ buffer }) => register(patched, buffer));
      const draft = draftOf(recorder, this.memory, patched);
      const { heap, places, optimized, plan } = draft;
      this.prologue = optimized.prologue;
      this.commands = optimized.commands;
      this.sources = [...optimized.sources].map((storage) => ({ storage, seen: -1 }));
      this.figures = {
        recorded: recorder.program.commands,
        commands: this.commands.length,
        prologueCommands: this.prologue.length,
        prologueBytes: sumOf(optimized.results) * 4,
        fusedCommands: optimized.fused,
        plannedBytes: plan.elements * 4,
        bufferBytes: plan.sum * 4,
      };
      const arena = this.memory.allocate(plan.elements);
      const placeOf = (buffer: VirtualBuffer) => places.get(buffer) ?? arena.address + plan.offsetOf(buffer);
      const linker = { heap, patched, placeOf, changed: new Set<VirtualBuffer>() };
      this.loadedPrologue = this.load(this.prologue, linker, []);
      this.loaded = this.load(this.commands, linker, this.starts);
      this.changedInputs = [...inputs.keys()].filter((i) => linker.changed.has(inputs[i]!));
      const storageOf = finder([...recorder.captured, ...draft.lasting]);
      this.changes = writtenBy(this.commands, storageOf);
      this.parts = new Parts(this.base, {
        commands: this.commands,
        starts: this.starts,
        hooks: recorder.hooks,
        inputWords: this.inputPatches.map((patches) => patches.map(({ at }) => at)),
        storageOf,
      });
    } catch (error) {
      this.memory.undo();
      throw error;
    }
    this.withoutGrad = [...recorder.dropped].filter(({ grad }) => grad === null);
    this.mirrors = recorder.settleAdopted((storage) => this.changes.has(storage));
    this.homes = Array.from(recorder.captured, (storage) => {
      const { executor, address, isGivenUp } = storage;
      // What the library made for the trace and has given up lives as long as the program.
      return { storage, executor, address, isOwn: isGivenUp && recorder.made.has(storage) };
    });
    for (const [variable, tensor] of recorder.gradients) {
      if (tensor.storageOrNull !== null) this.gradients.push({ variable, tensor, storage: tensor.storage.retain() });
    }
  }

  /** Puts real addresses into commands, notes the words that change from run to run, and loads them. */
  private load(commands: readonly Command[], linker: Linker, starts: number[]): LoadedProgram {
    const { heap, patched, placeOf, changed } = linker;
    const words: number[] = [];
    for (const command of commands) {
      starts.push(words.length);
      for (const operand of command.operands) {
        const buffer = heap.of(command, operand);
        if (buffer === null) continue;
        const delta = command.address(operand) - buffer.start;
        if (operand.role !== 'in') changed.add(buffer);
        patched.get(buffer)?.push({ at: words.length + operand.at, delta });
        command.words[operand.at] = placeOf(buffer) + delta;
      }
      words.push(...command.words);
    }
    return this.memory.load(Int32Array.from(words), commands.length);
  }

  /** Whether the program's commands may run after the call that starts them. */
  get isAsynchronous(): boolean {
    return this.base.download !== undefined;
  }

  /** Whether something that the program uses has been disposed or moved: it can never run again. */
  isStale(): boolean {
    for (const { storage, executor, address, isOwn } of this.homes) {
      if ((storage.isGivenUp && !isOwn) || storage.address !== address || storage.executor !== executor) return true;
    }
    return false;
  }

  /** Storages outside that the program changes. */
  get changedStorages(): ReadonlySet<Storage> {
    return this.changes;
  }

  /** Whether argument i shares memory with something that the program changes, which the function did not when it was recorded. */
  sharesChanges(inputs: readonly Tensor[], i: number): boolean {
    const { changedInputs, changes } = this;
    const { storage } = inputs[i]!;
    if (changes.has(storage) || (changedInputs.includes(i) && this.recorder.captured.has(storage))) return true;
    return changedInputs.some((j) => j !== i && inputs[j]!.storage === storage);
  }

  /** Whether the program can run now: it is not stale, its conditions hold, and the gradients that leaves had at its start are as they were. */
  isCurrent(): boolean {
    if (this.isStale() || this.recorder.conditions.some((holds) => !holds())) return false;
    for (const variable of this.recorder.expectsNoGrad) {
      if (variable.grad !== null) return false;
    }
    for (const [variable, storage] of this.recorder.expectsGrad) {
      if (variable.grad?.storageOrNull !== storage) return false;
    }
    return true;
  }

  /** Runs the program on these inputs (contiguous, of the traced shapes) and returns the results. */
  run(inputs: readonly Tensor[]): Tensor[] {
    for (const { input, storage, offset, shape, strides, dtype, range } of this.recorder.guards) {
      const view = new Tensor(
        (input === null ? storage : inputs[input]!.storage).retain(),
        shape,
        strides,
        input === null ? offset : inputs[input]!.offset + offset,
        dtype,
      );
      try {
        const values = valuesAtHand(view);
        if (values !== null) checkAll(range, values);
      } finally {
        view.dispose();
      }
    }
    const { loaded } = this;
    this.inputPatches.forEach((patches, i) => {
      const { address } = inputs[i]!;
      for (const { at, delta } of patches) loaded.patch(at, address + delta);
    });
    const homes = new Map<VirtualBuffer, Storage>();
    const results = this.outputs.map(({ buffer, offset, shape, strides, dtype }, i) => {
      const shared = homes.get(buffer);
      if (shared !== undefined) return new Tensor(shared.retain(), shape, strides, offset, dtype);
      const own = Storage.allocate(this.base, buffer.length);
      homes.set(buffer, own);
      for (const { at, delta } of this.outputPatches[i]!) loaded.patch(at, own.address + delta);
      return new Tensor(own, shape, strides, offset, dtype);
    });
    this.mirrors.forEach(updateMirror);
    try {
      this.runParts(inputs);
    } catch (error) {
      for (const result of results) result.dispose();
      if (!this.hasRun) this.forgetTrace();
      throw error;
    }
    if (!this.hasRun) this.recorder.releaseGradients();
    this.hasRun = true;
    for (const storage of this.changes) storage.version++;
    for (const i of this.changedInputs) inputs[i]!.storage.version++;
    for (const variable of this.withoutGrad) dropGrad(variable);
    for (const { variable, tensor, storage } of this.gradients) {
      // Another program's, if the function forgets gradients first.
      if (variable.grad?.storageOrNull === storage) continue;
      dropGrad(variable);
      const { shape, strides, offset, dtype } = tensor;
      variable.grad = keep(tensor.isDisposed ? new Tensor(storage.retain(), shape, strides, offset, dtype) : tensor);
      variable.gradExposed = false;
    }
    return results;
  }

  /** Runs the commands. If one of them finds a value out of range, all memory outside is as it was. */
  private runParts(inputs: readonly Tensor[]): void {
    this.refresh();
    const { loaded, parts } = this;
    if (parts.checked > 0) {
      const undo = parts.save(inputs);
      for (const hook of parts.early) hook.run();
      const refusal = this.findFault(() => loaded.run(0, parts.checked));
      if (refusal !== null) {
        undo();
        throw refusal;
      }
    }
    for (const hook of parts.late) hook.run();
    if (parts.left > 0) loaded.run(parts.second, parts.left);
  }

  /** What commands have found out of range, where that can be known at once. */
  private findFault(run: () => void): Error | null {
    let refusal: Error | null = null;
    try {
      run();
    } finally {
      // It is taken away after other errors too: the next program shall not find it.
      if (!this.isAsynchronous) refusal = takeFault(this.base);
    }
    return refusal;
  }

  /** Runs the prologue if something that it reads has changed since its last run. */
  private refresh(): void {
    if (this.prologue.length === 0) return;
    if (this.hasPrologueRun && this.sources.every(({ storage, seen }) => storage.version === seen)) return;
    const refusal = this.findFault(() => this.loadedPrologue.run());
    if (refusal !== null) throw refusal;
    this.hasPrologueRun = true;
    for (const source of this.sources) source.seen = source.storage.version;
  }

  /** Leaves have the gradients that they had before the trace, not those that the program would give them. */
  private forgetTrace(): void {
    for (const { variable, tensor } of this.gradients) if (variable.grad === tensor) dropGrad(variable);
    this.recorder.restoreGradients();
  }

  /** Undoes the trace. */
  discard(): void {
    this.forgetTrace();
    this.dispose();
  }

  dispose(): void {
    this.mirrors.forEach(releaseMirror);
    this.memory.release();
    this.recorder.release();
    for (const { storage } of this.gradients) storage.release();
  }
}

function register(patched: Map<VirtualBuffer, Patch[]>, buffer: VirtualBuffer): Patch[] {
  let patches = patched.get(buffer);
  if (patches === undefined) {
    patches = [];
    patched.set(buffer, patches);
  }
  return patches;
}
