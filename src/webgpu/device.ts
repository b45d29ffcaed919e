/** Finds a GPU: the runtime's own WebGPU, or in Node the optional package `webgpu`. */
import { DeviceError } from '../../bindings/errors.ts';

/** Bits of the WebGPU standard, whose constants Node lacks. */
export const BufferUsage = {
  mapRead: 0x0001,
  copySource: 0x0004,
  copyTarget: 0x0008,
  uniform: 0x0040,
  storage: 0x0080,
} as const;
export const MAP_READ = 0x0001;
export const COMPUTE_STAGE = 0x4;

/** Features that shaders use where the GPU offers them. */
const FEATURES = ['subgroups', 'shader-f16'] as const;

/** Largest heap: addresses are element indices of 30 bits. */
const MAX_HEAP_BYTES = 2 ** 32;

/** Node's package frees the GPU with this object, so it is kept. */
let nodeGpu: GPU | null = null;

function unavailable(reason: string): DeviceError {
  return new DeviceError(`device webgpu: ${reason}`, { op: 'init', argument: 'device', got: 'webgpu' });
}

/** Whether the runtime itself offers WebGPU. */
export function hasWebGpu(): boolean {
  return typeof navigator !== 'undefined' && navigator.gpu !== undefined;
}

async function findGpu(): Promise<GPU> {
  if (hasWebGpu()) return navigator.gpu;
  if (nodeGpu !== null) return nodeGpu;
  const name = 'webgpu';
  let peer: { create(flags: string[]): GPU };
  try {
    // The name is in a variable so that bundlers do not look for a package that browsers do not need.
    peer = await import(/* @vite-ignore */ /* webpackIgnore: true */ name);
  } catch {
    throw unavailable('this runtime has no WebGPU (in Node, install the package `webgpu`)');
  }
  nodeGpu = peer.create([]);
  return nodeGpu;
}

/**
 * Opens the GPU that this runtime prefers, with its largest buffers and the features that shaders use. The info is the adapter's and
 * must be read at once: Deno crashes when the device is asked for it after the adapter has been collected.
 */
export async function openDevice(): Promise<{ device: GPUDevice; info: GPUAdapterInfo }> {
  const gpu = await findGpu();
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) throw unavailable('no GPU was found that WebGPU can use');
  const { maxStorageBufferBindingSize, maxBufferSize } = adapter.limits;
  const device = await adapter.requestDevice({
    requiredLimits: { maxStorageBufferBindingSize, maxBufferSize },
    requiredFeatures: FEATURES.filter((name) => adapter.features.has(name)),
  });
  return { device, info: adapter.info };
}

/** Elements that a heap in one buffer of this device can hold. */
export function maxHeapElements({ limits }: GPUDevice): number {
  const bytes = Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize, MAX_HEAP_BYTES);
  return Math.floor(bytes / 64) * 16;
}
