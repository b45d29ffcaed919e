/** What the parts share: starting saraf in a worker, answering the page, and letting messages in between two slices of work. */
import { init, runtimeInfo } from 'saraf';
// Workers from a Blob are not allowed under the page's Content Security Policy, so threads start from this file.
import workerUrl from 'saraf/worker.js?url';
import type { Host } from '../messages.ts';

/** Longest time that the worker does not listen. */
export const SLICE_MS = 30;

/** Starts the kernels. What this browser lacks, saraf does without, and says so. */
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

/** Browsers can know WebGPU and have no GPU for it. */
async function hasGpu(): Promise<boolean> {
  const { gpu } = navigator as { gpu?: { requestAdapter(): Promise<object | null> } };
  return (await gpu?.requestAdapter().catch(() => null)) != null;
}

export function tell<M>(message: M, transfer: Transferable[] = []): void {
  self.postMessage(message, { transfer });
}

/** Resolves after the messages that have come in so far. */
export function breath(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Hands each message to `handle`, one after the other, and reports what goes wrong. */
export function listen<M>(handle: (message: M) => void | Promise<void>): void {
  let before = Promise.resolve();
  self.onmessage = ({ data }: MessageEvent<M>) => {
    before = before
      .then(() => handle(data))
      .catch((error) => tell({ type: 'failed', message: error instanceof Error ? error.message : String(error) }));
  };
}
