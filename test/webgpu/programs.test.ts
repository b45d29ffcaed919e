/** The programs that threads share, on the GPU: every family of kernels in several shapes, against the reference. */
import { expect, test } from 'vitest';
import { DeviceError } from '../../src/index.ts';
import { describeOnGpu } from '../support/gpu.ts';
import { inSandbox } from '../support/heap.ts';
import { cases } from '../support/sharedPrograms.ts';
import { checkOnGpu } from './reference.ts';

const all = Object.entries(cases);
const isForCpu = (name: string) => name.startsWith('winograd');

describeOnGpu('programs on webgpu', (gpu) => {
  test.each(all.filter(([name]) => !isForCpu(name)))('%s', { timeout: 30_000 }, (name, encode) =>
    checkOnGpu(gpu, name, encode),
  );

  test.each(all.filter(([name]) => isForCpu(name)))('%s is refused', (_, encode) => {
    inSandbox(gpu, (box) => {
      encode(box, gpu.program);
      expect(() => gpu.run()).toThrow(DeviceError);
    });
  });
});
