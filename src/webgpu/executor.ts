/**
 * The WebGPU executor: the heap is one buffer that every shader sees whole, so that addresses are the same as elsewhere.
 * Commands are collected and submitted when values are read, a program runs, or there are many. Values can only be read
 * asynchronously.
 */
import { ProgramBlock } from '../../bindings/commands/program.ts';
import { DeviceError } from '../../bindings/errors.ts';
import type { DType, Executor, LoadedProgram, NumericArray } from '../../bindings/executor.ts';
import { Allocator } from '../../bindings/memory/allocator.ts';
import type { Lease, Residents } from '../../bindings/memory/residents.ts';
import { FAULT_WORDS, refusalOf } from '../../bindings/ranges.ts';
import { isError } from '../../bindings/realm.ts';
import { BufferUsage, MAP_READ, maxHeapElements, openDevice } from './device.ts';
import { kernels } from './kernels.ts';
import { grid, type Launch, SLOT_WORDS } from './launch.ts';
import { Leases, Weights } from './leases.ts';
import { GpuProgram, type Host } from './program.ts';
import { Queue } from './queue.ts';
import { Parameters, shader } from './shader.ts';
import { usableSubgroup } from './subgroups.ts';

const START_ELEMENTS = 1 << 22;
const PROGRAM_WORDS = 4096;
const RANDOM_WORDS = 4;
const START_SCRATCH = 1 << 16;
const WORD = 4;

/** Words that are passed with a launch; more are copied. */
const INLINE_WORDS = SLOT_WORDS - 4;
const storeParameters = new Parameters(['address', 'count']);
const storeSource = () =>
  shader({
    parameters: storeParameters,
    threads: SLOT_WORDS,
    body: 'if (local < count) { heap[address + local] = cmd[1u + local / 4u][local % 4u]; }',
  });

class GpuAllocator extends Allocator {
  private readonly weights: Weights;

  /** @param most elements that the heap may have */
  constructor(
    end: number,
    grow: (elements: number) => number,
    residents: Residents,
    private readonly check: () => void,
    most: () => number,
  ) {
    super(0, end, grow, residents);
    this.weights = new Weights(() => Math.min(most() * WORD, this.bytesAllowed));
  }

  override allocate(elements: number): number {
    this.check();
    const address = super.allocate(elements);
    this.weights.feel(this.bytesInUse);
    return address;
  }

  /** Takes back the block of a storage that has been collected. */
  reclaim({ address, length }: Lease): void {
    this.release(address, length);
    this.weights.found(this.bytesOf(length));
  }

  /** Runs `fn` without counting what it allocates and releases: that is the executor's own. */
  uncounted<T>(fn: () => T): T {
    const { bytesInUse, blocks } = this;
    try {
      return fn();
    } finally {
      this.bytesInUse = bytesInUse;
      this.blocks = blocks;
    }
  }
}

export class WebGpuExecutor implements Executor, Host {
  readonly device = 'webgpu';
  readonly residents = new Leases((lease) => this.allocator.reclaim(lease));
  readonly allocator: GpuAllocator;
  readonly program = new ProgramBlock(new Int32Array(PROGRAM_WORDS));
  readonly randomState: number;
  readonly fault: number;
  readonly queue: Queue;
  /** Called once, when the device is lost. */
  onLoss: () => void = () => {};
  planVersion = 0;
  /** Lanes that exchange values without a barrier, as subgroups of the GPU; 0: it has none that shaders can use. */
  subgroup = 0;
  /** Elements that the heap may have. */
  heapLimit: number;
  private scratch: { address: number; length: number };
  private rounds = false;
  /** Faults that have been read and cleared. */
  private faults = 0;
  private failure: DeviceError | null = null;
  /** Rejects everything that waits for the device when it is lost. */
  private rejectWaiting: (reason: DeviceError) => void = () => {};
  private readonly failing = new Promise<never>((_, reject) => {
    this.rejectWaiting = reject;
  });

  /** Opens a GPU. Throws DeviceError where there is none. */
  static async start(): Promise<WebGpuExecutor> {
    const { device, info } = await openDevice();
    const executor = new WebGpuExecutor(device);
    executor.subgroup = await usableSubgroup(executor, info.subgroupMinSize);
    return executor;
  }

  private constructor(readonly gpu: GPUDevice) {
    this.heapLimit = maxHeapElements(gpu);
    const elements = Math.min(START_ELEMENTS, this.heapLimit);
    this.queue = new Queue(gpu, this.makeHeap(elements));
    this.allocator = new GpuAllocator(
      elements,
      (wanted) => this.grow(wanted),
      this.residents,
      () => this.check(),
      () => this.heapLimit,
    );
    this.randomState = this.allocator.allocate(RANDOM_WORDS);
    this.fault = this.allocator.allocate(FAULT_WORDS);
    this.scratch = { address: this.allocator.allocate(START_SCRATCH), length: START_SCRATCH };
    this.allocator.uncount();
    this.failing.catch(() => {});
    void gpu.lost.then(({ message, reason }) => this.fail(message === '' ? reason : message));
    gpu.addEventListener('uncapturederror', ({ error }) => {
      this.fail(error.message);
      // Not inside the device's own call.
      setTimeout(() => gpu.destroy());
    });
  }

