/** The common parts of the workers: starting saraf, answering the page, and receiving messages between two slices of work. */
import { init, runtimeInfo } from 'saraf';
// Workers from a Blob are not allowed under the page's Content Security Policy, so threads start from this file.
import workerUrl from 'saraf/worker.js?url';
import type { Host } from '../messages.ts';

/** The longest time for which a worker does not listen. */
export const SLICE_MS = 30;

/** Starts the kernels. saraf does without what this browser lacks, and says so. */
export async function start(threads: number | 'auto', device: 'wasm' | 'webgpu' = 'wasm'): Promise<Host> {
  await init({ threads, workerUrl: new URL(workerUrl, location.href) });
  if (device === 'webgpu') await init({ device });
  const info = runtimeInfo();
  return {
    device: info.device,
    simd: info.simd,
    threads: info.threads,
    ...(info.threadsNote !== undefined && { note: info.threadsNote }),
    webgpu: await hasGpu(),
  };
}

/** Browsers can support WebGPU and have no GPU for it. */
async function hasGpu(): Promise<boolean> {
  const { gpu } = navigator as { gpu?: { requestAdapter(): Promise<object | null> } };
  return (await gpu?.requestAdapter().catch(() => null)) != null;
}

export function tell<M>(message: M, transfer: Transferable[] = []): void {
  self.postMessage(message, { transfer });
}

/** Resolves after the messages that have arrived so far. */
export function breath(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Passes each message to `handle`, one at a time, and reports errors. */
export function listen<M>(handle: (message: M) => void | Promise<void>): void {
  let before = Promise.resolve();
  self.onmessage = ({ data }: MessageEvent<M>) => {
    before = before
      .then(() => handle(data))
      .catch((error) => tell({ type: 'failed', message: error instanceof Error ? error.message : String(error) }));
  };
}
