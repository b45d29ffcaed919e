/** The programs that threads share, on the GPU: every family of kernels in several shapes, against the reference. */
import { test } from 'vitest';
import { describeOnGpu } from '../support/gpu.ts';
import { cases } from '../support/sharedPrograms.ts';
import { checkOnGpu } from './reference.ts';

describeOnGpu('programs on webgpu', (gpu) => {
  test.each(Object.entries(cases))('%s', { timeout: 30_000 }, (name, encode) => checkOnGpu(gpu, name, encode));
});
