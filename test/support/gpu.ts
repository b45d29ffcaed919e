/**
 * The GPU of the tests: the runtime's own, in Node that of the npm package `webgpu`. If no adapter is found, the tests
 * are skipped with a message.
 */
import { describe } from 'vitest';
import { init } from '../../src/index.ts';
import { executorFor } from '../../src/runtime/runtime.ts';
import type { WebGpuExecutor } from '../../src/webgpu/executor.ts';

let reason = '';

/** Makes the GPU the device of new tensors. Returns its executor, or null where there is none. */
async function open(): Promise<WebGpuExecutor | null> {
  try {
    await init({ device: 'webgpu' });
  } catch (error) {
    reason = error instanceof Error ? error.message : String(error);
    console.warn(`tests on webgpu are skipped: ${reason}`);
    return null;
  }
  return executorFor('webgpu') as WebGpuExecutor;
}

const executor = await open();

/** Tests that need the GPU, which is the device of new tensors in them. */
export function describeOnGpu(name: string, body: (executor: WebGpuExecutor) => void): void {
  if (executor === null) describe.skip(`${name} (skipped: ${reason})`, () => {});
  else describe(name, () => body(executor));
}
