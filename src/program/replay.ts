/**
 * A traced function, planned and loaded: what one call of a compiled function runs. It owns the program's memory. Results
 * get memory of their own in every run; their addresses are patched into the program.
 */

import type { Executor, LoadedProgram } from '../../bindings/executor.ts';
import { checkAll, takeFault } from '../../bindings/ranges.ts';
import { valuesAtHand } from '../emit/values.ts';
import { countProgram, discountProgram } from '../runtime/programCount.ts';
import type { Variable } from '../tensor/graph.ts';
import { keep } from '../tensor/scope.ts';
import { Storage } from '../tensor/storage.ts';
import { dropGrad, Tensor } from '../tensor/tensor.ts';
import type { Command } from './commands.ts';
import { link, type Patch, type Place, type ProgramFigures, type ProgramOutput, type ProgramResult } from './link.ts';
import type { ProgramMemory } from './memory.ts';
import { type Mirror, releaseMirror, updateMirror } from './mirrors.ts';
import { writtenBy } from './optimize.ts';
import { Parts } from './parts.ts';
import type { Recorder, VirtualBuffer } from './recorder.ts';

/** Where a storage outside was when the program was loaded. If it has moved to another device, the program is of no use any more. */
interface Home {
  storage: Storage;
  executor: Executor;
  /** Whether the library made it for the trace and has given it up: then it lives as long as the program. */
  isOwn: boolean;
}

/** A gradient that the program computes for a leaf. */
interface LeafGradient {
  variable: Variable;
  /** The leaf's `grad` when the function was traced. */
  tensor: Tensor;
  storage: Storage;
}

export class Replay {
  /** Where the program runs. */
  readonly base: Executor;
  readonly figures: ProgramFigures;
  /** Commands that run before the others if something that they read has changed. */
  readonly prologue: readonly Command[];
  readonly commands: readonly Command[];
  /** Word at which each command starts. */
  readonly starts: readonly number[];
  readonly loaded: LoadedProgram;
  /** Inputs that the program changes in place. */
  readonly changedInputs: readonly number[];
  /** Storages outside that the program changes. */
  readonly changedStorages: ReadonlySet<Storage>;
  private readonly loadedPrologue: LoadedProgram;
  /** What the prologue reads, and the versions that it has seen. */
  private readonly sources: { storage: Storage; seen: number }[];
  private readonly memory: ProgramMemory;
  private readonly inputPatches: readonly (readonly Patch[])[];
  private readonly results: readonly ProgramResult[];
  private readonly parts: Parts;
  private readonly gradients: readonly LeafGradient[];
  /** Leaves that have no gradient after a run. */
  private readonly withoutGrad: readonly Variable[];
  /** Copies of tensors that live elsewhere. */
  private readonly mirrors: readonly Mirror[];
  private readonly homes: readonly Home[];
  private readonly places: readonly Place[];
  private hasPrologueRun = false;
  private hasRun = false;
  /** What had moved when everything was last in its place. */
  private moves = -1;

  /** Takes over what the recorder holds, unless it throws: then everything is as it was. */
  constructor(
    private readonly recorder: Recorder,
    private readonly inputs: readonly VirtualBuffer[],
    readonly outputs: readonly ProgramOutput[],
  ) {
    const linked = link(recorder, inputs, outputs);
    // Nothing from here on can run out of memory.
    const { prologue, main, storageOf } = linked;
    this.base = recorder.base;
    this.figures = linked.figures;
    this.prologue = prologue.commands;
    this.loadedPrologue = prologue.loaded;
    this.commands = main.commands;
    this.starts = main.starts;
    this.loaded = main.loaded;
    this.sources = Array.from(linked.sources, (storage) => ({ storage, seen: -1 }));
    this.memory = linked.memory;
    this.inputPatches = linked.inputPatches;
    this.results = linked.results;
    this.changedInputs = linked.changedInputs;
    this.changedStorages = writtenBy(main.commands, storageOf);
    this.parts = new Parts(this.base, {
      commands: main.commands,
      starts: main.starts,
      hooks: recorder.hooks,
      inputWords: linked.inputPatches.map((patches) => patches.map(({ at }) => at)),
      storageOf,
    });
    this.withoutGrad = [...recorder.dropped].filter(({ grad }) => grad === null);
    this.mirrors = recorder.settleAdopted((storage) => this.changedStorages.has(storage));
    this.homes = homesOf(recorder);
    this.gradients = gradientsOf(recorder);
    // What lives elsewhere was loaded with the address of its copy, which does not move.
    this.places = linked.places.filter(({ storage }) => storage.executor === this.base);
    this.memory.unpin();
    countProgram(this);
  }