  run(): void {
    const { program } = this;
    const { words, commands } = program;
    program.clear();
    this.check();
    let at = 0;
    for (let left = commands; left > 0; left--) {
      for (const launch of this.plan(words, at)) this.queue.add(launch);
      at += words[at + 1]!;
    }
  }

  load(words: Int32Array, commands: number): LoadedProgram {
    this.check();
    return new GpuProgram(this, words, commands);
  }

  write(address: number, data: ArrayLike<number>, dtype: DType): void {
    this.check();
    const count = data.length;
    if (count === 0) return;
    const values = dtype === 'float32' ? Float32Array.from(data) : Int32Array.from(data);
    if (count > INLINE_WORDS) {
      this.queue.submit();
      this.gpu.queue.writeBuffer(this.queue.heap, address * WORD, values);
      return;
    }
    const words = new Int32Array(values.buffer);
    this.queue.add({
      key: 'store',
      source: storeSource,
      words: [...storeParameters.words({ address, count }), 0, 0, ...words],
      groups: grid(1),
    });
  }

  read(): NumericArray {
    throw needsAwait('read');
  }

  get(): number {
    throw needsAwait('get');
  }

  async download(address: number, length: number, dtype: DType): Promise<NumericArray> {
    this.check();
    const bytes = await this.bytesOf(address, length);
    if (dtype === 'float32') return new Float32Array(bytes);
    const ints = new Int32Array(bytes);
    return dtype === 'bool' ? Uint8Array.from(ints) : ints;
  }

  /** Whether products round their operands to float16: where that is wanted and the GPU supports it. */
  get half(): boolean {
    return this.rounds;
  }

  set half(wanted: boolean) {
    const rounds = wanted && this.gpu.features.has('shader-f16');
    if (rounds !== this.rounds) this.planVersion++;
    this.rounds = rounds;
  }

  get isLost(): boolean {
    return this.failure !== null;
  }

  /** Throws if the device is lost. */
  check(): void {
    if (this.failure !== null) throw this.failure;
  }

  plan(words: Int32Array, at: number): Launch[] {
    const launches: Launch[] = [];
    let used = 0;
    kernels[words[at]!]!(words, at, {
      subgroup: this.subgroup,
      half: this.half,
      launch: (launch) => launches.push(launch),
      scratch: (elements) => {
        this.reserveScratch(used + elements);
        used += elements;
        return this.scratch.address + used - elements;
      },
    });
    return launches;
  }

  private reserveScratch(length: number): void {
    if (length <= this.scratch.length) return;
    this.allocator.uncounted(() => {
      const address = this.allocator.allocate(2 * length);
      this.allocator.release(this.scratch.address, this.scratch.length);
      this.scratch = { address, length: 2 * length };
    });
    this.planVersion++;
  }

  private makeHeap(elements: number): GPUBuffer {
    const usage = BufferUsage.storage | BufferUsage.copySource | BufferUsage.copyTarget;
    return this.gpu.createBuffer({ size: elements * WORD, usage });
  }

  /** Moves the heap to a larger buffer. Returns how many elements it has then, or 0. */
  private grow(elements: number): number {
    if (elements > this.heapLimit) return 0;
    const { queue } = this;
    const before = queue.heap;
    const larger = this.makeHeap(elements);
    queue.submit((encoder) => encoder.copyBufferToBuffer(before, 0, larger, 0, before.size));
    queue.heap = larger;
    before.destroy();
    return elements;
  }

  /** Words of the heap. Throws the fault that commands have found until now. */
  private async bytesOf(address: number, length: number): Promise<ArrayBuffer> {
    if (length === 0) return new ArrayBuffer(0);
    const size = length * WORD;
    const faultSize = FAULT_WORDS * WORD;
    const { faults } = this;
    const usage = BufferUsage.mapRead | BufferUsage.copyTarget;
    const staging = this.gpu.createBuffer({ size: size + faultSize, usage });
    this.queue.submit((encoder) => {
      const { heap } = this.queue;
      encoder.copyBufferToBuffer(heap, address * WORD, staging, 0, size);
      encoder.copyBufferToBuffer(heap, this.fault * WORD, staging, size, faultSize);
    });
    let refusal: Error | null = null;
    try {
      await Promise.race([staging.mapAsync(MAP_READ), this.failing]);
      const bytes = staging.getMappedRange();
      refusal = refusalOf(new Int32Array(bytes, size, FAULT_WORDS));
      if (refusal === null) return bytes.slice(0, size);
    } catch (error) {
      throw this.failure ?? lost(isError(error) ? error.message : String(error));
    } finally {
      staging.destroy();
    }
    // Concurrent reads have seen the same fault.
    if (faults === this.faults) {
      this.write(this.fault, [0], 'int32');
      this.faults++;
    }
    throw refusal;
  }

  private fail(reason: string): void {
    if (this.failure !== null) return;
    this.failure = lost(reason);
    this.rejectWaiting(this.failure);
    this.onLoss();
  }
}

function lost(reason: string): DeviceError {
  return new DeviceError(
    `device webgpu was lost (${reason}): the values of tensors that lived there are gone; new tensors go to the CPU`,
    { argument: 'device', got: 'webgpu' },
  );
}

function needsAwait(op: string): DeviceError {
  return new DeviceError(`${op}: values on webgpu can only be read asynchronously: await tensor.data()`, { op });
}
