/**
 * The recorder takes the place of an executor while `compile` traces a function. Commands are kept, not run. Memory is
 * virtual: every block gets addresses of its own above all real ones, and the plan gives it a real address later. Values
 * do not exist yet, so reading one is an error.
 */
import { ProgramBlock } from '../../bindings/commands/program.ts';
import { refuse, TraceError } from '../../bindings/errors.ts';
import type { DType, Executor, HeapAllocator, LoadedProgram, NumericArray } from '../../bindings/executor.ts';
import { Residents } from '../../bindings/memory/residents.ts';
import type { Range } from '../../bindings/ranges.ts';
import { type GradientRows, releaseGrad, type Variable } from '../tensor/graph.ts';
import type { Storage } from '../tensor/storage.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Hook, RandomStream, Tracer } from '../tensor/trace.ts';
import { type Mirror, mirrorOn, releaseMirror, takeMirror } from './mirrors.ts';

/** First virtual element index: the end of the largest real heap. */
export const VIRTUAL_START = 2 ** 30;
/** Addresses are 32-bit words, so the virtual heap ends here. */
const VIRTUAL_END = 2 ** 32;
const ALIGNMENT = 16;

/** A program block that grows. */
class GrowingBlock extends ProgramBlock {
  override reserve(count: number): number {
    if (this.length + count > this.words.length) {
      const larger = new Int32Array(this.words.length * 2 + count);
      larger.set(this.words);
      this.rebase(larger);
    }
    return super.reserve(count);
  }

  override clear(): void {}
}

/** A block of virtual memory. */
export interface VirtualBuffer {
  start: number;
  length: number;
}

/** Numbers that the traced function wrote into a block. */
export interface HostWrite {
  address: number;
  data: ArrayLike<number>;
  dtype: DType;
  /** Commands recorded before it. */
  before: number;
}

/**
 * A range for the values of an input (by number) or of a tensor outside, viewed as the traced function viewed it. It is needed only where a
 * fault that a command finds is read later: there the host checks the values that it knows before a run.
 */
export interface Guard {
  input: number | null;
  storage: Storage;
  offset: number;
  shape: readonly number[];
  strides: readonly number[];
  dtype: DType;
  range: Range;
}

/** A storage that is used where its copy is, and where it was before. */
interface Adopted {
  mirror: Mirror;
  executor: Executor;
  address: number;
}

export class Recorder implements Tracer {
  readonly program = new GrowingBlock(new Int32Array(4096));
  readonly allocator: HeapAllocator;
  /** Of virtual memory; none of them leaves it. */
  readonly residents = new Residents(false);
  readonly buffers: VirtualBuffer[] = [];
  readonly writes: HostWrite[] = [];
  /** Storages of virtual blocks. */
  readonly storages: Storage[] = [];
  /** Storages outside that the program reads or writes. Each is held, so that its block is not reused even if the function disposes it. */
  readonly captured = new Set<Storage>();
  /** Storages outside that the library made for the trace. */
  readonly made = new Set<Storage>();
  /** What must happen before every run: settings of optimizers, the position of the random numbers. */
  readonly hooks: Hook[] = [];
  /** Leaves whose gradients the traced function has forgotten. */
  readonly dropped = new Set<Variable>();
  /** The gradients that they had before, until the program has run. */
  private readonly setAside: { leaf: Variable; grad: Tensor; isExposed: boolean }[] = [];
  /** Leaves that were given a gradient while they had none, without having forgotten one before. */
  readonly expectsNoGrad = new Set<Variable>();
  /** Leaves with a gradient from before the traced function, to which another was added. */
  readonly expectsGrad = new Map<Variable, Storage>();
  /** Leaves that were given a gradient. */
  readonly gradients = new Map<Variable, Tensor>();
  /** Memory of gradients, kept from run to run. */
  private readonly rowMemories: GradientRows[] = [];
  /** What must hold for the program to be right. */
  readonly conditions: (() => boolean)[] = [];
  /** The objects whose settings the function has met. */
  private readonly dependencies = new Set<object>();
  /** Numbers of the traced function's inputs, by their storages, in order. */
  readonly inputs = new Map<Storage, number>();
  /** Ranges that the host checks before every run. */
  readonly guards: Guard[] = [];
  /** The stream that random commands draw from, and the blocks drawn so far. */
  private stream: RandomStream | null = null;
  private randomBlocks = 0;
  private next = VIRTUAL_START;

