/** The WGSL kernels by opcode. An opcode of the table that has none here does not compile. */
import { type Opcode, opcodes } from '../../bindings/commands/table.ts';
import { DeviceError } from '../../bindings/errors.ts';
import type { GpuKernel } from './launch.ts';
import { gather, scatterAdd, sort } from './wgsl/along.ts';
import { check } from './wgsl/check.ts';
import { conv, convInputGrad, convWeightGrad, im2col } from './wgsl/conv.ts';
import { binary, copy, fill, unary, where } from './wgsl/elementwise.ts';
import { gemm } from './wgsl/gemm.ts';
import { group } from './wgsl/group.ts';
import { addRows, takeRows } from './wgsl/indexed.ts';
import { moments, normalize, normGrad, normSums } from './wgsl/norm.ts';
import { adam, adaptive, sgd } from './wgsl/optim.ts';
import { avgPool, avgPoolGrad, maxPool, maxPoolGrad } from './wgsl/pool.ts';
import { random } from './wgsl/random.ts';
import { recurrent, recurrentGrad } from './wgsl/recurrent.ts';
import { argReduce, cumsum, reduce } from './wgsl/reduce.ts';
import { resize, resizeGrad } from './wgsl/resize.ts';
import { crossEntropy, crossEntropyGrad, softmax, softmaxGrad } from './wgsl/softmax.ts';
import { strip } from './wgsl/strip.ts';

/** For commands that only wasm is given, because what they gain is the processor's. */
const onCpuAlone: GpuKernel = (words, at) => {
  throw new DeviceError(`webgpu: the command ${opcodes[words[at]!]} is made for the CPU`, { got: 'webgpu' });
};

const kernelOf: Record<Opcode, GpuKernel> = {
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
  gather,
  scatterAdd,
  sort,
  adaptive,
  check,
  pack: onCpuAlone,
  recurrent,
  recurrentGrad,
  winogradWeights: onCpuAlone,
  winogradConv: onCpuAlone,
  winogradGrad: onCpuAlone,
  winogradWeightGrad: onCpuAlone,
  qgemm: onCpuAlone,
};

/** Indexed by a command's first word. */
export const kernels: GpuKernel[] = opcodes.map((opcode) => kernelOf[opcode]);
