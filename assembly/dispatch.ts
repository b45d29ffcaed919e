/**
 * Runs commands, each by its kernel. All kernels have one signature: `thread` of `threads` does its own part of the command.
 * Parts do not wait for each other, and any thread may do any of them. What is left to do when all parts are done,
 * such as adding up what they found, stands in `finish`.
 */

import { convInputGradKernel, convKernel, convWeightGradKernel } from './conv/conv';
import { im2colKernel } from './conv/im2col';
import { binaryKernel } from './elementwise/binary';
import { copyKernel, fillKernel } from './elementwise/copy';
import { stripKernel } from './elementwise/strip';
import { unaryKernel } from './elementwise/unary';
import { whereKernel } from './elementwise/where';
import { gemmKernel } from './gemm/gemm';
import { Opcode } from './generated/commands';
import { gatherKernel, scatterAddKernel } from './index/along';
import { checkKernel } from './index/check';
import { addRowsKernel, takeRowsKernel } from './index/rows';
import { momentsKernel } from './norm/moments';
import { normalizeKernel } from './norm/normalize';
import { normGradKernel, normSumsKernel } from './norm/normGrad';
import { sortKernel } from './index/sort';
import { adamKernel } from './optim/adam';
import { adaptiveKernel } from './optim/adaptive';
import { groupKernel } from './optim/group';
import { sgdKernel } from './optim/sgd';
import { avgPoolGradKernel, avgPoolKernel } from './pool/avgPool';
import { maxPoolGradKernel, maxPoolKernel } from './pool/maxPool';
import { qgemmKernel } from './quantized/qgemm';
import { randomKernel } from './random/philox';
import { recurrentGradKernel } from './recurrent/backward';
import { recurrentKernel } from './recurrent/forward';
import { packKernel } from './recurrent/pack';
import { argReduceKernel } from './reduce/argReduce';
import { crossEntropyGradKernel, crossEntropyKernel, finishCrossEntropy } from './reduce/crossEntropy';
import { cumsumKernel } from './reduce/cumsum';
import { finishReduce, reduceKernel } from './reduce/reduce';
import { softmaxGradKernel, softmaxKernel } from './reduce/softmax';
import { resizeGradKernel, resizeKernel } from './resize/resize';
import { winogradConvKernel } from './winograd/conv';
import { winogradGradKernel } from './winograd/grad';
import { winogradWeightGradKernel, winogradWeightsKernel } from './winograd/weights';