  /** Whether the program's commands may run after the call that starts them. */
  get isAsynchronous(): boolean {
    return this.base.download !== undefined;
  }

  /** Whether something that the program uses has been disposed or moved: it can never run again. */
  isStale(): boolean {
    for (const { storage, executor, isOwn } of this.homes) {
      if ((storage.isGivenUp && !isOwn) || storage.executor !== executor) return true;
    }
    return false;
  }

  /** Whether argument i shares memory with something that the program changes, which was not so when the function was recorded. */
  sharesChanges(inputs: readonly Tensor[], i: number): boolean {
    const { changedInputs, changedStorages } = this;
    const { storage } = inputs[i]!;
    if (changedStorages.has(storage) || (changedInputs.includes(i) && this.recorder.captured.has(storage))) return true;
    return changedInputs.some((j) => j !== i && inputs[j]!.storage === storage);
  }

  /** Whether the program can run now: it is not stale, its conditions hold, and leaves have the gradients that they had when it was recorded. */
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

  /** Runs the program on these inputs (contiguous, of the traced shapes) and returns the results. If it throws, `giveUp` follows. */
  run(inputs: readonly Tensor[]): Tensor[] {
    const results: Tensor[] = [];
    try {
      if (this.recorder.guards.length > 0) this.checkGuards(inputs);
      this.mirrors.forEach(updateMirror);
      this.patchInputs(inputs);
      this.makeResults(results);
      this.settle();
      this.runHeld(inputs);
    } catch (error) {
      for (const result of results) result.dispose();
      throw error;
    }
    if (!this.hasRun) this.recorder.releaseGradients();
    this.hasRun = true;
    for (const storage of this.changedStorages) storage.changed();
    for (const i of this.changedInputs) inputs[i]!.storage.changed();
    this.giveGradients();
    return results;
  }

  /** Has all that the program uses in the heap, and its words say where. From here on no other command may run before the program. */
  private settle(): void {
    const { loaded, loadedPrologue, base } = this;
    if (this.moves === base.residents.moves) return;
    for (const place of this.places) {
      const { address } = place.storage;
      if (address === place.address) continue;
      for (const { at, delta } of place.main) loaded.patch(at, address + delta);
      for (const { at, delta } of place.prologue) loadedPrologue.patch(at, address + delta);
      place.address = address;
    }
    loaded.ready();
    loadedPrologue.ready();
    this.moves = base.residents.moves;
  }

  private patchInputs(inputs: readonly { readonly address: number }[]): void {
    const { loaded, inputPatches } = this;
    for (let i = 0; i < inputPatches.length; i++) {
      const { address } = inputs[i]!;
      for (const { at, delta } of inputPatches[i]!) loaded.patch(at, address + delta);
    }
  }

  private announceChanges(inputs: readonly Tensor[]): void {
    for (const storage of this.changedStorages) if (storage.snapshot !== null) storage.willChange();
    for (const i of this.changedInputs) inputs[i]!.storage.willChange();
  }

  /** Runs the program, which has parts; between them everything stays where it is. */
  private runHeld(inputs: readonly Tensor[]): void {
    const { residents } = this.base;
    residents.holds++;
    try {
      this.announceChanges(inputs);
      this.runParts(inputs);
    } finally {
      residents.holds--;
    }
  }

