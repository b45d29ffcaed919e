/** Commands that only the wasm executor is given, because they use what a processor is good at. */
import { opcodes } from '../../../bindings/commands/table.ts';
import { DeviceError } from '../../../bindings/errors.ts';
import type { GpuKernel, GpuKernels } from '../launch.ts';

const cpuOnly: GpuKernel = (words, at) => {
  throw new DeviceError(`webgpu: the command ${opcodes[words[at]!]} is made for the CPU`, { got: 'webgpu' });
};

export const cpuOnlyKernels = {
  pack: cpuOnly,
  qgemm: cpuOnly,
  winogradConv: cpuOnly,
  winogradGrad: cpuOnly,
  winogradWeightGrad: cpuOnly,
  winogradWeights: cpuOnly,
} satisfies GpuKernels;