  /** Whether the function met a tensor that lives neither here nor where tensors are adopted from. */
  metForeign = false;
  /** Storages that were brought here for the trace. */
  private readonly adopted: Adopted[] = [];

  /** @param adoptsFrom tensors that live there are used here as if they lived here */
  constructor(
    readonly base: Executor,
    private readonly adoptsFrom: Executor | null = null,
  ) {
    this.program.scratch = base.program.scratch;
    this.program.tile = base.program.tile;
    this.allocator = {
      bytesInUse: 0,
      blocks: 0,
      bytesReserved: 0,
      describe: () => '',
      allocate: (elements) => this.allocate(elements),
      release: () => {},
      limitTo: () => {},
      bytesOf: () => 0,
    };
  }

  get device() {
    return this.base.device;
  }

  get randomState(): number {
    return this.base.randomState;
  }

  get fault(): number {
    return this.base.fault;
  }

  private allocate(length: number): number {
    const start = this.next;
    this.next += (Math.floor(length / ALIGNMENT) + 1) * ALIGNMENT;
    if (!(this.next <= VIRTUAL_END)) {
      refuse(
        TraceError,
        'compile',
        `the traced function makes more than ${(VIRTUAL_END - VIRTUAL_START) * 4} bytes of tensors`,
      );
    }
    this.buffers.push({ start, length });
    return start;
  }

  /** A storage was made on virtual memory. */
  track(storage: Storage): void {
    this.storages.push(storage);
  }

  /** A tensor of this storage is about to be used: if it lives on `adoptsFrom`, its values are brought here. */
  meet(storage: Storage): void {
    const { executor } = storage;
    if (executor === this.base || executor === this) return;
    if (executor !== this.adoptsFrom) {
      this.metForeign = true;
      return;
    }
    const mirror = mirrorOn(this.base, storage);
    storage.retainForProgram();
    this.adopted.push({ mirror, ...storage.depart() });
    storage.visit(this.base, mirror.copy.address);
  }

  /**
   * Puts adopted storages back where they were, except those for which `stays` holds: they live here from now on. Returns the copies of
   * the others, which the caller releases.
   */
  settleAdopted(stays: (storage: Storage) => boolean): Mirror[] {
    const mirrors: Mirror[] = [];
    for (const { mirror, executor, address } of this.adopted.splice(0)) {
      const { storage } = mirror;
      if (stays(storage)) {
        executor.allocator.release(address, storage.length);
        takeMirror(mirror);
      } else {
        storage.settle(executor, address);
        mirrors.push(mirror);
      }
      storage.releaseFromProgram();
    }
    return mirrors;
  }

  /** Puts all adopted storages back. */
  returnAdopted(): void {
    this.settleAdopted(() => false).forEach(releaseMirror);
  }

  /** Lets go of what the program, or the attempt to record one, holds outside. */
  release(): void {
    for (const storage of this.captured) storage.releaseFromProgram();
    this.captured.clear();
    for (const memory of this.rowMemories.splice(0)) memory.dispose();
  }

  /** A command is about to use a storage. It stays where it is until `unpin`. */
  capture(storage: Storage): void {
    this.meet(storage);
    if (storage.executor !== this.base || this.captured.has(storage)) return;
    this.captured.add(storage.retainForProgram());
    storage.pins++;
  }

  /** Recorded addresses are not needed any more. */
  unpin(): void {
    for (const storage of this.captured) storage.pins--;
  }

