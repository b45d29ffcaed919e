/** The reference kernels by opcode. An opcode of the table that has none here does not compile. */
import { type Opcode, opcodes } from '../../bindings/commands/table.ts';
import { adaptiveKernels } from './adaptive.ts';
import { alongKernels } from './along.ts';
import { binaryKernels } from './binary.ts';
import { checkKernels } from './check.ts';
import { convKernels } from './conv.ts';
import { copyKernels } from './copy.ts';
import { crossEntropyKernels } from './crossEntropy.ts';
import { gemmKernels } from './gemm.ts';
import { groupBy } from './group.ts';
import type { ReferenceKernel } from './heap.ts';
import { normKernels } from './norm.ts';
import { optimKernels } from './optim.ts';
import { poolKernels } from './pool.ts';
import { quantizedKernels } from './quantized.ts';
import { randomKernels } from './random.ts';
import { recurrentKernels } from './recurrent.ts';
import { reduceKernels } from './reduce.ts';
import { resizeKernels } from './resize.ts';
import { rowsKernels } from './rows.ts';
import { softmaxKernels } from './softmax.ts';
import { sortKernels } from './sort.ts';
import { stripKernels } from './strip.ts';
import { unaryKernels } from './unary.ts';
import { winogradKernels } from './winograd.ts';

const run: ReferenceKernel = (heap, words, floats, at) => kernels[words[at]!]!(heap, words, floats, at);

const kernelOf: Record<Opcode, ReferenceKernel> = {
  ...adaptiveKernels,
  ...alongKernels,
  ...binaryKernels,
  ...checkKernels,
  ...convKernels,
  ...copyKernels,
  ...crossEntropyKernels,
  ...gemmKernels,
  ...normKernels,
  ...optimKernels,
  ...poolKernels,
  ...quantizedKernels,
  ...randomKernels,
  ...recurrentKernels,
  ...reduceKernels,
  ...resizeKernels,
  ...rowsKernels,
  ...softmaxKernels,
  ...sortKernels,
  ...stripKernels,
  ...unaryKernels,
  ...winogradKernels,
  group: groupBy(run),
};

/** Indexed by a command's first word. */
export const kernels: readonly ReferenceKernel[] = opcodes.map((opcode) => kernelOf[opcode]);