  /**
   * Runs `fn`, which may run commands of the program in any order. What they compute is of no value, and what they change outside is put
   * back afterwards.
   */
  rehearse<T>(fn: () => T): T {
    const { base } = this;
    const made: Storage[] = [];
    const allocate = (length: number) => {
      const storage = Storage.allocate(base, length);
      made.push(storage);
      storage.pins++;
      base.write(storage.address, new Float32Array(length), 'float32');
      return storage;
    };
    try {
      const inputs = this.inputs.map(({ length }) => allocate(length));
      const results = this.results.map(({ buffer }) => allocate(buffer.length));
      this.patchInputs(inputs);
      this.results.forEach(({ patches }, i) => {
        for (const { at, delta } of patches) this.loaded.patch(at, results[i]!.address + delta);
      });
      this.settle();
      base.residents.holds++;
      const copies = [...this.changedStorages].map(({ address, length }) => ({
        address,
        elements: base.read(address, length, 'float32'),
      }));
      try {
        return fn();
      } finally {
        for (const { address, elements } of copies) base.write(address, elements, 'float32');
        base.residents.holds--;
      }
    } finally {
      for (const storage of made) storage.release();
      // Some checks ran on memory that other values had taken over.
      takeFault(base);
    }
  }

  /** Refuses values out of range that the host knows before the run. */
  private checkGuards(inputs: readonly Tensor[]): void {
    for (const { input, storage, offset, shape, strides, dtype, range } of this.recorder.guards) {
      const given = input === null ? undefined : inputs[input];
      const home = (given?.storage ?? storage).retain();
      const view = new Tensor(home, shape, strides, (given?.offset ?? 0) + offset, dtype);
      try {
        const values = valuesAtHand(view);
        if (values !== null) checkAll(range, values);
      } finally {
        view.dispose();
      }
    }
  }

  /** Makes the tensors that the program will write its results to. */
  private makeResults(results: Tensor[]): void {
    for (const { buffer, offset, shape, strides, dtype, patches, first } of this.results) {
      let home = results[first]?.storage.retain();
      if (home === undefined) {
        home = Storage.allocate(this.base, buffer.length);
        for (const { at, delta } of patches) this.loaded.patch(at, home.address + delta);
      }
      results.push(new Tensor(home, shape, strides, offset, dtype));
    }
  }

  /** Gives the leaves the gradients that the program has computed, and takes away those that it forgets. */
  private giveGradients(): void {
    for (const variable of this.withoutGrad) dropGrad(variable);
    for (const { variable, tensor, storage } of this.gradients) {
      // The gradient may be another program's, if the function forgets gradients first.
      if (variable.grad?.storageOrNull === storage) continue;
      dropGrad(variable);
      const { shape, strides, offset, dtype } = tensor;
      variable.grad = keep(tensor.isDisposed ? new Tensor(storage.retain(), shape, strides, offset, dtype) : tensor);
      variable.gradExposed = false;
    }
  }

  /** Runs the commands. If one of them finds a value out of range, all memory outside is left as it was. */
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

  /** The error for what commands have found out of range, where that is known at once. */
  private findFault(run: () => void): Error | null {
    let refusal: Error | null = null;
    try {
      run();
    } finally {
      // Taken after other errors too, so that the next program does not find it.
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

  /** Gives leaves the gradients that they had before the trace instead of those that the program would give them. */
  private forgetTrace(): void {
    for (const { variable, tensor } of this.gradients) if (variable.grad === tensor) dropGrad(variable);
    this.recorder.restoreGradients();
  }

  /** After a run that failed: the gradients of leaves are as they were before the call. */
  giveUp(): void {
    if (!this.hasRun) this.forgetTrace();
  }

  /** Undoes the trace. */
  discard(): void {
    this.forgetTrace();
    this.dispose();
  }

  dispose(): void {
    discountProgram(this);
    this.mirrors.forEach(releaseMirror);
    this.memory.release();
    this.recorder.release();
    for (const { storage } of this.gradients) storage.release();
  }
}

function homesOf({ captured, made }: Recorder): Home[] {
  return Array.from(captured, (storage) => {
    const { executor, isGivenUp } = storage;
    return { storage, executor, isOwn: isGivenUp && made.has(storage) };
  });
}

/** The gradients that the traced function gave to leaves, whose memory the program holds. */
function gradientsOf(recorder: Recorder): LeafGradient[] {
  const gradients: LeafGradient[] = [];
  for (const [variable, tensor] of recorder.gradients) {
    if (tensor.storageOrNull !== null) gradients.push({ variable, tensor, storage: tensor.storageOrNull.retain() });
  }
  return gradients;
}
