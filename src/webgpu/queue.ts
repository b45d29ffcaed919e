/**
 * Pending work: dispatches are collected and go to the GPU in one command buffer and one submission. Shaders find the heap
 * at binding 0, whole, and their parameters at binding 1, a slot of a uniform buffer. Knows no opcode.
 */
import { BufferUsage, COMPUTE_STAGE } from './device.ts';
import { type Launch, SLOT_WORDS, slotWordsFor } from './launch.ts';

const WORD = 4;
/** Words of the slots for commands that run once. */
const RING_WORDS = 512 * SLOT_WORDS;
/** Collected dispatches from which on they are submitted anyway. */
const MAX_PENDING = 1024;

/** Slots for the parameters of launches, with a copy on this side. */
export class Slots {
  readonly words: Int32Array<ArrayBuffer>;
  private readonly buffer: GPUBuffer;
  private groups = new Map<number, GPUBindGroup>();
  private heap: GPUBuffer | null = null;

  constructor(
    private readonly device: GPUDevice,
    private readonly layout: GPUBindGroupLayout,
    length: number,
  ) {
    this.words = new Int32Array(length);
    this.buffer = device.createBuffer({ size: length * WORD, usage: BufferUsage.uniform | BufferUsage.copyTarget });
  }

  /** Copies these words to the GPU before the next submission. */
  upload(from: number, to: number): void {
    if (from < to) this.device.queue.writeBuffer(this.buffer, from * WORD, this.words, from, to - from);
  }

  bindGroup(heap: GPUBuffer, slotWords: number): GPUBindGroup {
    if (heap !== this.heap) this.groups.clear();
    this.heap = heap;
    let group = this.groups.get(slotWords);
    if (group === undefined) {
      group = this.device.createBindGroup({
        layout: this.layout,
        entries: [
          { binding: 0, resource: { buffer: heap } },
          { binding: 1, resource: { buffer: this.buffer, size: slotWords * WORD } },
        ],
      });
      this.groups.set(slotWords, group);
    }
    return group;
  }

  dispose(): void {
    this.buffer.destroy();
  }
}

interface Dispatch {
  pipeline: GPUComputePipeline;
  slots: Slots;
  slotWords: number;
  /** First word of the slot. */
  at: number;
  groups: readonly [number, number];
}

export class Queue {
  /** The heap that dispatches see when they are submitted. */
  heap: GPUBuffer;
  /** Submissions so far. */
  submissions = 0;
  private readonly layout: GPUBindGroupLayout;
  private readonly pipelineLayout: GPUPipelineLayout;
  private readonly pipelines = new Map<string, GPUComputePipeline>();
  private readonly ring: Slots;
  private used = 0;
  private pending: Dispatch[] = [];

  constructor(
    readonly device: GPUDevice,
    heap: GPUBuffer,
  ) {
    this.heap = heap;
    this.layout = device.createBindGroupLayout({
      entries: [
        { binding: 0, visibility: COMPUTE_STAGE, buffer: { type: 'storage' } },
        { binding: 1, visibility: COMPUTE_STAGE, buffer: { type: 'uniform', hasDynamicOffset: true } },
      ],
    });
    this.pipelineLayout = device.createPipelineLayout({ bindGroupLayouts: [this.layout] });
    this.ring = this.makeSlots(RING_WORDS);
  }

  makeSlots(words: number): Slots {
    return new Slots(this.device, this.layout, words);
  }

  private pipelineOf({ key, source }: Launch): GPUComputePipeline {
    let pipeline = this.pipelines.get(key);
    if (pipeline === undefined) {
      const module = this.device.createShaderModule({ label: key, code: source() });
      pipeline = this.device.createComputePipeline({
        label: key,
        layout: this.pipelineLayout,
        compute: { module, entryPoint: 'main' },
      });
      this.pipelines.set(key, pipeline);
    }
    return pipeline;
  }

  /** Adds a launch whose parameters are in slots of the caller. */
  addAt(launch: Launch, slots: Slots, at: number): void {
    const slotWords = slotWordsFor(launch.words.length);
    this.pending.push({ pipeline: this.pipelineOf(launch), slots, slotWords, at, groups: launch.groups });
  }

  /** Adds a launch that runs once. */
  add(launch: Launch): void {
    const slotWords = slotWordsFor(launch.words.length);
    if (this.used + slotWords > RING_WORDS || this.pending.length >= MAX_PENDING) this.submit();
    this.ring.words.set(launch.words, this.used);
    this.addAt(launch, this.ring, this.used);
    this.used += slotWords;
  }

  /** Submits pending work, followed by what `after` encodes. */
  submit(after?: (encoder: GPUCommandEncoder) => void): void {
    const { pending, device } = this;
    if (pending.length === 0 && after === undefined) return;
    this.ring.upload(0, this.used);
    const encoder = device.createCommandEncoder();
    if (pending.length > 0) this.encode(encoder);
    after?.(encoder);
    this.pending = [];
    this.used = 0;
    this.submissions++;
    device.queue.submit([encoder.finish()]);
  }

  private encode(encoder: GPUCommandEncoder): void {
    const pass = encoder.beginComputePass();
    let last: GPUComputePipeline | null = null;
    for (const { pipeline, slots, slotWords, at, groups } of this.pending) {
      if (pipeline !== last) pass.setPipeline(pipeline);
      last = pipeline;
      pass.setBindGroup(0, slots.bindGroup(this.heap, slotWords), [at * WORD]);
      pass.dispatchWorkgroups(groups[0], groups[1]);
    }
    pass.end();
  }
}
