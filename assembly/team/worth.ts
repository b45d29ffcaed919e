/**
 * What a command costs, and whether that is worth a second thread. Sizes alone decide, never addresses or timing. The unit is one
 * element of a simple loop in cache, about 0.15 ns; the factors are rounded measurements.
 */

import { groupSize } from '../elementwise/nest';
import {
  AdamCommand,
  AdaptiveCommand,
  AddRowsCommand,
  ArgReduceCommand,
  AvgPoolCommand,
  AvgPoolGradCommand,
  BinaryCommand,
  BinaryFn,
  ConvCommand,
  CopyCommand,
  CrossEntropyCommand,
  CrossEntropyGradCommand,
  CumsumCommand,
  FillCommand,
  GatherCommand,
  GemmCommand,
  GroupCommand,
  MaxPoolCommand,
  MaxPoolGradCommand,
  MomentsCommand,
  NormalizeCommand,
  NormGradCommand,
  NormSumsCommand,
  Opcode,
  PackCommand,
  QgemmCommand,
  RandomCommand,
  RecurrentCommand,
  RecurrentGradCommand,
  RecurrentKind,
  ReduceCommand,
  ResizeCommand,
  ResizeGradCommand,
  ScatterAddCommand,
  SgdCommand,
  SoftmaxCommand,
  SoftmaxGradCommand,
  SortCommand,
  StripCommand,
  TakeRowsCommand,
  UnaryCommand,
  WhereCommand,
  WinogradConvCommand,
  WinogradWeightGradCommand,
  WinogradWeightsCommand,
} from '../generated/commands';
import { isLongUnary } from '../generated/unary';

/**
 * A command is shared from this on, 5 µs. With a worker that is awake two threads win from 2.5 µs on; on a machine that has other
 * work to do they lose more there than they win.
 */
const SHARED_WORK: u64 = 32 * 1024;
/** A program's shared commands come to this, 80 µs, before sleeping workers are woken for them: two threads win from 60 µs on. */
export const WAKING_WORK: u64 = 512 * 1024;

// @ts-ignore: decorator
@inline
function volume(a: u32, b: u32, c: u32): u64 {
  return <u64>a * b * c;
}

// @ts-ignore: decorator
@inline
function pointsOf(shape: usize, ndim: u32): u64 {
  return groupSize(shape, -1, <i32>ndim - 1);
}

/** Cost of an element of a function of two elements. */
// @ts-ignore: decorator
@inline
function costOfPair(fn: u32): u64 {
  if (fn == BinaryFn.pow || fn == BinaryFn.powI) return 16;
  return fn >= <u32>BinaryFn.geluGrad && fn <= <u32>BinaryFn.siluGrad ? 6 : 1;
}

/** The work of `count` commands that follow each other. */
function workOfParts(first: usize, count: u32): u64 {
  let work: u64 = 0;
  let part = first;
  for (let i: u32 = 0; i < count; i++) {
    work += workOf(part);
    part += (<usize>load<u32>(part, 4)) << 2;
  }
  return work;
}

/** Gates of a recurrent layer, each as wide as its state. */
// @ts-ignore: decorator
@inline
function gatesOf(kind: u32): u32 {
  if (kind == RecurrentKind.lstm) return 4;
  return kind == RecurrentKind.gru ? 3 : 1;
}

