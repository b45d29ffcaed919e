/** The programs that threads share, on the GPU: every family of kernels in several shapes, against the reference. */
import { expect, test } from 'vitest';
import { layout, type Opcode, opcodes } from '../../bindings/commands/table.ts';
import { DeviceError } from '../../src/index.ts';
import { parse } from '../../src/program/commands.ts';
import { ReferenceExecutor } from '../../src/reference/executor.ts';
import { describeOnGpu } from '../support/gpu.ts';
import { inSandbox } from '../support/heap.ts';
import { cases } from '../support/sharedPrograms.ts';
import { checkOnGpu, type Encode } from './reference.ts';

/** Commands that only wasm gets. */
const FOR_CPU: Opcode[] = ['winogradWeights', 'winogradConv', 'winogradGrad', 'winogradWeightGrad', 'pack', 'qgemm'];

function isForCpu(encode: Encode): boolean {
  const reference = new ReferenceExecutor();
  return inSandbox(reference, (box) => {
    encode(box, reference.program);
    const { words, length } = reference.program;
    return parse(words, length).some(({ opcode }) => FOR_CPU.includes(opcode));
  });
}

describeOnGpu('programs on webgpu', (gpu) => {
  const all = Object.entries(cases).map(([name, encode]) => ({ name, encode }));
  test.each(all.filter(({ encode }) => !isForCpu(encode)))('$name is right', ({ name, encode }) =>
    checkOnGpu(gpu, name, encode),
  );

  test.each(FOR_CPU)('%s is refused', (opcode) => {
    const { words } = layout(opcode);
    const { program } = gpu;
    const at = program.reserve(words);
    program.words.fill(0, at, at + words);
    program.words.set([opcodes.indexOf(opcode), words], at);
    expect(() => gpu.run()).toThrow(DeviceError);
  });
});
