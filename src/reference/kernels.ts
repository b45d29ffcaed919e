/** The reference kernels by opcode. An opcode of the table that has none here does not compile. */
import { type Opcode, opcodes } from '../../bindings/commands/table.ts';
import { adaptive } from './adaptive.ts';
import { gather, scatterAdd } from './along.ts';
import { binary } from './binary.ts';
import { check } from './check.ts';
import { conv, convInputGrad, convWeightGrad, im2col } from './conv.ts';
import { copy, fill, where } from './copy.ts';
import { crossEntropy, crossEntropyGrad } from './crossEntropy.ts';
import { gemm } from './gemm.ts';
import { group } from './group.ts';
import type { ReferenceKernel } from './heap.ts';
import { moments, normalize, normGrad, normSums } from './norm.ts';
import { adam, sgd } from './optim.ts';
import { avgPool, avgPoolGrad, maxPool, maxPoolGrad } from './pool.ts';
import { qgemm } from './quantized.ts';
import { random } from './random.ts';
import { pack, recurrent, recurrentGrad } from './recurrent.ts';
import { argReduce, cumsum, reduce } from './reduce.ts';
import { resize, resizeGrad } from './resize.ts';
import { addRows, takeRows } from './rows.ts';
import { softmax, softmaxGrad } from './softmax.ts';
import { sort } from './sort.ts';
import { strip } from './strip.ts';
import { unary } from './unary.ts';
import { winogradConv, winogradGrad, winogradWeightGrad, winogradWeights } from './winograd.ts';

const kernelOf: Record<Opcode, ReferenceKernel> = {
  copy,
  fill,
  unary,
  binary,
  where,
  reduce,
  argReduce,
  cumsum,
  softmax,
  softmaxGrad,
  crossEntropy,
  crossEntropyGrad,
  gemm,
  takeRows,
  addRows,
  sgd,
  adam,
  strip,
  group,
  random,
  maxPool,
  maxPoolGrad,
  avgPool,
  avgPoolGrad,
  moments,
  normalize,
  normSums,
  normGrad,
  resize,
  resizeGrad,
  conv,
  convInputGrad,
  convWeightGrad,
  im2col,
  winogradWeights,
  winogradConv,
  winogradGrad,
  winogradWeightGrad,
  pack,
  recurrent,
  recurrentGrad,
  gather,
  scatterAdd,
  sort,
  adaptive,
  check,
  qgemm,
};

/** Indexed by a command's first word. */
export const kernels: ReferenceKernel[] = opcodes.map((opcode) => kernelOf[opcode]);