  /** A leaf without gradient was given one. */
  deposited(leaf: Variable): void {
    if (!this.dropped.has(leaf)) this.expectsNoGrad.add(leaf);
    if (leaf.grad !== null) this.gradients.set(leaf, leaf.grad);
  }

  /** A leaf's gradient was added to the one that it had before. */
  accumulated(leaf: Variable, before: Tensor): void {
    if (!this.dropped.has(leaf) && !this.gradients.has(leaf)) this.expectsGrad.set(leaf, before.storage);
  }

  /** A leaf forgets its gradient. Takes it if it was there before the traced function, and says whether it has. */
  drop(leaf: Variable): boolean {
    const { grad, gradExposed: isExposed } = leaf;
    const isOld = grad !== null && !this.dropped.has(leaf) && !this.gradients.has(leaf);
    this.dropped.add(leaf);
    if (!isOld) return false;
    this.setAside.push({ leaf, grad, isExposed });
    leaf.grad = null;
    leaf.gradExposed = false;
    return true;
  }

  /** Gives leaves back the gradients that they had before the traced function: its program has not run. */
  restoreGradients(): void {
    for (const { leaf, grad, isExposed } of this.setAside.splice(0)) {
      leaf.grad = grad;
      leaf.gradExposed = isExposed;
    }
  }

  /** Lets go of these gradients: the program has run. */
  releaseGradients(): void {
    for (const { grad, isExposed } of this.setAside.splice(0)) releaseGrad(grad, isExposed);
  }

  /** What the function does may depend on a setting of `owner`: the program is valid while the setting is as it was when first read. */
  dependsOn(owner: object, read: () => boolean): void {
    if (this.dependencies.has(owner)) return;
    this.dependencies.add(owner);
    const value = read();
    this.conditions.push(() => read() === value);
  }

  /** Has `hook` run before every run. */
  beforeRun(hook: Hook): void {
    this.hooks.push(hook);
  }

  /** Has the host check a tensor's values before every run, if it knows them and a command's check would come too late. */
  guard(tensor: Tensor, range: Range): void {
    if (this.base.download === undefined) return;
    const { storage, offset, shape, strides, dtype } = tensor;
    const input = this.inputs.get(storage) ?? null;
    this.capture(storage);
    if (input !== null || storage.executor === this.base)
      this.guards.push({ input, storage, offset, shape, strides, dtype, range });
  }

  own(memory: GradientRows): void {
    this.rowMemories.push(memory);
  }

  /** Reserves blocks of a random stream. Returns how many were reserved before. */
  drawFrom(stream: RandomStream, blocks: number): number {
    if (this.stream === null) {
      this.stream = stream;
      this.beforeRun({
        memory: null,
        run: () => {
          stream.place(this.base);
          stream.skip(this.randomBlocks);
        },
        save: () => {
          const { state } = stream;
          return () => {
            stream.state = state;
          };
        },
      });
    }
    if (this.stream !== stream) refuse(TraceError, 'compile', 'one function draws random numbers from two streams');
    const offset = this.randomBlocks;
    this.randomBlocks += blocks;
    return offset;
  }

  /** Commands stay until the plan takes them. */
  run(): void {}

  load(): LoadedProgram {
    refuse(TraceError, 'compile', 'a program cannot be loaded while another one is traced');
  }

  write(address: number, data: ArrayLike<number>, dtype: DType): void {
    if (address < VIRTUAL_START) this.base.write(address, data, dtype);
    else this.writes.push({ address, data: Float64Array.from(data), dtype, before: this.program.commands });
  }

  read(): NumericArray {
    refuseReading('data(), dataSync() or toArray()');
  }

  get(): number {
    refuseReading('item()');
  }
}

function refuseReading(call: string): never {
  refuse(
    TraceError,
    'compile',
    `${call} reads a value, but inside a compiled function values do not exist yet; return the tensor and read it outside`,
    { got: call },
  );
}