/** The work of one command. */
function workOf(cmd: usize): u64 {
  switch (load<u32>(cmd)) {
    case Opcode.copy: {
      return pointsOf(cmd + offsetof<CopyCommand>('shape0'), changetype<CopyCommand>(cmd).ndim);
    }
    case Opcode.fill:
      return changetype<FillCommand>(cmd).n;
    case Opcode.unary: {
      const c = changetype<UnaryCommand>(cmd);
      return <u64>c.n * (isLongUnary(c.fn) ? 4 : 1);
    }
    case Opcode.binary: {
      const c = changetype<BinaryCommand>(cmd);
      return pointsOf(cmd + offsetof<BinaryCommand>('shape0'), c.ndim) * costOfPair(c.fn);
    }
    case Opcode.where:
      return pointsOf(cmd + offsetof<WhereCommand>('shape0'), changetype<WhereCommand>(cmd).ndim);
    case Opcode.reduce: {
      const c = changetype<ReduceCommand>(cmd);
      return volume(c.outer, c.size, c.inner);
    }
    case Opcode.argReduce: {
      const c = changetype<ArgReduceCommand>(cmd);
      return volume(c.outer, c.size, c.inner) * 2;
    }
    case Opcode.cumsum: {
      const c = changetype<CumsumCommand>(cmd);
      return volume(c.outer, c.size, c.inner) * 4;
    }
    case Opcode.softmax: {
      const c = changetype<SoftmaxCommand>(cmd);
      return volume(c.rows, c.cols, 8);
    }
    case Opcode.softmaxGrad: {
      const c = changetype<SoftmaxGradCommand>(cmd);
      return volume(c.rows, c.cols, 4);
    }
    case Opcode.crossEntropy: {
      const c = changetype<CrossEntropyCommand>(cmd);
      return volume(c.rows, c.cols, 4);
    }
    case Opcode.crossEntropyGrad: {
      const c = changetype<CrossEntropyGradCommand>(cmd);
      return volume(c.rows, c.cols, 4);
    }
    case Opcode.gemm: {
      const c = changetype<GemmCommand>(cmd);
      return (volume(c.m, c.n, max(c.k, 1)) * c.batch) >> 2;
    }
    case Opcode.qgemm: {
      const c = changetype<QgemmCommand>(cmd);
      return volume(c.m, c.n, c.k) >> 2;
    }
    case Opcode.takeRows: {
      const c = changetype<TakeRowsCommand>(cmd);
      return volume(c.outer, c.count, c.inner);
    }
    case Opcode.addRows: {
      const c = changetype<AddRowsCommand>(cmd);
      return volume(c.outer, c.count, c.inner);
    }
    case Opcode.gather: {
      const c = changetype<GatherCommand>(cmd);
      return volume(c.outer, c.count, c.inner) * 4;
    }
    case Opcode.scatterAdd: {
      const c = changetype<ScatterAddCommand>(cmd);
      return volume(c.outer, c.count, c.inner) * 4;
    }
    case Opcode.sort: {
      const c = changetype<SortCommand>(cmd);
      return volume(c.rows, c.cols, c.byInsertion ? 16 : 64);
    }
    case Opcode.strip:
      return workOfParts(cmd + offsetof<StripCommand>(), changetype<StripCommand>(cmd).count);
    case Opcode.group:
      return workOfParts(cmd + offsetof<GroupCommand>(), changetype<GroupCommand>(cmd).count);
    case Opcode.sgd:
      return <u64>changetype<SgdCommand>(cmd).n * 2;
    case Opcode.adam:
      return <u64>changetype<AdamCommand>(cmd).n * 4;
    case Opcode.adaptive:
      return <u64>changetype<AdaptiveCommand>(cmd).n * 4;
    case Opcode.random:
      return <u64>changetype<RandomCommand>(cmd).n * 8;
    case Opcode.maxPool: {
      const c = changetype<MaxPoolCommand>(cmd);
      return volume(c.planes, c.height, c.width) * (c.indices ? 4 : 2);
    }
    case Opcode.maxPoolGrad: {
      const c = changetype<MaxPoolGradCommand>(cmd);
      return volume(c.planes, c.inSize, 1) + volume(c.planes, c.outSize, 8);
    }
    case Opcode.avgPool: {
      const c = changetype<AvgPoolCommand>(cmd);
      return volume(c.planes, c.height, c.width) * 2;
    }
    case Opcode.avgPoolGrad: {
      const c = changetype<AvgPoolGradCommand>(cmd);
      return volume(c.planes, c.height, c.width) * 8;
    }
    case Opcode.moments: {
      const c = changetype<MomentsCommand>(cmd);
      return volume(c.outer, c.groups, c.size) * 3;
    }
    case Opcode.normalize: {
      const c = changetype<NormalizeCommand>(cmd);
      return volume(c.outer, c.channels, c.spatial);
    }
    case Opcode.normSums: {
      const c = changetype<NormSumsCommand>(cmd);
      return volume(c.outer, c.channels, c.spatial) * 2;
    }
    case Opcode.normGrad: {
      const c = changetype<NormGradCommand>(cmd);
      return volume(c.outer, c.channels, c.spatial) * 2;
    }
    case Opcode.resize: {
      const c = changetype<ResizeCommand>(cmd);
      return volume(c.planes, c.outHeight, c.outWidth) * 8;
    }
    case Opcode.resizeGrad: {
      const c = changetype<ResizeGradCommand>(cmd);
      return volume(c.planes, c.outHeight, c.outWidth) * 16;
    }
    case Opcode.conv:
    case Opcode.convInputGrad:
    case Opcode.convWeightGrad: {
      const c = changetype<ConvCommand>(cmd);
      const taps = volume(c.inChannels / c.groups, c.kernelHeight, c.kernelWidth);
      return (volume(c.outChannels, c.outHeight, c.outWidth) * taps * c.batch) >> 2;
    }
    case Opcode.im2col: {
      const c = changetype<ConvCommand>(cmd);
      return volume(c.inChannels, c.kernelHeight, c.kernelWidth) * volume(c.batch, c.outHeight, c.outWidth);
    }
    case Opcode.winogradWeights: {
      const c = changetype<WinogradWeightsCommand>(cmd);
      return volume(c.outChannels, c.inChannels, 64);
    }
    case Opcode.winogradWeightGrad: {
      const c = changetype<WinogradWeightGradCommand>(cmd);
      return volume(c.outChannels, c.inChannels, 64);
    }
    case Opcode.winogradConv:
    case Opcode.winogradGrad: {
      const c = changetype<WinogradConvCommand>(cmd);
      return (volume(c.outHeight * c.outWidth, c.outChannels, c.inChannels) * c.batch) >> 1;
    }
    case Opcode.pack: {
      const c = changetype<PackCommand>(cmd);
      return volume(c.k, c.n, 1);
    }
    case Opcode.recurrent: {
      const c = changetype<RecurrentCommand>(cmd);
      const gates = c.hiddenSize * gatesOf(c.kind);
      return (volume(c.steps, c.batch, gates) * (c.inputSize + c.hiddenSize + 16)) >> 2;
    }
    case Opcode.recurrentGrad: {
      const c = changetype<RecurrentGradCommand>(cmd);
      const gates = c.hiddenSize * gatesOf(c.kind);
      return (volume(c.steps, c.batch, gates) * (c.hiddenSize + 8)) >> 2;
    }
    default:
      return 0;
  }
}

/** Whether a command is divided among threads. */
export function isShared(cmd: usize): bool {
  return workOf(cmd) >= SHARED_WORK;
}

/** The work of a program's commands that are shared. */
export function sharedWork(program: usize, commands: u32): u64 {
  let sum: u64 = 0;
  let cmd = program;
  for (let i: u32 = 0; i < commands; i++) {
    const work = workOf(cmd);
    if (work >= SHARED_WORK) sum += work;
    cmd += (<usize>load<u32>(cmd, 4)) << 2;
  }
  return sum;
}

/** Whether a program has anything for a second thread. */
export function worthSharing(program: usize, commands: u32): bool {
  return sharedWork(program, commands) > 0;
}
