/** The WGSL kernels by opcode. An opcode of the table that has none here does not compile. */
import { type Opcode, opcodes } from '../../bindings/commands/table.ts';
import type { GpuKernel } from './launch.ts';
import { alongKernels } from './wgsl/along.ts';
import { checkKernels } from './wgsl/check.ts';
import { convKernels } from './wgsl/conv.ts';
import { cpuOnlyKernels } from './wgsl/cpuOnly.ts';
import { elementwiseKernels } from './wgsl/elementwise.ts';
import { gemmKernels } from './wgsl/gemm.ts';
import { groupBy } from './wgsl/group.ts';
import { indexedKernels } from './wgsl/indexed.ts';
import { normKernels } from './wgsl/norm.ts';
import { optimKernels } from './wgsl/optim.ts';
import { poolKernels } from './wgsl/pool.ts';
import { randomKernels } from './wgsl/random.ts';
import { recurrentKernels } from './wgsl/recurrent.ts';
import { reduceKernels } from './wgsl/reduce.ts';
import { resizeKernels } from './wgsl/resize.ts';
import { softmaxKernels } from './wgsl/softmax.ts';
import { stripKernels } from './wgsl/strip.ts';

const plan: GpuKernel = (words, at, planner) => kernels[words[at]!]!(words, at, planner);

const kernelOf: Record<Opcode, GpuKernel> = {
  ...alongKernels,
  ...checkKernels,
  ...convKernels,
  ...cpuOnlyKernels,
  ...elementwiseKernels,
  ...gemmKernels,
  ...indexedKernels,
  ...normKernels,
  ...optimKernels,
  ...poolKernels,
  ...randomKernels,
  ...recurrentKernels,
  ...reduceKernels,
  ...resizeKernels,
  ...softmaxKernels,
  ...stripKernels,
  group: groupBy(plan),
};

/** Indexed by a command's first word. */
export const kernels: GpuKernel[] = opcodes.map((opcode) => kernelOf[opcode]);
