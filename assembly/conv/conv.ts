/**
 * Convolution and its gradient with respect to the input, as products of weights and image positions (blocked.ts), one
 * product a group. Where each group has one input channel (depthwise.ts) or there are few channels (few.ts), by direct loops.
 * The gradient falls into phases, one for each remainder of a position by the stride (phase.ts).
 *
 * Threads share the groups, or the columns or rows of each product.
 */
import { ConvCommand, ConvInputGradCommand, ConvWeightGradCommand } from '../generated/commands';
import { tileRows } from '../generated/tiles';
import { shareStart } from '../gemm/gemm';
import { pays } from '../gemm/plan';
import { packedBAddress } from '../scratch';
import { blockedConv } from './blocked';
import { depthwiseForward, depthwiseInputGrad, depthwiseWeightGrad } from './depthwise';
import { convOfFewChannels, hasFewChannels } from './few';
import { ConvJob, jobIn } from './job';
import { setPhase } from './phase';
import { weightGrad } from './weightGrad';

/** Shares start at multiples of this, in rows and in columns. */
const GRAIN: u32 = 8;

/** Whether there are several groups, each with one input channel. All commands of this family have the same geometry fields. */
// @ts-ignore: decorator
@inline
function isDepthwise(g: ConvCommand): bool {
  return g.groups > 1 && g.groups == g.inChannels;
}

/** One thread's share of a product of m rows. */
function share(job: ConvJob, m: u32, n: u32, thread: u32, threads: u32): void {
  if (m == 0 || n == 0) return;
  if (threads == 1) return blockedConv(job, 0, m, 0, n);
  const byColumns = n >= m;
  const size = byColumns ? n : m;
  const from = shareStart(size, GRAIN, thread, threads);
  const to = shareStart(size, GRAIN, thread + 1, threads);
  if (from == to) return;
  if (byColumns) blockedConv(job, 0, m, from, to);
  else blockedConv(job, from, to, 0, n);
}

/** Where a thread's groups begin. If there are fewer groups than threads, every thread has all of them. */
// @ts-ignore: decorator
@inline
function groupStart(groups: u32, thread: u32, threads: u32): u32 {
  return groups < threads ? 0 : shareStart(groups, 1, thread, threads);
}

// @ts-ignore: decorator
@inline
function groupEnd(groups: u32, thread: u32, threads: u32): u32 {
  return groups < threads ? groups : shareStart(groups, 1, thread + 1, threads);
}

export function convKernel(cmd: usize, thread: u32, threads: u32): void {
  const g = changetype<ConvCommand>(cmd);
  if (isDepthwise(g)) return depthwiseForward(g, thread, threads);
  const job = jobIn(packedBAddress(g.scratch, thread));
  const channels = g.inChannels / g.groups;
  const m = g.outChannels / g.groups;
  const plane: usize = <usize>(g.outHeight * g.outWidth) << 2;
  job.tapRows = g.kernelHeight;
  job.tapCols = g.kernelWidth;
  job.k = channels * g.kernelHeight * g.kernelWidth;
  job.aRow = <usize>job.k << 2;
  job.aPacked = 0;
  job.channelStride = <usize>(g.height * g.width) << 2;
  job.imageStride = job.channelStride * g.inChannels;
  job.low = <usize>g.x << 2;
  job.high = job.low + job.imageStride * g.batch;
  job.height = g.height;
  job.width = g.width;
  job.gridHeight = g.outHeight;
  job.gridWidth = g.outWidth;
  job.mulRow = g.strideHeight;
  job.mulCol = g.strideWidth;
  job.baseRow = -(<i32>g.padTop);
  job.baseCol = -(<i32>g.padLeft);
  job.stepRow = g.dilationHeight;
  job.stepCol = g.dilationWidth;
  job.inPlace = u32(
    g.kernelHeight * g.kernelWidth * g.strideHeight * g.strideWidth == 1 &&
      (g.padTop | g.padLeft) == 0 &&
      g.outHeight == g.height &&
      g.outWidth == g.width &&
      !pays(g.height * g.width, m),
  );
  job.cRow = plane;
  job.cImage = plane * g.outChannels;
  job.cGridRow = <usize>g.outWidth << 2;
  job.cGridCol = 4;
  job.cDense = 1;
  job.activation = g.activation;
  job.mr = tileRows(g.tile);
  if (hasFewChannels(g, job)) {
    job.a = <usize>g.w << 2;
    job.c = <usize>g.y << 2;
    job.bias = <usize>g.bias << 2;
    return convOfFewChannels(g, job, thread, threads);
  }
  const each = g.groups < threads ? thread : 0;
  const among = g.groups < threads ? threads : 1;
  const end = groupEnd(g.groups, thread, threads);
  for (let group = groupStart(g.groups, thread, threads); group < end; group++) {
    job.a = (<usize>g.w << 2) + <usize>(group * m) * job.aRow;
    job.image = job.low + <usize>(group * channels) * job.channelStride;
    job.c = (<usize>g.y << 2) + <usize>(group * m) * plane;
    job.bias = g.bias == 0 ? 0 : <usize>(g.bias + group * m) << 2;
    share(job, m, g.batch * g.outHeight * g.outWidth, each, among);
  }
}