/** One part of the command at `cmd`. */
export function dispatch(cmd: usize, thread: u32, threads: u32): void {
  switch (load<u32>(cmd)) {
    case Opcode.copy:
      return copyKernel(cmd, thread, threads);
    case Opcode.fill:
      return fillKernel(cmd, thread, threads);
    case Opcode.unary:
      return unaryKernel(cmd, thread, threads);
    case Opcode.binary:
      return binaryKernel(cmd, thread, threads);
    case Opcode.where:
      return whereKernel(cmd, thread, threads);
    case Opcode.reduce:
      return reduceKernel(cmd, thread, threads);
    case Opcode.argReduce:
      return argReduceKernel(cmd, thread, threads);
    case Opcode.cumsum:
      return cumsumKernel(cmd, thread, threads);
    case Opcode.softmax:
      return softmaxKernel(cmd, thread, threads);
    case Opcode.softmaxGrad:
      return softmaxGradKernel(cmd, thread, threads);
    case Opcode.crossEntropy:
      return crossEntropyKernel(cmd, thread, threads);
    case Opcode.crossEntropyGrad:
      return crossEntropyGradKernel(cmd, thread, threads);
    case Opcode.gemm:
      return gemmKernel(cmd, thread, threads);
    case Opcode.qgemm:
      return qgemmKernel(cmd, thread, threads);
    case Opcode.takeRows:
      return takeRowsKernel(cmd, thread, threads);
    case Opcode.addRows:
      return addRowsKernel(cmd, thread, threads);
    case Opcode.gather:
      return gatherKernel(cmd, thread, threads);
    case Opcode.scatterAdd:
      return scatterAddKernel(cmd, thread, threads);
    case Opcode.sort:
      return sortKernel(cmd, thread, threads);
    case Opcode.check:
      return checkKernel(cmd, thread);
    case Opcode.sgd:
      return sgdKernel(cmd, thread, threads);
    case Opcode.adam:
      return adamKernel(cmd, thread, threads);
    case Opcode.adaptive:
      return adaptiveKernel(cmd, thread, threads);
    case Opcode.random:
      return randomKernel(cmd, thread, threads);
    case Opcode.strip:
      return stripKernel(cmd, thread, threads);
    case Opcode.pack:
      return packKernel(cmd, thread, threads);
    case Opcode.recurrent:
      return recurrentKernel(cmd, thread, threads);
    case Opcode.recurrentGrad:
      return recurrentGradKernel(cmd, thread, threads);
    case Opcode.group:
      return groupKernel(cmd, thread, threads);
    case Opcode.maxPool:
      return maxPoolKernel(cmd, thread, threads);
    case Opcode.maxPoolGrad:
      return maxPoolGradKernel(cmd, thread, threads);
    case Opcode.avgPool:
      return avgPoolKernel(cmd, thread, threads);
    case Opcode.avgPoolGrad:
      return avgPoolGradKernel(cmd, thread, threads);
    case Opcode.moments:
      return momentsKernel(cmd, thread, threads);
    case Opcode.normalize:
      return normalizeKernel(cmd, thread, threads);
    case Opcode.normSums:
      return normSumsKernel(cmd, thread, threads);
    case Opcode.normGrad:
      return normGradKernel(cmd, thread, threads);
    case Opcode.resize:
      return resizeKernel(cmd, thread, threads);
    case Opcode.resizeGrad:
      return resizeGradKernel(cmd, thread, threads);
    case Opcode.conv:
      return convKernel(cmd, thread, threads);
    case Opcode.convInputGrad:
      return convInputGradKernel(cmd, thread, threads);
    case Opcode.convWeightGrad:
      return convWeightGradKernel(cmd, thread, threads);
    case Opcode.im2col:
      return im2colKernel(cmd, thread, threads);
    case Opcode.winogradWeights:
      return winogradWeightsKernel(cmd, thread, threads);
    case Opcode.winogradConv:
      return winogradConvKernel(cmd, thread, threads);
    case Opcode.winogradGrad:
      return winogradGradKernel(cmd, thread, threads);
    case Opcode.winogradWeightGrad:
      return winogradWeightGradKernel(cmd, thread, threads);
    default:
      unreachable();
  }
}

/** What thread 0 does when all of several parts of a command are done. */
export function finish(cmd: usize, threads: u32): void {
  const opcode = load<u32>(cmd);
  if (opcode == Opcode.reduce) finishReduce(cmd, threads);
  else if (opcode == Opcode.crossEntropy) finishCrossEntropy(cmd);
}

/** All commands of the program block at `program`, a byte address, on the calling thread. */
export function run(program: usize, commands: u32): void {
  let cmd = program;
  for (let i: u32 = 0; i < commands; i++) {
    dispatch(cmd, 0, 1);
    cmd += (<usize>load<u32>(cmd, 4)) << 2;
  }
}

/** The same with every command in so many parts one after the other, the last one first: what tests of the partitions run. */
export function runParts(program: usize, commands: u32, threads: u32): void {
  let cmd = program;
  for (let i: u32 = 0; i < commands; i++) {
    for (let thread = threads; thread > 0; thread--) dispatch(cmd, thread - 1, threads);
    if (threads > 1) finish(cmd, threads);
    cmd += (<usize>load<u32>(cmd, 4)) << 2;
  }
}
