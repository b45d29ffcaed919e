/**
 * The GPU of the tests: Chromium's software GPU over the npm package `webgpu`, unless the environment names a Vulkan driver. Where no
 * adapter is found the tests are skipped, and say so.
 */
import { existsSync } from 'node:fs';
import { describe } from 'vitest';
import { WebGpuExecutor } from '../../src/webgpu/executor.ts';

const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';

if (process.env.VK_DRIVER_FILES === undefined && existsSync(SWIFTSHADER)) {
  process.env.VK_DRIVER_FILES = SWIFTSHADER;
  process.env.VK_ICD_FILENAMES = SWIFTSHADER;
}

let reason = '';

/** An executor on the GPU of this machine; null, with a message, where there is none. */
export const gpuExecutor: WebGpuExecutor | null = await WebGpuExecutor.start().catch((error: unknown) => {
  reason = error instanceof Error ? error.message : String(error);
  console.warn(`tests on webgpu are skipped: ${reason}`);
  return null;
});

/** Tests that need the GPU. */
export function describeOnGpu(name: string, body: (executor: WebGpuExecutor) => void): void {
  const executor = gpuExecutor;
  if (executor === null) describe.skip(`${name} (skipped: ${reason})`, () => {});
  else describe(name, () => body(executor));
}
