/** The programs that threads share, on the GPU: every family of kernels in several shapes, against the reference. */
import { expect, test } from 'vitest';
import { DeviceError } from '../../src/index.ts';
import { parse } from '../../src/program/commands.ts';
import { ReferenceExecutor } from '../../src/reference/executor.ts';
import { describeOnGpu } from '../support/gpu.ts';
import { inSandbox } from '../support/heap.ts';
import { cases } from '../support/sharedPrograms.ts';
import { checkOnGpu, type Encode } from './reference.ts';

/** Commands that only wasm is given. */
const FOR_CPU = ['winogradWeights', 'winogradConv', 'winogradGrad', 'winogradWeightGrad', 'pack'];

function isForCpu(encode: Encode): boolean {
  const reference = new ReferenceExecutor();
  return inSandbox(reference, (box) => {
    encode(box, reference.program);
    const { words, length } = reference.program;
    return parse(words, length).some(({ opcode }) => FOR_CPU.includes(opcode));
  });
}

const all = Object.entries(cases).map(([name, encode]) => ({ name, encode, cpu: isForCpu(encode) }));

describeOnGpu('programs on webgpu', (gpu) => {
  test.each(all.filter(({ cpu }) => !cpu))('$name', { timeout: 30_000 }, ({ name, encode }) =>
    checkOnGpu(gpu, name, encode),
  );

  test.each(all.filter(({ cpu }) => cpu))('$name is refused', ({ encode }) => {
    inSandbox(gpu, (box) => {
      encode(box, gpu.program);
      expect(() => gpu.run()).toThrow(DeviceError);
    });
  });
});
