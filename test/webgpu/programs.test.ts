/** The programs that threads share, on the GPU: every family of kernels in several shapes, against the reference. */
import { expect, test } from 'vitest';
import { ReferenceExecutor } from '../../src/reference/executor.ts';
import { describeOnGpu } from '../support/gpu.ts';
import { inSandbox, Sandbox } from '../support/heap.ts';
import { cases } from '../support/sharedPrograms.ts';
import { expectNear } from './near.ts';

const reference = new ReferenceExecutor();

describeOnGpu('programs on webgpu', (gpu) => {
  test.each(Object.entries(cases))("%s", { timeout: 60_000 }, async (name, encode) => {
    const expected = inSandbox(reference, (box) => {
      const results = encode(box, reference.program);
      box.run(name);
      return results.map((address) => box.ints(address));
    });
    const box = new Sandbox(gpu);
    const results = encode(box, gpu.program);
    await box.settle(name);
    for (const [i, address] of results.entries()) {
      expectNear(await box.download(address, 'int32'), expected[i]!, `${name}, result ${i}`);
    }
    box.release();
    expect(gpu.allocator.blocks).toBe(0);
  });
});
