import { existsSync } from 'node:fs';
import { configDefaults, defineConfig } from 'vitest/config';

const nodeMajor = Number(process.versions.node.split('.')[0]);
/** Chromium's software GPU, which tests of WebGPU run on unless the environment names a Vulkan driver. */
const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';
const isDriverGiven = process.env.VK_DRIVER_FILES !== undefined || !existsSync(SWIFTSHADER);

/** Many thousand steps, which say nothing new where every allocation is checked, and random programs, which check that themselves. */
const SOAKS = ['test/memory/loops.test.ts', 'test/memory/dropped.test.ts', 'test/program/randomPrograms.test.ts'];

export default defineConfig(({ mode }) => ({
  test: {
    include: ['test/**/*.test.ts'],
    // In the modes `heap` and `park` mistakes with memory show: see there. It is not for what runs on GPUs and in browsers.
    exclude: [
      ...configDefaults.exclude,
      ...(mode === 'heap' || mode === 'park' ? ['test/webgpu', 'test/demo', ...SOAKS] : []),
    ],
    // What a test may take on a busy machine.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    setupFiles: mode === 'heap' || mode === 'park' ? ['test/support/checkHeaps.ts'] : [],
    // Node 20 knows relaxed SIMD behind this flag; from Node 22 on it needs none.
    execArgv: nodeMajor < 22 ? ['--experimental-wasm-relaxed-simd', '--expose-gc'] : ['--expose-gc'],
    env: isDriverGiven ? {} : { VK_DRIVER_FILES: SWIFTSHADER, VK_ICD_FILENAMES: SWIFTSHADER },
  },
}));