/** The product of the phase whose first position is (row, col), for all groups of the thread. */
function inputGradPhase(g: ConvInputGradCommand, job: ConvJob, row: u32, col: u32, thread: u32, threads: u32): void {
  const firstTap = setPhase(g, job, row, col);
  const channels = g.outChannels / g.groups;
  const m = g.inChannels / g.groups;
  job.k = channels * job.tapRows * job.tapCols;
  job.inPlace = u32(
    g.kernelHeight * g.kernelWidth * g.strideHeight * g.strideWidth == 1 &&
      (g.padTop | g.padLeft) == 0 &&
      g.outHeight == g.height &&
      g.outWidth == g.width &&
      !pays(g.height * g.width, m),
  );
  const plane: usize = <usize>(g.height * g.width) << 2;
  const each = g.groups < threads ? thread : 0;
  const among = g.groups < threads ? threads : 1;
  const end = groupEnd(g.groups, thread, threads);
  for (let group = groupStart(g.groups, thread, threads); group < end; group++) {
    job.a = (<usize>(g.w + firstTap) << 2) + <usize>(group * channels) * job.aChannel;
    job.image = job.low + <usize>(group * channels) * job.channelStride;
    job.c = (<usize>(g.gx + row * g.width + col) << 2) + <usize>(group * m) * plane;
    job.bias = g.bias == 0 ? 0 : <usize>(g.bias + group * m) << 2;
    share(job, m, g.batch * job.gridHeight * job.gridWidth, each, among);
  }
}

export function convInputGradKernel(cmd: usize, thread: u32, threads: u32): void {
  const g = changetype<ConvInputGradCommand>(cmd);
  if (isDepthwise(changetype<ConvCommand>(cmd))) return depthwiseInputGrad(g, thread, threads);
  const job = jobIn(packedBAddress(g.scratch, thread));
  const taps = g.kernelHeight * g.kernelWidth;
  const plane: usize = <usize>(g.height * g.width) << 2;
  job.aRow = <usize>taps << 2;
  job.aChannel = job.aRow * (g.inChannels / g.groups);
  job.aPacked = 1;
  job.channelStride = <usize>(g.outHeight * g.outWidth) << 2;
  job.imageStride = job.channelStride * g.outChannels;
  job.low = <usize>g.g << 2;
  job.high = job.low + job.imageStride * g.batch;
  job.height = g.outHeight;
  job.width = g.outWidth;
  job.cRow = plane;
  job.cImage = plane * g.inChannels;
  job.cDense = u32(g.strideHeight * g.strideWidth == 1);
  job.activation = g.activation;
  job.mr = tileRows(g.tile);
  const rows = min(g.strideHeight, g.height);
  const cols = min(g.strideWidth, g.width);
  for (let row: u32 = 0; row < rows; row++) {
    for (let col: u32 = 0; col < cols; col++) inputGradPhase(g, job, row, col, thread, threads);
  }
}

export function convWeightGradKernel(cmd: usize, thread: u32, threads: u32): void {
  const g = changetype<ConvWeightGradCommand>(cmd);
  if (isDepthwise(changetype<ConvCommand>(cmd))) return depthwiseWeightGrad(g, thread, threads);
  const rows = (g.inChannels / g.groups) * g.kernelHeight * g.kernelWidth;
  const columns = g.outChannels / g.groups;
  const room = packedBAddress(g.scratch, thread);
  const shared = g.groups < threads;
  const byRows = rows >= columns;
  const i0 = shared && byRows ? shareStart(rows, GRAIN, thread, threads) : 0;
  const i1 = shared && byRows ? shareStart(rows, GRAIN, thread + 1, threads) : rows;
  const j0 = shared && !byRows ? shareStart(columns, GRAIN, thread, threads) : 0;
  const j1 = shared && !byRows ? shareStart(columns, GRAIN, thread + 1, threads) : columns;
  const end = groupEnd(g.groups, thread, threads);
  for (let group = groupStart(g.groups, thread, threads); group < end; group++) {
    weightGrad(g, group, i0, i1, j0, j1, room);
  }
}
